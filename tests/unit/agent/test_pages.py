import subprocess
import sys
from pathlib import Path

from leaklab import agent

CODE = """
import sys
sys.path.insert(0, sys.argv[1])
from leaklab_agent import pages
if sys.argv[2] == "an older kernel":
    pages.MADV_POPULATE_READ = 1 << 20
if sys.argv[2] == "a file that was cut off":
    import mmap, tempfile
    file = tempfile.TemporaryFile()
    file.truncate(3 * mmap.PAGESIZE)
    kept = mmap.mmap(file.fileno(), 0)
    file.truncate(10)
pages.populate_files()
mapping = None
for line in open("/proc/self/smaps"):
    name, *rest = line.split()
    if "-" in name:
        mapping = rest[-1] if rest[-1].startswith("/") and rest[0].startswith("r") else None
    elif mapping and name in ("Size:", "Rss:"):
        print(name, rest[0], mapping)
"""


def mappings(case: str) -> tuple[list[str], list[str]]:
    """The sizes of the mapped files of an interpreter that called it, and what is resident."""
    command = [sys.executable, "-c", CODE, str(Path(agent.__file__).parent), case]
    completed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = completed.splitlines()
    size, rss = ([line for line in lines if line.startswith(n)] for n in ("Size:", "Rss:"))
    return [line.split(None, 1)[1] for line in size], [line.split(None, 1)[1] for line in rss]


def test_all_pages_of_mapped_files_become_resident() -> None:
    size, rss = mappings("this kernel")
    assert len(size) > 3
    assert size == rss


def test_an_older_kernel_leaves_the_pages_unchanged() -> None:
    size, rss = mappings("an older kernel")
    assert size != rss


def test_a_page_beyond_the_end_of_its_file_is_not_touched() -> None:
    size, _ = mappings("a file that was cut off")
    assert len(size) > 3
