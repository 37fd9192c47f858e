"""Runs kept as Parquet files."""

from gliobench.adapters.parquet.run_store import ParquetRunPlace, ParquetRunStore

__all__ = ["ParquetRunPlace", "ParquetRunStore"]
