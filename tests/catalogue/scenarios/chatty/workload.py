"""A unit is a megabyte of output."""


def workload(program, lab):
    while True:
        program.speak()
        yield


def check(program, lab):
    program.speak()
