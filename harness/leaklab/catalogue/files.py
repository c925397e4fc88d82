"""Reading a catalogue's files and folders, with errors that say how to fix them."""

from pathlib import Path

from leaklab.model.errors import BadInput


def read_text_of(path: Path) -> str:
    """Return the text of a file of a scenario.

    Raises:
        BadInput: The file is missing, cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(f"{path} is missing: write it") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}; fix its permissions") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 at byte {error.start}: save it as UTF-8") from error


def entries_of(folder: Path) -> list[Path]:
    """Return the files and folders in a folder, sorted.

    Raises:
        BadInput: The folder cannot be read.
    """
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        raise BadInput(f"{folder} does not exist: create it, or name another folder") from None
    except OSError as error:
        raise BadInput(f"{folder} cannot be read: {error.strerror}; fix its permissions") from error
