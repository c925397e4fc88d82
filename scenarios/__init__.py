"""The catalogue: one folder a scenario; CONTRIBUTING.md has its rules."""
