"""What agent and harness must agree on: descriptors, words, exit statuses, the table of samples.

Samples go to descriptor TABLE_FD, a file that both sides map, so that they outlive the process.
Each process has TABLE_BYTES of it, in signed 64-bit words: the number of rows, the number of stops,
the stops, then the rows. A row is the units done, and a word for each of SIGNALS; a stop the units
done, how it was read (NO_COLLECTION, COLLECTED or COLLECTOR_OFF), the high-water mark of RSS, the
nanoseconds of CPU time that its units took, and a word for each of STOP_SIGNALS. A word is NOT_READ
where that was not read. The table has a fixed size and is touched before the baseline: a list of
samples would itself grow like a leak.
"""

import mmap

RECORDS_FD = 3
TABLE_FD = 4
ORDERS_FD = 5

# The harness's answers to `reached`. After the last two the agent asks again.
GO_ON, END, COLLECT, SURVEY = b"g", b"e", b"c", b"s"

# What an agent does, and when it asks whether to go on: words of its order.
RUN, POOL, CHECK = "run", "pool", "check"
NEVER, AT_CHECKPOINTS, AT_EVERY_SAMPLE = "never", "at checkpoints", "at every sample"

# Exit status of a process in which the program closed the lab's descriptors.
NO_CHANNEL = 97

ROW_SIGNALS = (
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
    "tmpfs_bytes",
)
NOT_READ = -1

# What is read at a stop: at each doubling of the work, and after each collection that was ordered.
STOP_SIGNALS = (
    "rss_bytes",
    "shared_bytes",
    "shmem_bytes",
    "heap_bytes",
    "heap_free_bytes",
    "blocks",
    "pymalloc_bytes",
    "arena_free_bytes",
    "free_list_blocks",
    "free_list_bytes",
    "segments",
    "tmpfs_bytes",
)
# How a stop was read: with whatever waits for the collector, after a collection, or after none
# because the program has switched its collector off.
NO_COLLECTION, COLLECTED, COLLECTOR_OFF = 0, 1, 2
STOP_HEAD = 4
STOP_WIDTH = STOP_HEAD + len(STOP_SIGNALS)
# Two for each doubling that a run can have.
MAX_STOPS = 96
STOPS_AT = 2
TABLE_HEAD = STOPS_AT + MAX_STOPS * STOP_WIDTH
ROW_WIDTH = 1 + len(ROW_SIGNALS)
ROWS = 192
# The row before the first unit, and what strides that do not divide the work may add.
MAX_TABLE_ROWS = ROWS + 4
TABLE_BYTES = -(-8 * (TABLE_HEAD + MAX_TABLE_ROWS * ROW_WIDTH) // mmap.PAGESIZE) * mmap.PAGESIZE
