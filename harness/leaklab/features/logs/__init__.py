"""The records that `trace_leak` logged, read from a log of any size and judged module by module."""
