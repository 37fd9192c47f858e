"""Where answers fall, and whether they follow the tumour."""
