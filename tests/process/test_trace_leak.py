"""trace_leak in real services, and `leaklab logs` on what they logged."""

import shutil
import signal
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import pytest

from interpreters import INTERPRETERS
from leaklab import tracing
from leaklab.tracing.records import record_text
from process.conftest import Leaklab, one_line, unwrapped, wait_until

pytestmark = pytest.mark.process

# What is kept follows the time, so that the growth is the same on a busy machine.
KEPT = """
import json, time
TABLE = {}
KEPT = []
BEGAN = time.monotonic()

def keep():
    while len(KEPT) < 2000 * (time.monotonic() - BEGAN):
        KEPT.append("order %d" % len(KEPT))

def fill():
    TABLE.update((number, "customer %d" % number) for number in range(5_000))
"""

TORNADO = """
import asyncio, logging, sys
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler
import tables, orders
from leaklab import trace_leak

class Counter(logging.Filter):
    snapshots = 0

    def filter(self, record):
        self.snapshots += record.event == "trace_cost"
        return True

class Order(RequestHandler):
    def get(self):
        orders.keep()
        self.write({"orders": len(orders.KEPT)})

async def main():
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format=form)
    socket, port = bind_unused_port()
    HTTPServer(Application([("/", Order)])).add_socket(socket)
    stop = asyncio.Event()
    counter = Counter()
    logging.getLogger("leaklab.trace_leak").addFilter(counter)
    IOLoop.current().spawn_callback(trace_leak, delay=0.03, top=5, trace=3, stop=stop)
    await asyncio.sleep(0.1)
    tables.fill()
    while counter.snapshots < 64:
        await asyncio.sleep(0.005)
        await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/")
    stop.set()
    await asyncio.sleep(0.3)

asyncio.run(main())
"""

ASYNCIO = """
import asyncio, json, sys, tracemalloc
from {package} import trace_leak

class Logger:
    def info(self, event, **fields):
        print(json.dumps(dict(fields, event=event)))

async def main():
    task = asyncio.get_running_loop().create_task(trace_leak(0.01, logger=Logger()))
    kept = []
    for number in range(50):
        await asyncio.sleep(0.01)
        kept.append("%1000d" % number)

asyncio.run(main())
print("still tracing:", tracemalloc.is_tracing(), file=sys.stderr)
"""

THREAD = """
import logging, sys, time, tracemalloc
from leaklab import TracingThread

logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
thread = TracingThread(0.01, frames=10)
thread.start()
time.sleep(0.5)
thread.stop()
assert not tracemalloc.is_tracing()
second = TracingThread(0.01)
second.start()  # a program may end without stopping it
time.sleep(0.1)
"""


def printed(program: str, place: Path, *arguments: str) -> str:
    command = [*(arguments or [sys.executable]), "-c", program]
    result = subprocess.run(
        command, cwd=place, capture_output=True, text=True, check=False, timeout=120
    )
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


def test_a_tornado_service_shows_what_grows_and_what_is_big(place: Path, leaklab: Leaklab) -> None:
    (place / "orders.py").write_text(KEPT)
    (place / "tables.py").write_text(KEPT)
    (place / "service.log").write_text(printed(TORNADO, place))
    result = leaklab("logs", "service.log", "--plot", "chart.svg")
    text = unwrapped(result.stdout)
    assert 1 == result.returncode, result.stdout + result.stderr
    assert f"{place.name}/orders.py: grows steadily" in text
    assert f"big but constant: {place.name}/tables.py" in text
    assert f"more at {place.name}/orders.py:9" in text
    assert (place / "chart.svg").is_file()


@pytest.mark.parametrize("python", INTERPRETERS[:1], ids=lambda p: p.name)
def test_an_asyncio_program_may_have_a_copy_of_it(
    python: Path, place: Path, leaklab: Leaklab
) -> None:
    shutil.copytree(Path(tracing.__file__).parent, place / "copied")
    output = printed(ASYNCIO.format(package="copied"), place, str(python))
    assert "still tracing: False" in output
    assert '"reason": "cancelled"' in output
    (place / "service.log").write_text(output)
    assert leaklab("logs", "service.log").returncode in (1, 3)


