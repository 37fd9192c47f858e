"""The backends `cnn-onnx` and `cnn-2d-onnx`: two networks over one study, the tumour found once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import onnxruntime

from gliobench.adapters.onnx.classifier import OnnxClassifier
from gliobench.adapters.onnx.localizer import OnnxLocalizer, TumourFinder, reads_of
from gliobench.adapters.onnx.network import OnnxNetwork
from gliobench.application.held_out import held_out
from gliobench.application.ports.backend import Backend, BackendOptions, Reads
from gliobench.application.ports.network import Network
from gliobench.domain.errors import InvalidInputError

EMBEDDED_WEIGHTS = Path(__file__).parent / "weights"
CNN_ONNX = "cnn-onnx"
CNN_2D_ONNX = "cnn-2d-onnx"
_READS = {CNN_ONNX: Reads.VOLUMES, CNN_2D_ONNX: Reads.SLICES}


def cnn_onnx(options: BackendOptions) -> Backend:
    """Build the backend of volumes: the embedded weights, those in a folder, or those of folds.

    Raises:
        NotFoundError: `localizer.onnx` or `grader.onnx` is not in the folder.
        BackendError: A file is no such network, or the provider asked for is not the one got.
        InvalidInputError: A network reads slices.
    """
    return _backend(CNN_ONNX, options, embedded=EMBEDDED_WEIGHTS)


def cnn_2d_onnx(options: BackendOptions) -> Backend:
    """Build the backend of slices, likewise.

    Raises:
        NotFoundError: `localizer.onnx` or `grader.onnx` is not in the folder.
        BackendError: A file is no such network, or the provider asked for is not the one got.
        InvalidInputError: A network reads volumes.
    """
    return _backend(CNN_2D_ONNX, options, embedded=EMBEDDED_WEIGHTS / "slices")


def _backend(name: str, options: BackendOptions, *, embedded: Path) -> Backend:
    folder = Path(options.weights_dir) if options.weights_dir else embedded
    of_folds = held_out(options, lambda fold, where: _of_folder(name, where, fold))
    return of_folds or _of_folder(name, folder, options)


def _of_folder(name: str, folder: Path, options: BackendOptions) -> Backend:
    localizer = _open(folder, "localizer", options)
    grader = _open(folder, "grader", options)
    hashes = {"localizer_sha256": localizer.sha256, "grader_sha256": grader.sha256}
    backend = backend_of(
        localizer,
        grader,
        provenance={
            **hashes,
            "provider": localizer.provider,
            "onnxruntime": onnxruntime.__version__,
        },
    )
    if backend.name != name:
        raise InvalidInputError(
            f"backend {name} reads {_READS[name].value}: the networks in {folder} read "
            f"{backend.reads.value}, for {backend.name}"
        )
    return backend


def backend_of(localizer: Network, grader: Network, *, provenance: Mapping[str, str]) -> Backend:
    """Put two networks to work on one study, the tumour found once.

    Args:
        localizer: Whatever runs it: ONNX Runtime, or PyTorch where an export is checked.
        grader: As the localizer.
        provenance: All that decides the predictions; its hash is the backend's fingerprint.

    Raises:
        InvalidInputError: One reads slices and the other volumes.
    """
    finder = TumourFinder(localizer)
    reads = reads_of(localizer.card)
    if reads is not reads_of(grader.card):
        raise InvalidInputError(f"a localizer of {reads.value} and a grader of others do not fit")
    return Backend(
        name=next(name for name, kind in _READS.items() if kind is reads),
        classifier=OnnxClassifier(grader, finder),
        localizer=OnnxLocalizer(finder),
        fingerprint=hashlib.sha256(repr(sorted(provenance.items())).encode()).hexdigest(),
        provenance={
            **provenance,
            "localizer": localizer.card.architecture,
            "grader": grader.card.architecture,
        },
        trained_on=localizer.card.learned | grader.card.learned,
        reads=reads,
    )


def _open(folder: Path, kind: str, options: BackendOptions) -> OnnxNetwork:
    return OnnxNetwork(
        folder / f"{kind}.onnx",
        kind=kind,
        provider=options.provider,
        allow_cpu_fallback=options.allow_cpu_fallback,
        threads=options.threads,
    )
