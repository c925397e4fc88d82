"""A session of runs: plan, run one, judge, save, tell."""
