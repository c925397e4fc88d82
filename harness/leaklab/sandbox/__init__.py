"""Where a run takes place: its supervisor, cgroups, folders, services and pipes."""
