"""How good the lab itself is: error rates, costs, detection limit, repeatability."""
