"""Scores of predictions against references, one row per study, and the summary of a run."""
