"""The tools people use: each really run, on the same work, in one session.

`driver` does the work in whatever process a tool makes of it; `tool_run` starts that process and
says what it cost; `registry` lists the tools that give a peak, `verdicts` those that give a
verdict. The comparisons are in `features/quality`.
"""
