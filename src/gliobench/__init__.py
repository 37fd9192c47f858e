"""Which models can read a brain tumour on MRI, and how sure may one be?"""

from importlib.metadata import version

__version__ = version("gliobench")
