"""Workers on this machine: this process itself, or processes of its own."""

from gliobench.adapters.executors.in_process import InProcessExecutor
from gliobench.adapters.executors.processes import ProcessExecutor

__all__ = ["InProcessExecutor", "ProcessExecutor"]
