"""Confidence intervals and tests; what cannot be estimated has a reason, and is never NaN.

Only the bootstrap and `swapping` account for repeated patients: all other methods treat studies as
independent.
"""
