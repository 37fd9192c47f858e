"""The backend `cnn-onnx`: both networks over one study, the tumour found once."""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnxruntime

from gliobench.adapters.onnx.classifier import OnnxClassifier
from gliobench.adapters.onnx.localizer import OnnxLocalizer, TumourFinder
from gliobench.adapters.onnx.network import OnnxNetwork
from gliobench.application.ports.backend import Backend, BackendOptions

EMBEDDED_WEIGHTS = Path(__file__).parent / "weights"


def cnn_onnx(options: BackendOptions) -> Backend:
    """Build the backend from the embedded weights, or from those in `options.weights_dir`.

    Raises:
        NotFoundError: `localizer.onnx` or `grader.onnx` is not in the folder.
        BackendError: A file is no such network, or the provider asked for is not the one got.
    """
    folder = Path(options.weights_dir) if options.weights_dir else EMBEDDED_WEIGHTS
    localizer = _open(folder, "localizer", options)
    grader = _open(folder, "grader", options)
    finder = TumourFinder(localizer)
    hashes = {"localizer_sha256": localizer.sha256, "grader_sha256": grader.sha256}
    return Backend(
        name="cnn-onnx",
        classifier=OnnxClassifier(grader, finder),
        localizer=OnnxLocalizer(finder),
        fingerprint=hashlib.sha256(
            f"{sorted(hashes.items())}{localizer.provider}".encode()
        ).hexdigest(),
        provenance={
            **hashes,
            "provider": localizer.provider,
            "onnxruntime": onnxruntime.__version__,
            "localizer": localizer.card.architecture,
            "grader": grader.card.architecture,
        },
        trained_on=frozenset(localizer.card.trained_on) | frozenset(grader.card.trained_on),
    )


def _open(folder: Path, kind: str, options: BackendOptions) -> OnnxNetwork:
    return OnnxNetwork(
        folder / f"{kind}.onnx",
        kind=kind,
        provider=options.provider,
        allow_cpu_fallback=options.allow_cpu_fallback,
        threads=options.threads,
    )
