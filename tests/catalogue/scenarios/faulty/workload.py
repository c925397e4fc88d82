"""Steps, one of which breaks."""


def workload(program, lab):
    fault = lab.options["fault"]
    if fault == "not a generator":
        return None
    return steps(program, lab, fault)


def steps(program, lab, fault):
    if fault == "never":
        return
    for step in range(1, lab.units + 1):
        if step == lab.options["at"]:
            if fault == "early":
                return
            program.break_by(fault)
        yield


def check(program, lab):
    program.break_by(lab.options["fault"])
