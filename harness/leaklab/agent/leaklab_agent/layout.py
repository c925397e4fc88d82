"""What agent and harness must agree on: descriptors, words, exit statuses, the table of samples.

Samples go to descriptor TABLE_FD, a file that both sides map, so that they outlive the process.
Each process has TABLE_BYTES of it, in signed 64-bit words: the number of rows, what
`PymallocStats` found at half of the work, then the rows: the units done, and a word for each of
SIGNALS, NOT_READ where it was not read. The table has a fixed size and is touched before the
baseline: a list of samples would itself grow like a leak.
"""

import mmap

RECORDS_FD = 3
TABLE_FD = 4
ORDERS_FD = 5

# The harness's answers to `reached`.
GO_ON, END = b"g", b"e"

# What an agent does, and when it asks whether to go on: words of its order.
RUN, POOL, CHECK = "run", "pool", "check"
NEVER, AT_CHECKPOINTS, AT_EVERY_SAMPLE = "never", "at checkpoints", "at every sample"

# Exit status of a process in which the program closed the lab's descriptors.
NO_CHANNEL = 97

SIGNALS = (
    "rss_bytes",
    "vms_bytes",
    "shared_bytes",
    "heap_bytes",
    "blocks",
    "descriptors",
    "sockets",
    "threads",
    "processes",
    "segments",
)
NOT_READ = -1
HEAD = 2
WIDTH = 1 + len(SIGNALS)
ROWS = 192
# The row before the first unit, and what strides that do not divide the work may add.
MAX_ROWS = ROWS + 4
TABLE_BYTES = -(-8 * (HEAD + MAX_ROWS * WIDTH) // mmap.PAGESIZE) * mmap.PAGESIZE
