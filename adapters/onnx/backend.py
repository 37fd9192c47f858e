"""The backend `cnn-onnx`: both networks over one study, the tumour found once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import onnxruntime

from gliobench.adapters.onnx.classifier import OnnxClassifier
from gliobench.adapters.onnx.localizer import OnnxLocalizer, TumourFinder
from gliobench.adapters.onnx.network import OnnxNetwork
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.application.ports.network import Network

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
    hashes = {"localizer_sha256": localizer.sha256, "grader_sha256": grader.sha256}
    return backend_of(
        localizer,
        grader,
        provenance={
            **hashes,
            "provider": localizer.provider,
            "onnxruntime": onnxruntime.__version__,
        },
    )


def backend_of(localizer: Network, grader: Network, *, provenance: Mapping[str, str]) -> Backend:
    """Put two networks to work on one study, the tumour found once.

    Args:
        localizer: Whatever runs it: ONNX Runtime, or PyTorch where an export is checked.
        grader: As the localizer.
        provenance: All that decides the predictions; its hash is the backend's fingerprint.
    """
    finder = TumourFinder(localizer)
    return Backend(
        name="cnn-onnx",
        classifier=OnnxClassifier(grader, finder),
        localizer=OnnxLocalizer(finder),
        fingerprint=hashlib.sha256(repr(sorted(provenance.items())).encode()).hexdigest(),
        provenance={
            **provenance,
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
