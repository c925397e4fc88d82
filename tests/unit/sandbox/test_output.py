"""The output is read by its descriptor, whatever the command puts in its place."""

from pathlib import Path

from leaklab.sandbox.output import OutputFile


def test_another_file_in_its_place_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "output"
    with OutputFile(path) as output:
        path.write_text("the command's\n")
        path.rename(tmp_path / "moved")
        path.write_text("of another file")
        assert "the command's\n" == output.text()


def test_the_end_is_read_and_the_rest_is_not(tmp_path: Path) -> None:
    with OutputFile(tmp_path / "output") as output:
        (tmp_path / "output").write_text("first\nlast")
        assert "last" == output.tail(4)
        assert "first\nlast" == output.tail(100)


def test_a_large_output_is_emptied_and_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    path, other = tmp_path / "output", tmp_path / "other"
    other.write_text("x" * 100)
    with OutputFile(path) as output:
        path.write_text("x" * 100)
        path.unlink()
        path.symlink_to(other)
        output.limit(10)
        assert "" == output.text()
    assert 100 == other.stat().st_size
