"""Figures as marks on a canvas."""
