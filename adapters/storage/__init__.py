"""Files in folders and object stores: local paths and every URL that fsspec knows."""

from gliobench.adapters.storage.places import (
    file_version,
    in_pieces,
    listed_file,
    local_path,
    open_dataset,
    open_storage,
)

__all__ = ["file_version", "in_pieces", "listed_file", "local_path", "open_dataset", "open_storage"]
