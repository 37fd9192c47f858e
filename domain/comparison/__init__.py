"""Comparison of several runs over the same patients, with tests and confidence intervals."""
