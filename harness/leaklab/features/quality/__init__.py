"""The quality of the lab itself: error rates, costs, detection limit, repeatability."""
