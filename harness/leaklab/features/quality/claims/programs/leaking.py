"""A program that does nothing but leak: `leaking.py BYTES_PER_SECOND`."""

import sys
import time

MIN_BLOCK_BYTES = 4096
MIN_PAUSE_SECONDS = 0.05


def main() -> None:
    """Keep a block of memory after each pause, for ever."""
    rate = float(sys.argv[1])
    pause = max(MIN_PAUSE_SECONDS, MIN_BLOCK_BYTES / rate)
    size = round(rate * pause)
    kept = []
    began = time.monotonic()
    while True:
        kept.append(b"x" * size)
        time.sleep(max(began + len(kept) * pause - time.monotonic(), 0))


if __name__ == "__main__":
    main()
