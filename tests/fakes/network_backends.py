"""The backends of networks and of a language model, of weights written for the occasion."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from fakes.fake_engine import FakeEngine
from gliobench.adapters.vision_language.backend import backend_of
from gliobench.adapters.vision_language.options import ReadingOptions
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.domain.slices.view import SlicePolicy


@cache
def tiny_networks() -> Backend:
    """Make the backend `cnn-onnx` of two networks that are written for the occasion."""
    pytest.importorskip("onnx", reason="the extra `train` is not installed")
    from fakes.onnx_file import write_weights
    from gliobench.adapters.onnx.backend import cnn_onnx

    with TemporaryDirectory() as folder:
        return cnn_onnx(BackendOptions(weights_dir=str(write_weights(Path(folder))), threads=1))


def fake_llama() -> Backend:
    """Make the backend `llama-vision` of a model that answers by rote."""
    reading = ReadingOptions(policy=SlicePolicy.BRAIN_MIDDLE)
    return backend_of("llama-vision", FakeEngine(), reading)
