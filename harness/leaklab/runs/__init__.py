"""Sessions of runs: plan, run, judge, save and report each one."""
