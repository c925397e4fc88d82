"""Real profilers on a scenario's work: each with its own output, as its users know it."""
