"""The watch loop with a simulated clock, and toy processes that follow a law."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from leaklab.cli import exit_codes
from leaklab.cli.main import cli
from leaklab.features.watch.container import ContainerReading
from leaklab.features.watch.forecast import Forecast, MemoryLimit, Span
from leaklab.features.watch.loop import Watch, WatchEnd, WatchSettings, follow
from leaklab.features.watch.report import WatchQuestion, WatchReport, watch_report
from leaklab.model.scenario import Resource
from leaklab.model.signals import Reading, Signal
from leaklab.model.verdicts import Conclusion
from leaklab.observer.cpu_budget import CpuBudget
from leaklab.observer.probes.protocol import Descent
from leaklab.observer.series import TreeSeries
from leaklab.reports import plain, watch
from toys import ToyProbes

MIB = 1 << 20
PID = 7
LIMIT = MemoryLimit(memory_bytes=1 << 30, source="a test's")
Law = Callable[[float], Reading | None]


class Toys(ToyProbes):
    """Processes with readings that are a function of time; the clock moves only by waiting."""

    status: int | None = 0
    descriptor = -1
    name = "toys"
    pid = PID

    def __init__(self, laws: dict[int, Law], interval_seconds: float = 1.0) -> None:
        self.laws = laws
        self.now = 0.0
        self.segments: Callable[[float], frozenset[str]] = lambda _: frozenset()
        self.tmpfs_bytes_a_second: int | None = None
        self.images: dict[int, int] = {}
        means = WatchSettings(self.pids, self, lambda: self.now, interval_seconds)
        self.watch = Watch(means, CpuBudget(math.inf), CpuBudget(math.inf))

    def pids(self) -> list[int]:
        return [pid for pid, law in self.laws.items() if law(self.now)]

    def reading(self, pid: int) -> Reading | None:
        return self.laws[pid](self.now)

    def cheap_reading(self, pid: int) -> Reading | None:
        if (whole := self.reading(pid)) is None:
            return None
        kept = {name: getattr(whole, name) for name in ("rss_bytes", "vms_bytes", "shared_bytes")}
        return Reading(processes=1, **kept)

    def segment_names(self, pid: int) -> frozenset[str]:
        return self.segments(self.now) if pid else frozenset()

    def shared_memory_bytes(self, pid: int) -> int | None:
        rate = self.tmpfs_bytes_a_second
        return None if rate is None else int(rate * self.now)

    def descent(self, pid: int) -> Descent | None:
        return Descent(PID, self.images.get(pid, 1))

    def command_line(self, pid: int) -> str:
        return "/usr/bin/server" if self.images else super().command_line(pid)

    def has_ended(self) -> bool:
        return True

    def describe_end(self) -> str:
        return "exited with status 0"

    def finish(self, interrupt_fd: int) -> None:
        raise AssertionError("a watch leaves the end of its target to the command")

    def run(self, seconds: float) -> Watch:
        """Return the watch after that many seconds."""

        def wait(pause: float) -> WatchEnd | None:
            self.now += pause
            return WatchEnd.TIME if self.now >= seconds else None

        assert WatchEnd.TIME is follow(self.watch, wait, lambda _: None)
        return self.watch

    def report(self, seconds: float, resource: Resource = Resource.MEMORY) -> WatchReport:
        question = WatchQuestion(resource, 100 * MIB, LIMIT)
        return watch_report(self.run(seconds), self, question, WatchEnd.TIME)


def holding(amount: float, **others: int) -> Reading:
    """Return a process with this number of bytes, half of them unshared."""
    held = int(amount)
    facts = {"descriptors": 3, "sockets": 0, "threads": 1, "processes": 1, "zombies": 0, **others}
    return Reading(
        rss_bytes=held, pss_bytes=held, vms_bytes=2 * held, shared_bytes=held // 2, **facts
    )


def growing(bytes_a_second: float) -> Law:
    return lambda t: holding(10 * MIB + bytes_a_second * t)


def test_growth_with_time_is_a_leak_with_a_speed_per_second() -> None:
    verdict = Toys({PID: growing(MIB)}).run(100).verdict(Resource.MEMORY)
    assert verdict.is_leak
    assert pytest.approx(MIB) == verdict.per_unit


def test_a_level_series_is_clean_and_never_reaches_its_limit() -> None:
    report = Toys({PID: growing(0)}).report(100)
    assert report.forecast
    assert (Conclusion.CLEAN, None) == (report.verdict.conclusion, report.forecast.seconds_to_limit)


def test_a_report_has_the_series_of_each_process_by_the_signal_of_the_verdict() -> None:
    report = Toys({PID: growing(MIB), PID + 1: growing(0)}).report(100)
    assert Signal.PSS is report.verdict.signal
    level, leaking = sorted(report.processes, key=lambda process: -process.pid)
    assert {10.0 * MIB} == set(level.samples["pss_bytes"])
    seconds, values = leaking.samples["seconds"], leaking.samples["pss_bytes"]
    assert values == pytest.approx([10 * MIB + MIB * second for second in seconds])


@pytest.mark.parametrize("bytes_a_second", [300, 2_000, 20_000])
@pytest.mark.parametrize("amplitude", [0, 64 << 10])
def test_slow_growth_is_undecided_and_the_named_time_decides(
    bytes_a_second: float, amplitude: int
) -> None:
    def sawing(t: float) -> Reading:
        return holding(10 * MIB + bytes_a_second * t + amplitude * (t * 0.618 % 1))

    report = Toys({PID: sawing}).report(60)
    reason = report.verdict.reasons[0]
    if report.verdict.low is not None and report.verdict.low > 0:
        assert Conclusion.UNDECIDED is report.verdict.conclusion
        assert reason.text.startswith("PSS: it grows too slowly")
        assert report.forecast
        assert report.forecast.seconds_to_limit
        assert reason.seconds is not None
        assert Toys({PID: sawing}).report(1.2 * reason.seconds).verdict.is_leak
    else:
        assert amplitude


def test_possible_growth_reaches_the_limit_no_sooner_than_reported() -> None:
    noise = [0, 5, 2, 7, 1, 6, 3, 4]
    report = Toys({PID: lambda t: holding(10 * MIB + 4096 * noise[int(t * 7) % 8])}).report(300)
    assert Conclusion.CLEAN is report.verdict.conclusion
    (output,) = [line for line in watch.notes(report) if "the limit of" in line]
    assert "memory does not reach the limit of 1 GiB (a test's) within" in output


def test_a_leak_of_any_resource_is_a_leak_of_the_watch() -> None:
    report = Toys({PID: lambda t: holding(10 * MIB, descriptors=3 + int(t))}).report(200)
    assert (Conclusion.CLEAN, Conclusion.LEAK) == (report.verdict.conclusion, report.conclusion)
    assert "also leaking: descriptors" in watch.notes(report)


def test_growth_of_many_short_lived_processes_belongs_to_the_tree() -> None:
    def short_lived(number: int) -> Law:
        return lambda t: holding(MIB) if number <= t < number + 5 else None

    toys = {PID: growing(0), **{100 + n: short_lived(n) for n in range(200)}}
    report = Toys(toys).report(150)
    assert (Conclusion.CLEAN, PID) == (report.verdict.conclusion, report.processes[0].pid)
    assert 7 > len(report.processes)


def test_no_reason_of_a_watch_mentions_units() -> None:
    report = Toys({PID: lambda t: holding(10 * MIB * (1 + t**0.5))}).report(100)
    assert "watch longer" in report.verdict.reasons[0].text
    reasons = [*report.verdict.reasons, *(e.reason for e in report.verdict.estimates)]
    assert [] == [reason for reason in reasons if "unit" in reason.text]


def test_the_reasons_mention_the_length_of_the_watch() -> None:
    reasons = Toys({PID: growing(MIB)}).run(7300).verdict(Resource.MEMORY).reasons
    assert reasons[-1].text.startswith("watched for 2 h 1 min; a longer watch may")


def test_another_resource_gets_its_own_verdict_beside_memory() -> None:
    toys = Toys({PID: lambda t: holding(MIB, descriptors=3 + int(t))})
    assert Conclusion.LEAK is toys.report(200).verdict.others[Resource.DESCRIPTORS]
    by_itself = toys.watch.verdict(Resource.DESCRIPTORS)
    assert by_itself.is_leak
    assert pytest.approx(1, abs=0.05) == by_itself.per_unit


def test_only_segments_created_during_the_watch_count() -> None:
    toys = Toys({PID: growing(0)})
    toys.segments = lambda t: frozenset({"old"} | {f"new{n}" for n in range(int(t))})
    report = toys.report(200)
    assert 0 == report.samples["segments"][0]
    assert "the shared memory may include segments of other programs in /dev/shm" in watch.notes(
        report
    )
    assert Conclusion.LEAK is report.verdict.others[Resource.SHARED_MEMORY]


def test_a_watch_of_a_week_keeps_a_limited_number_of_rows_and_goes_on() -> None:
    toys = Toys({PID: growing(MIB / 3600)}, interval_seconds=60)
    watch = toys.run(7 * 86_400)
    gaps = [b - a for (a, _), (b, _) in pairwise(watch.samples)]
    assert 1000 <= len(watch.samples) <= 2000
    assert max(gaps) < 20 * min(gaps)
    assert watch.wait_seconds < 100


def test_a_full_series_loses_every_second_row_and_keeps_its_ends() -> None:
    series = TreeSeries(8)
    for second in range(100):
        series.add(second, holding(second))
    seconds, values = series.of(Signal.PSS)
    assert seconds == values
    assert (0, True, True) == (seconds[0], seconds[-1] > 80, 4 <= len(seconds) <= 8)


def test_samples_are_spaced_unevenly_with_the_interval_as_their_mean() -> None:
    watch = Toys({PID: growing(0)}).run(1000)
    seconds = [t for t, _ in watch.samples]
    gaps = {round(b - a, 6) for a, b in pairwise(seconds)}
    assert {0.618034, 1.618034} == gaps
    assert pytest.approx(1, rel=0.01) == seconds[-1] / (len(seconds) - 1)


def test_samples_are_never_so_close_that_the_loop_spins() -> None:
    assert Toys({PID: growing(0)}, interval_seconds=1e-9).watch.wait_seconds > 0.005


def seldom_whole(law: Law, **means: Any) -> Toys:
    """A process so large that its PSS is read only once."""
    toys = Toys({PID: law})
    made = WatchSettings(toys.pids, toys, lambda: toys.now, 1.0, **means)
    toys.watch = Watch(made, CpuBudget(1e-9), CpuBudget(math.inf))
    return toys


def test_only_resident_memory_is_read_between_expensive_readings() -> None:
    toys = seldom_whole(lambda t: holding(10 * MIB + MIB * t))
    watch = toys.run(100)
    assert (1, True) == (len(watch.samples), len(watch.resident_samples) > 90)
    assert (10 * MIB, True) == (watch.now.pss_bytes, (watch.now.rss_bytes or 0) > 100 * MIB)


def test_resident_memory_decides_if_pss_was_read_too_rarely() -> None:
    report = seldom_whole(lambda t: holding(10 * MIB + MIB * t)).report(100)
    assert (Conclusion.LEAK, Signal.ANON) == (report.verdict.conclusion, report.verdict.signal)
    assert report.forecast
    assert Span.HOUR is report.forecast.span
    assert pytest.approx(1800 * MIB) == report.forecast.growth_bytes
    assert pytest.approx(MIB / 2) == report.processes[0].growth_per_second
    columns = report.resident_samples
    assert {"seconds", "rss_bytes", "vms_bytes", "shared_bytes", "anon_bytes"} == set(columns)
    assert columns["anon_bytes"][0] == 5 * MIB


def test_growth_past_half_of_the_limit_is_a_leak_at_once() -> None:
    def slowing(t: float) -> Reading:
        return holding(100 * MIB * (t if t < 12 else 12 + 0.6 * (t - 12)))

    report = seldom_whole(slowing, memory_bytes=1500 * MIB).report(25)
    assert Conclusion.LEAK is report.conclusion
    assert "more than half of the memory available" in report.verdict.reasons[0].text


def workers(law: Law, lifetime: float = 20.0, image: int = 1) -> Toys:
    """A master and its worker, which is replaced repeatedly; a fork has its master's image."""

    def worker(number: int) -> Law:
        begin = number * lifetime
        return lambda t: law(t - begin) if begin < t < begin + lifetime else None

    toys = Toys({PID: growing(0), **{100 + n: worker(n) for n in range(40)}})
    toys.images = {pid: image for pid in toys.laws if pid != PID}
    return toys


