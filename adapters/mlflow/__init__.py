"""Logging in MLflow (extra `mlflow`)."""

from gliobench.adapters.mlflow.report_log import MlflowReportLog

__all__ = ["MlflowReportLog"]
