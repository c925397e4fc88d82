"""Pieces are put on a shelf."""


def workload(program, lab):
    shelf = program.Shelf()
    while True:
        shelf.put(b"x" * lab.options["bytes_per_unit"])
        yield


def check(program, lab):
    shelf = program.Shelf()
    shelf.put(b"x" * lab.units)
    assert shelf.latest() == b"x" * lab.units, "latest() is not the latest piece"
