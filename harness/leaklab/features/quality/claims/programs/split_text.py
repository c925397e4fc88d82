"""A text of words of four letters, and the list of its words: `split_text.py WORDS`."""

import json
import sys
import tracemalloc


def main() -> None:
    """Print the bytes of the text, and those of its words."""
    text = " ".join(f"{number % 10_000:04}" for number in range(int(sys.argv[1])))
    tracemalloc.start()
    strings = text.split()
    taken = tracemalloc.get_traced_memory()[0]
    assert len(strings) == int(sys.argv[1])  # noqa: S101  (and the strings are alive until here)
    sys.stdout.write(json.dumps({"text_bytes": len(text), "words_bytes": taken}) + "\n")


if __name__ == "__main__":
    main()
