"""The catalogue: one folder a scenario; design and rules stand in DESIGN.md."""
