"""Lesion-wise scores by the rules of the BraTS challenges."""
