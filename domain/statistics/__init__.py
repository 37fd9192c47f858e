"""How sure a number is, and whether two differ; what cannot be told says why, and is never NaN.

Where patients came twice, only the bootstrap and `swapping` know it: all else takes studies for
independent.
"""
