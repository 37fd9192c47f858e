"""Answers of a backend: grades and localisations, or failures."""
