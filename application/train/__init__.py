"""Fit networks by cross-validation, and export them."""
