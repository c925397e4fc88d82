"""Other memory tools: each is run on the same work, in one session.

`driver` does the work in the process that a tool starts or runs in. `tool_run` starts that process
and measures its cost. `registry` lists the tools that give a peak, `verdicts` those that give a
verdict. The comparisons are in `features/quality`.
"""
