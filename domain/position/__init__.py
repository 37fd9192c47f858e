"""Position bias: whether answers follow the tumour."""
