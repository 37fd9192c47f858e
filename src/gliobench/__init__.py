"""Benchmark AI models for glioma grading and localisation on MRI, with uncertainty."""

import os
from importlib import import_module

TYPE_CHECKING = False  # as type checkers read it; `typing` is slow to import
__version__ = "0.2.0"
__all__ = [
    "LoadedStudy",
    "PredictedMask",
    "Prediction",
    "Report",
    "Table",
    "__version__",
    "backends",
    "compare",
    "evaluate",
    "load_backend",
    "load_study",
    "predict",
    "report",
]

NO_TELEMETRY = {
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime from 1.29: stores a device id in HOME, sends events
    "HF_HUB_DISABLE_TELEMETRY": "1",  # huggingface_hub and transformers, with each download
    "DISABLE_SAFETENSORS_CONVERSION": "1",  # transformers requests a conversion by the hub
    "RAY_USAGE_STATS_ENABLED": "0",  # Ray, from every node of a cluster
    "MLFLOW_DISABLE_TELEMETRY": "true",  # MLflow, from its first use
    "DO_NOT_TRACK": "1",  # other libraries that follow the convention
}
"""Environment variables that switch off telemetry of libraries: see docs/privacy.md."""

# Libraries read these when imported; this file runs before them, in every worker too.
os.environ.update(NO_TELEMETRY)

if TYPE_CHECKING:
    from gliobench.entrypoints.api import (
        LoadedStudy,
        PredictedMask,
        Prediction,
        Report,
        Table,
        backends,
        compare,
        evaluate,
        load_backend,
        load_study,
        predict,
        report,
    )
else:

    def __getattr__(name: str) -> object:
        """Import the Python API when it is first used: `import gliobench` stays fast."""
        if name not in __all__:
            raise AttributeError(f"module 'gliobench' has no attribute {name!r}")
        globals()[name] = found = getattr(import_module("gliobench.entrypoints.api"), name)
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
