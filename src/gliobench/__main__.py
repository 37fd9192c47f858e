"""`python -m gliobench` is the command `gliobench`."""

from gliobench.entrypoints.cli import main

main()
