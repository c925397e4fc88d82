"""leaklab: known leaks, known culprits, and numbers that repeat."""

__version__ = "0.1.0"
