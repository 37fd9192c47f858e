"""Command line, batch jobs, settings, logging and the container that wires them."""
