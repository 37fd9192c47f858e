"""The commands of `gliobench`, one per file."""
