"""The backends of our networks: a localizer and a grader over one study, the tumour found once."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import onnxruntime
from pydantic import TypeAdapter

from gliobench.adapters.onnx.network import OnnxNetwork
from gliobench.application.backends.held_out import held_out
from gliobench.application.backends.network_backend import (
    CNN_2D_ONNX,
    CNN_INTENSITY_ONNX,
    CNN_ONNX,
    NAMES,
    backend_of,
)
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.application.ports.network import Grader
from gliobench.domain.errors import BackendError, InvalidInputError
from gliobench.domain.files.documents import read_document, read_file
from gliobench.domain.networks.region_grader import REGION_GRADER, RegionGrader

EMBEDDED_WEIGHTS = Path(__file__).parent / "weights"
_READS = {name: reads for reads, name in NAMES.items()}
_READS[CNN_INTENSITY_ONNX] = _READS[CNN_ONNX]
_FORM = TypeAdapter(RegionGrader)


def cnn_onnx(options: BackendOptions) -> Backend:
    """Build the backend of volumes: the embedded weights, those in a folder, or those of folds.

    It grades by the tumour's regions (`grader.json`), where the folder has no such file by the images
    about it (`grader.onnx`).

    Raises:
        NotFoundError: `localizer.onnx` or a grader is not in the folder.
        BackendError: A file is no such network or grader, or the provider asked for is not the one
            got.
        InvalidInputError: A network reads slices.
    """
    return _backend(CNN_ONNX, options, embedded=EMBEDDED_WEIGHTS)


def cnn_intensity_onnx(options: BackendOptions) -> Backend:
    """Build the backend of volumes that always grades by the images about the tumour.

    Raises:
        NotFoundError: `localizer.onnx` or `grader.onnx` is not in the folder.
        BackendError: A file is no such network, or the provider asked for is not the one got.
        InvalidInputError: A network reads slices.
    """
    return _backend(CNN_INTENSITY_ONNX, options, embedded=EMBEDDED_WEIGHTS)


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
    grader, sha256 = _open_grader(name, folder, options)
    hashes = {"localizer_sha256": localizer.sha256, "grader_sha256": sha256}
    backend = backend_of(
        localizer,
        grader,
        provenance={
            **hashes,
            "provider": localizer.provider,
            "onnxruntime": onnxruntime.__version__,
        },
    )
    if backend.reads is not _READS[name]:
        raise InvalidInputError(
            f"backend {name} reads {_READS[name].value}: the networks in {folder} read "
            f"{backend.reads.value}, for {backend.name}"
        )
    return replace(backend, name=name)


def _open_grader(name: str, folder: Path, options: BackendOptions) -> tuple[Grader, str]:
    """Open the grader of a backend; return its hash too."""
    if name == CNN_ONNX and (file := folder / REGION_GRADER).is_file():
        return read_region_grader(file)
    network = _open(folder, "grader", options)
    return network, network.sha256


def _open(folder: Path, kind: str, options: BackendOptions) -> OnnxNetwork:
    return OnnxNetwork(
        folder / f"{kind}.onnx",
        kind=kind,
        provider=options.provider,
        allow_cpu_fallback=options.allow_cpu_fallback,
        threads=options.threads,
    )


def read_region_grader(path: Path) -> tuple[RegionGrader, str]:
    """Read a grader as `RegionGrader.to_json` wrote it, and hash its file.

    Raises:
        BackendError: The file cannot be read, is no region grader, or is one of another version.
    """
    content = read_file(path, name=f"weights {path}", raises=BackendError)
    grader = read_document(
        partial(_FORM.validate_json, strict=True),
        content,
        name=f"{path}: region grader cannot be read",
        raises=BackendError,
    )
    return grader, sha256(content).hexdigest()
