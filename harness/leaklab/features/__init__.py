"""What the lab can do, one folder a capability."""
