"""Files in folders and object stores: local paths and every URL that fsspec knows."""

from gliobench.adapters.storage.places import local_path, open_dataset, open_storage

__all__ = ["local_path", "open_dataset", "open_storage"]
