"""The scenarios: reading, linting, planning and checking them. No code of theirs is imported."""
