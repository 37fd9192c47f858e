"""Which models can read a brain tumour on MRI, and how sure may one be?"""

__version__ = "0.1.0"
