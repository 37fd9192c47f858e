"""Predictions against references: a row a study, and the summary of a run."""
