"""Ports, and one use case a file. Knows the domain, nothing else."""
