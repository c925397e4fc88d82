"""Steps, one of which fails: step `at`, or the start of the workload (0), or its end (-1)."""


def workload(program, lab):
    fault = lab.options["fault"] if lab.scratch.endswith(lab.options["only"]) else "none"
    if fault == "not a generator":
        return None
    if lab.options["at"] == 0:
        program.break_by(fault)
    return steps(program, lab, fault)


def steps(program, lab, fault):
    if fault == "never":
        return
    try:
        for step in range(1, lab.units + 1):
            if step == lab.options["at"]:
                if fault == "early":
                    return
                program.break_by(fault)
            yield
    finally:
        if lab.options["at"] == -1:
            program.break_by(fault)


def check(program, lab):
    program.break_by(lab.options["fault"])
