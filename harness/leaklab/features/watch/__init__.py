"""`leaklab watch`: any program, from outside, over time."""
