"""The sandbox of a run: its supervisor, cgroups, folders, services and pipes."""
