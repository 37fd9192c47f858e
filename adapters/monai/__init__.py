"""Networks built, trained and exported with MONAI and PyTorch (extra `train`)."""
