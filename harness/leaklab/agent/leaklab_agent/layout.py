"""The constants that agent and harness share: descriptors, orders, exit statuses, sample table.

Samples go to descriptor TABLE_FD, a file that both sides map, so that they outlive the process.
Each process has TABLE_BYTES of that file as signed 64-bit slots: the number of rows, the number of
stops, the stops, and the rows. A row has the units done and one slot for each of ROW_SIGNALS. A
stop has the units done, how it was read (NO_COLLECTION, COLLECTED or COLLECTOR_OFF), the high-water
mark of RSS, the nanoseconds of CPU time that its units took, and one slot for each of STOP_SIGNALS.
The value NOT_READ marks a signal that was not read. The table has a fixed size and is touched
before the baseline, because a list of samples would itself grow like a leak.
"""

import mmap

RECORDS_FD = 3
TABLE_FD = 4
ORDERS_FD = 5

# The harness's answers to `reached`. After COLLECT and SURVEY the agent asks again.
GO_ON, END, COLLECT, SURVEY = b"g", b"e", b"c", b"s"

# Values in the agent's order: its task, and when it asks whether to go on.
RUN, POOL, CHECK = "run", "pool", "check"
NEVER, AT_CHECKPOINTS, AT_EVERY_SAMPLE = "never", "at checkpoints", "at every sample"

# The exit status of a process in which the program closed the lab's descriptors.
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

# The signals of a stop, read at each doubling of the work and after each ordered collection.
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
# How a stop was read: before a collection, after one, or without one although it was ordered,
# because the program has switched its collector off.
NO_COLLECTION, COLLECTED, COLLECTOR_OFF = 0, 1, 2
STOP_HEAD = 4
STOP_WIDTH = STOP_HEAD + len(STOP_SIGNALS)
# Two stops for each doubling that a run can have.
MAX_STOPS = 96
STOPS_AT = 2
TABLE_HEAD = STOPS_AT + MAX_STOPS * STOP_WIDTH
ROW_WIDTH = 1 + len(ROW_SIGNALS)
ROWS = 192
# Room for the row before the first unit, and for strides that do not divide the work.
MAX_TABLE_ROWS = ROWS + 4
TABLE_BYTES = -(-8 * (TABLE_HEAD + MAX_TABLE_ROWS * ROW_WIDTH) // mmap.PAGESIZE) * mmap.PAGESIZE
