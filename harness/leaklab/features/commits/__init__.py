"""What asv tracks: the figures of a catalogue, over commits."""
