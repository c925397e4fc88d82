"""Prints a megabyte."""

MEGABYTE = "x" * (1 << 20)


def speak():
    print(MEGABYTE, flush=True)