def test_a_leak_in_replaced_workers_is_a_leak() -> None:
    report = workers(growing(MIB)).report(400)
    assert Conclusion.LEAK is report.conclusion
    output = " ".join(watch.notes(report)[0].split())
    assert output.startswith("leak: each new process of server starts at 5.")
    assert "grows 512 KiB a second until it is replaced" in output
    assert (20, True) == (report.generations[0].count, report.generations[0].forked)
    assert "looks the same as a leaking worker" in "".join(watch.notes(report))


def test_a_program_executed_repeatedly_is_reported_and_not_a_leak() -> None:
    report = workers(growing(MIB), image=2).report(400)
    assert report.conclusion is not Conclusion.LEAK
    assert any("like a job that allocates what it needs" in note for note in watch.notes(report))


def test_workers_that_do_not_grow_are_not_a_leak() -> None:
    report = workers(growing(0)).report(400)
    assert (Conclusion.CLEAN, 20) == (report.conclusion, report.generations[0].count)


def test_short_lived_workers_are_sampled_more_often() -> None:
    watch = workers(growing(MIB), lifetime=4.0).run(100)
    assert watch.wait_seconds < 0.5
    assert Conclusion.LEAK is watch.verdict(Resource.MEMORY).conclusion


def short_lived_workers(private_bytes: int) -> WatchReport:
    """Watch workers with this much private memory, each for too short a time to be judged."""
    reading = msgspec.structs.replace(holding(8 * MIB), uss_bytes=private_bytes)
    return workers(lambda _: reading, lifetime=0.2).report(8)


