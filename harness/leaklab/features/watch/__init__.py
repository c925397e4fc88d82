"""`leaklab watch`: any program, observed from outside over time."""
