"""Baselines: rules that a model has to outperform."""
