"""Altered images that a backend is asked about again, and how its answers should move."""
