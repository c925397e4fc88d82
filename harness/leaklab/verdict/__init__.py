"""From numbers to a conclusion, pure: one series, one process, one run, one pair."""
