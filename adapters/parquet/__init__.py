"""Runs kept as Parquet files in a folder."""

from gliobench.adapters.parquet.run_store import ParquetRunStore

__all__ = ["ParquetRunStore"]
