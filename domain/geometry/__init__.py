"""Grids, planes and masks in voxels and millimetres; orientation and resampling."""
