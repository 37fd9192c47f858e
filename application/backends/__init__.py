"""Backends that are made of parts: networks, folds and a tumour finder."""
