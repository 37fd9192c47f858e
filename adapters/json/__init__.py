"""Files of JSON that a user names."""

from gliobench.adapters.json.cohort_file import read_cohort, read_exclusions, read_folds

__all__ = ["read_cohort", "read_exclusions", "read_folds"]
