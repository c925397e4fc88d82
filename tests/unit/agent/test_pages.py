import subprocess
import sys
from pathlib import Path

import pytest

from leaklab import agent

CODE = """
import sys
sys.path.insert(0, sys.argv[1])
from leaklab_agent import pages
if sys.argv[2] == "an older kernel":
    pages.MADV_POPULATE_READ = 1 << 20
pages.populate_files()
mapping = None
for line in open("/proc/self/smaps"):
    name, *rest = line.split()
    if "-" in name:
        mapping = rest[-1] if rest[-1].startswith("/") and rest[0].startswith("r") else None
    elif mapping and name in ("Size:", "Rss:"):
        print(name, rest[0], mapping)
"""


@pytest.mark.parametrize("kernel", ["this kernel", "an older kernel"])
def test_all_pages_of_mapped_files_become_resident(kernel: str) -> None:
    command = [sys.executable, "-c", CODE, str(Path(agent.__file__).parent), kernel]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [line.split() for line in found.splitlines()]
    size, rss = ([(kib, path) for name, kib, path in lines if name == n] for n in ("Size:", "Rss:"))
    assert len(size) > 3
    assert size == rss
