"""The figures of a catalogue over commits, measured and tracked by asv."""
