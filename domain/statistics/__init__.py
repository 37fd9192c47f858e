"""How sure a number is, and whether two differ; what cannot be told says why, and is never NaN.

Studies are taken for independent. Where patients came twice, only the bootstrap knows it.
"""
