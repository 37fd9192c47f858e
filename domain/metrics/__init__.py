"""Measurements of predictions against references; what cannot be estimated is None, never NaN."""
