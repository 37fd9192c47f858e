"""One technology a folder; each implements ports, and none knows another."""
