"""The capabilities of the lab, one folder for each."""
