"""Which models can read a brain tumour on MRI, and how sure may one be?"""

import os

__version__ = "0.1.0"

NO_TELEMETRY = {
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime from 1.29: a device id in HOME, events to its maker
    "HF_HUB_DISABLE_TELEMETRY": "1",  # huggingface_hub and transformers, with each download
    "DISABLE_SAFETENSORS_CONVERSION": "1",  # transformers asks a service of the hub to convert
    "RAY_USAGE_STATS_ENABLED": "0",  # Ray, from every node of a cluster
    "DO_NOT_TRACK": "1",  # any other library that keeps to the convention
}
"""Environment that stops libraries from reporting to their makers: see docs/privacy.md."""

# Libraries read it when they are first imported; this file runs before, in every worker too.
os.environ.update(NO_TELEMETRY)
