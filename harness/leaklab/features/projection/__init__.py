"""`leaklab project`: the memory that a size would need, without running it."""
