"""Meaning of masks: tissues by integer, and the regions that they form."""