def test_a_thread_traces_a_program_without_an_event_loop(place: Path, leaklab: Leaklab) -> None:
    output = printed(THREAD, place)
    assert "trace_end" in output
    assert str(Path(tracing.__file__).parent) not in output
    (place / "service.log").write_text(output)
    assert "the longest of 2 traces" in unwrapped(leaklab("logs", "service.log").stdout)
    assert not tracemalloc.is_tracing()


def snapshot_lines(number: int) -> bytes:
    moment = {"pid": 1, "started": 1.5, "snapshot": number, "seconds": 60.0 * number}
    cost = {"traced_bytes": 9000, "tracemalloc_bytes": 9, "frames": 1}
    seconds = {"snapshot_seconds": 0.25, "cpu_seconds": 0.125}
    file = {"file": "/srv/app.py", "size": 9000 + number, "count": 2, "difference": 0}
    records = [
        {"event": "trace_cost", **moment, **cost, **seconds},
        {"event": "top_current", **moment, **file},
    ]
    return "".join(f"{record_text(record)}\n" for record in records).encode()


def test_a_log_is_followed_until_ctrl_c(place: Path, environment: dict[str, str]) -> None:
    log = place / "service.log"
    log.write_bytes(b"".join(map(snapshot_lines, range(20))))
    command = [sys.executable, "-m", "leaklab", "logs", "--follow", "service.log"]
    with subprocess.Popen(
        command, cwd=place, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        descriptors = Path(f"/proc/{process.pid}/fd")
        wait_until(lambda: any(Path(p).resolve() == log for p in descriptors.glob("*")))
        with log.open("ab") as file:
            file.write(b"".join(map(snapshot_lines, range(20, 40))))
        position = next(d.name for d in descriptors.glob("*") if d.resolve() == log)
        info = Path(f"/proc/{process.pid}/fdinfo/{position}")
        wait_until(lambda: f"pos:\t{log.stat().st_size}\n" in info.read_text())
        process.send_signal(signal.SIGINT)
        output = process.communicate(timeout=60)[0]
    assert "40 snapshots" in output
    assert process.returncode in (0, 1, 3)


def test_a_followed_pipe_ends_with_its_writer_and_a_file_in_time(
    place: Path, environment: dict[str, str], leaklab: Leaklab
) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "leaklab", "logs", "--follow"],
        input=b"".join(map(snapshot_lines, range(12))),
        cwd=place,
        env=environment,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert b"12 snapshots" in result.stdout
    (place / "service.log").write_bytes(b"nothing of it\n")
    refused = leaklab("logs", "--follow", "service.log", "--for", "0.5")
    assert 2 == refused.returncode
    assert "service.log has no records of trace_leak in its only line" in one_line(refused)


LOGS_AND_PEAK = """
import re
from pathlib import Path
from leaklab.cli.exit_codes import run_command
from leaklab.cli.main import cli
run_command(cli, ["logs", "-"])
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def test_a_log_of_any_size_takes_little_memory(place: Path, environment: dict[str, str]) -> None:
    # ru_maxrss would not do: a child inherits the high-water mark of this process.
    command = [sys.executable, "-c", LOGS_AND_PEAK]
    with subprocess.Popen(
        command, cwd=place, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        stdin = process.stdin

        def write() -> None:
            for number in range(64):
                stdin.write(b"x" * (1 << 20) + b"\n" * (number % 2))
                stdin.write(b"\n" + snapshot_lines(number) + b"GET /order/17 200\n" * 1000)
            stdin.close()

        writer = threading.Thread(target=write)
        writer.start()
        output = process.stdout.read().decode()
        writer.join()
    *report, peak_kib = output.splitlines()
    assert "64 snapshots" in "\n".join(report)
    assert int(peak_kib) < 200 * 1024  # of which numpy and scipy take 100 MiB


def test_the_cost_of_a_trace_is_measured_on_a_real_service(leaklab: Leaklab) -> None:
    result = leaklab("selftest", "trace-leak", "--quick", "--for", "0.6", "--write", "cost.md")
    assert 0 == result.returncode, result.stderr
    rows = [line.split()[0] for line in result.stdout.splitlines()[1:4]]
    assert ["none", "1", "25"] == rows
