"""Benchmark AI models for glioma grading and localisation on MRI, with uncertainty."""

import os

__version__ = "0.1.0"

NO_TELEMETRY = {
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime from 1.29: stores a device id in HOME, sends events
    "HF_HUB_DISABLE_TELEMETRY": "1",  # huggingface_hub and transformers, with each download
    "DISABLE_SAFETENSORS_CONVERSION": "1",  # transformers requests a conversion by the hub
    "RAY_USAGE_STATS_ENABLED": "0",  # Ray, from every node of a cluster
    "DO_NOT_TRACK": "1",  # other libraries that follow the convention
}
"""Environment variables that switch off telemetry of libraries: see docs/privacy.md."""

# Libraries read these when imported; this file runs before them, in every worker too.
os.environ.update(NO_TELEMETRY)
