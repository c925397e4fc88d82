"""The observer: reads a run from outside while it lasts."""