def test_much_memory_in_workers_that_ended_too_soon_to_be_judged_is_not_acquitted() -> None:
    report = short_lived_workers(6 * MIB)
    assert (Conclusion.UNDECIDED, None) == (report.conclusion, report.generations[0].per_second)
    assert report.generations[0].unjudged_share > 0.1
    notes = " ".join("".join(watch.notes(report)).split())
    assert 1 == notes.count("processes of server ended too soon to be judged, and had")
    assert "if it is a leak" not in notes


def test_little_memory_in_workers_that_ended_too_soon_is_a_note_beside_the_verdict() -> None:
    report = short_lived_workers(MIB // 2)
    assert Conclusion.CLEAN is report.conclusion
    assert "processes of server ended too soon to be judged; lower --interval" in watch.notes(
        report
    )


def test_workers_that_grew_are_not_acquitted_while_too_few_of_them_were_replaced() -> None:
    report = workers(growing(MIB), lifetime=30).report(125)
    assert (Conclusion.UNDECIDED, 4) == (report.conclusion, report.generations[0].count)
    assert "grew until it was replaced (4 seen)" in " ".join(watch.notes(report)[0].split())


def test_the_memory_of_the_container_is_reported_with_its_growth() -> None:
    readings = [ContainerReading(anon_bytes=MIB * n, file_bytes=0, shmem_bytes=0) for n in (3, 5)]
    toys = Toys({PID: growing(0)})
    toys.tmpfs_bytes_a_second = MIB
    listing = iter([readings[0], *[readings[1]] * 200])
    means = WatchSettings(toys.pids, toys, lambda: toys.now, 1.0, container=lambda _: next(listing))
    toys.watch = Watch(means, CpuBudget(math.inf), CpuBudget(math.inf))
    report = toys.report(100)
    assert report.container
    assert (5 * MIB, 2 * MIB) == (report.container.now.anon_bytes, report.container.grew.anon_bytes)
    assert "all processes in the container (its cgroup)" in "".join(watch.notes(report))
    assert Conclusion.LEAK is report.verdict.others[Resource.SHARED_MEMORY]


def test_a_tree_with_only_a_zombie_left_has_no_reading() -> None:
    watch = Toys({PID: lambda _: Reading(processes=1, zombies=1)}).run(10)
    assert [] == list(watch.samples)


def test_the_largest_processes_come_first_and_the_rest_is_counted() -> None:
    toys = Toys({n: growing(n * 1000) for n in range(1, 31)})
    report = toys.report(100)
    assert (list(range(30, 10, -1)), 10) == (
        [p.pid for p in report.processes],
        report.processes_left_out,
    )


def test_processes_of_other_users_in_the_tree_are_counted() -> None:
    hidden = Reading(rss_bytes=MIB, vms_bytes=MIB, processes=1, zombies=0)
    assert 1 == Toys({PID: growing(0), 8: lambda _: hidden}).report(20).processes_unreadable


def test_the_report_fits_80_columns() -> None:
    toys = Toys({PID: growing(MIB / 8), 4_000_000: growing(MIB)})
    text = plain(watch.table(toys.report(100)))
    assert max(map(len, text.splitlines())) <= 80
    assert [line.split(":")[0] for line in text.splitlines()[4:]] == [
        "leak",
        "  PSS",
        "  watched for 1 min 40 s; a longer watch may change the verdict",
        "growth",
        "memory reaches the limit of 1 GiB (a test's) in 13 min 12 s at this rate (95 %",
        "  interval",
        "from outside, a cache that is still filling and an allocator that returns no",
        "  memory look the same as a leak",
        "toys",
    ]


def test_the_report_of_a_slow_leak_uses_a_suitable_unit_of_time() -> None:
    notes = watch.notes(Toys({PID: growing(MIB / 1800)}, 60).report(86_400))
    rate = "+2.0 MiB an hour (95 % interval: +2.0 MiB to +2.0 MiB), which is +583 B a second"
    assert f"growth: {rate}" in notes
    assert "in 20 d 2 h at this rate" in notes[2]


def test_the_growth_of_a_process_is_of_the_signal_that_decides_its_verdict() -> None:
    def mapping_files(t: float) -> Reading:
        held = 10 * MIB + int(MIB * t)
        return msgspec.structs.replace(holding(held), pss_anon_bytes=10 * MIB)

    report = Toys({PID: mapping_files}).report(100)
    assert (Conclusion.CLEAN, 0.0) == (
        report.verdict.conclusion,
        report.processes[0].growth_per_second,
    )
    process, tree, *notes = plain(watch.table(report)).splitlines()[1:]
    assert ["0", "0"] == [process.split()[-3], tree.split()[-3]]
    assert "growth: none" in notes


def test_too_few_readings_have_no_growth() -> None:
    report = Toys({PID: growing(MIB)}).report(5)
    assert (None, None, None) == (
        report.verdict.per_unit,
        report.forecast,
        report.processes[0].growth_per_second,
    )
    assert watch.notes(report)[-2:] == [
        "growth: not known yet",
        "toys: exited with status 0",
    ]


def test_a_watch_takes_a_last_sample_when_its_time_is_up() -> None:
    toys = Toys({PID: growing(0)}, interval_seconds=10)
    watch = toys.run(12)
    assert toys.now == watch.seconds


def test_a_narrow_terminal_drops_columns_one_by_one() -> None:
    columns, rows = ("PID", "VIRT", "RES", "COMMAND"), [("17", "12 MiB", "4 MiB", "python leak.py")]

    def at(width: int) -> list[str]:
        kept, (row,) = watch.narrowed(columns, rows, ("VIRT", "RES"), width)
        return [*kept, row[-1]]

    assert [*columns, "python leak.py"] == at(34)
    assert [*columns, "python …"] == at(28)
    assert ["PID", "RES", "COMMAND", "python l…"] == at(21)
    assert ["PID", "COMMAND", "python …"] == at(1)


def test_a_narrow_report_keeps_the_command_and_leaves_out_numbers() -> None:
    report = Toys({PID: growing(MIB)}).report(100)
    lines = plain(watch.table(report, 45)).splitlines()
    assert ["PID", "RES", "PSS", "growth/s", "COMMAND"] == lines[0].split()
    assert max(map(len, lines[:3])) <= 45


def test_a_watch_of_a_program_that_ended_does_not_advise_a_longer_watch() -> None:
    toys = Toys({PID: growing(0)})
    question = WatchQuestion(Resource.MEMORY, 100 * MIB, LIMIT)
    undecided = watch.notes(watch_report(toys.run(3), toys, question, WatchEnd.ENDED))[0]
    assert "the program ended; give it more work, or lower --interval" in undecided
    assert "watch longer" not in undecided


def test_the_forecast_of_an_undecided_watch_is_conditional() -> None:
    outlook = Forecast(
        limit_bytes=4 * MIB,
        limit_of="a limit",
        held_bytes=MIB,
        span=Span.SECOND,
        growth_bytes=MIB,
        seconds_to_limit=3.0,
    )
    text = "memory reaches the limit of 4 MiB (a limit) in 3.0 s at this rate"
    assert text == watch.forecast_text(outlook, Conclusion.LEAK)
    assert f"if it is a leak, {text}" == watch.forecast_text(outlook, Conclusion.UNDECIDED)


def test_growth_of_pieces_is_shown_in_their_own_unit() -> None:
    toys = Toys({PID: lambda t: holding(MIB, threads=1 + int(t / 10))})
    notes = watch.notes(toys.report(3600, Resource.THREADS))
    assert notes[1].startswith("growth: +360 threads an hour")


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1, 2, 3], "▁▅█"), ([5, 5], "▁▁"), ([], ""), ([0, 700], "▁█")],
)
def test_a_sparkline_goes_from_the_smallest_to_the_largest(
    values: list[float], expected: str
) -> None:
    assert expected == watch.sparkline(values)


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("--pid 99999999", "there is no process 99999999"),
        ("--pid 99999999999999999999", "there is no process 99999999999999999999"),
        ("--pid 0", "'0' is not a process id; 'ps -e' lists them"),
        ("--pid -1", "'-1' is not a process id; 'ps -e' lists them"),
        ("--pid abc", "'abc' is not a process id; 'ps -e' lists them"),
        ("", "name one thing to watch"),
        ("--pid 1 true", "name one thing to watch"),
        ("--pid 1 --output x", "--output is for what a command prints"),
        ("no-such-program", "'no-such-program' cannot be started: it is not on the PATH"),
        ("./nowhere", "'./nowhere' cannot be started: No such file or directory; name an"),
        ("/", "'/' cannot be started: it is a folder; name a program in it"),
        (
            "/etc/passwd",
            "'/etc/passwd' cannot be started: it is not executable; put its",
        ),
        ("--output /nowhere/x true", "/nowhere/x: No such file or directory; name another"),
        ("--for 0 true", "is not a duration"),
        ("--limit much true", "is no amount of memory"),
    ],
)
def test_an_unwatchable_process_is_reported_in_one_line(
    text: str, output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == exit_codes.run_command(cli, ["watch", *text.split()])
    (line,) = capsys.readouterr().err.splitlines()
    assert output in line
