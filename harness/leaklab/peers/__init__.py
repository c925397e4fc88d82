"""leaklab beside the tools people use: each really run, on the same work, in one session.

`driver` does the work in whatever process a tool makes of it; `stage` starts that process and says
what it cost; `tools` are those that give a peak, `rules` those that give a verdict; `costs`,
`spikes` and `verdicts` are the comparisons.
"""
