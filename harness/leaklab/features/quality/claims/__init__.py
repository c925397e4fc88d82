"""The figures of the usual teaching tables, measured: what holds, what does not, and why."""
