"""`leaklab project`: what a size would need that is not run."""
