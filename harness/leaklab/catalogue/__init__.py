"""The scenarios: read, linted, planned, checked. None of their code is imported here."""
