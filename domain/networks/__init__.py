"""Input of trained networks, and their model cards."""
