"""Runs kept as Parquet files."""

from gliobench.adapters.parquet.run_place import ParquetRunPlace
from gliobench.adapters.parquet.run_store import ParquetRunStore

__all__ = ["ParquetRunPlace", "ParquetRunStore"]
