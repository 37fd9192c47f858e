"""Whether this machine is ready: what `gliobench doctor` looks at."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path

from gliobench.application.predict.ask_backend import calibrate
from gliobench.domain.errors import GliobenchError
from gliobench.entrypoints.container import container

REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+")
WEIGHTS = (
    "localizer.onnx",
    "grader.onnx",
    "slices/localizer.onnx",
    "slices/grader.onnx",
    "brain.onnx",
)
GPU_WHEEL = "pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu"
"""Puts ONNX Runtime for GPUs in the place of that for CPUs: together they clash."""
PIP_LINES = {"gpu": GPU_WHEEL}
"""How an extra is installed, where not by its name alone."""
EXTRA = re.compile(r"""extra == ['"]([\w-]+)['"]""")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at.

    Args:
        name: The thing.
        ok: False where gliobench cannot do its main job; None where only an extra is missing.
        found: What it is, or what to do.
    """

    name: str
    ok: bool | None
    found: str


def all_checks() -> list[Check]:
    """Look at Python, libraries, extras, ONNX Runtime, weights, folders and programs."""
    return [*_versions(), *_extras(), *_onnxruntime(), *_weights(), *_folders(), *_programs()]


def backend_check(name: str) -> Check:
    """Load a backend, and ask one that answers in words about drawn squares."""
    try:
        (backend,) = container.load_backends([name])
        found = calibrate(backend)
    except GliobenchError as error:
        return Check(f"backend {name}", False, str(error))
    if found is None:
        return Check(f"backend {name}", True, "loads; its places are not written in words")
    return Check(f"backend {name}", found.confirmed, found.words)


def extras() -> list[str]:
    """Name the extras that the installed gliobench has."""
    return list(metadata("gliobench").get_all("Provides-Extra") or [])


def _versions() -> Iterator[Check]:
    yield Check("python", True, f"{platform.python_version()} on {platform.platform()}")
    yield Check("gliobench", True, version("gliobench"))
    for name in _required(extra=None):
        if "onnxruntime" not in name:
            found = _version(name)
            yield Check(name, found is not None, found or f"missing: pip install {name}")


def _extras() -> Iterator[Check]:
    for extra in extras():
        missing = [name for name in _required(extra=extra) if _version(name) is None]
        if missing:
            line = PIP_LINES.get(extra, f"pip install 'gliobench[{extra}]'")
            found = f"without {', '.join(missing)}: {line}"
        else:
            found = "installed"
        yield Check(f"extra {extra}", None if missing else True, found)


def _onnxruntime() -> Iterator[Check]:
    wheels = [name for name in ("onnxruntime", "onnxruntime-gpu") if _version(name)]
    if len(wheels) == 2:
        yield Check("onnxruntime", False, f"two wheels clash: {GPU_WHEEL} (on a CPU without -gpu)")
        return
    try:
        onnxruntime = import_module("onnxruntime")
    except ImportError as error:
        yield Check("onnxruntime", False, f"cannot be imported: {error}")
        return
    offered = onnxruntime.get_available_providers()
    asked = container.settings().provider
    ok = any(name.lower().startswith(asked) for name in offered)
    found = f"{onnxruntime.__version__}: {', '.join(offered)}"
    missing = "" if ok else f"; the setting provider is {asked}: {GPU_WHEEL}"
    yield Check(wheels[0] if wheels else "onnxruntime", ok, found + missing)


def _weights() -> Iterator[Check]:
    own = container.settings().weights_dir
    folder = own or container.embedded_weights()
    for name in WEIGHTS[:2] if own else WEIGHTS:
        path = folder / name
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            yield Check(
                f"weights {name}", True, f"{path.stat().st_size / 1e6:.1f} MB, sha256 {digest}"
            )
        else:
            yield Check(f"weights {name}", False, f"not in {folder}")


def _folders() -> Iterator[Check]:
    for name, folder in (("working folder", Path.cwd()), ("temporary folder", _temporary())):
        writable = os.access(folder, os.W_OK)
        yield Check(name, writable, f"{folder} can{'' if writable else 'not'} be written")


def _programs() -> Iterator[Check]:
    for name, found in container.check_programs().items():
        yield Check(f"backend {name}", not isinstance(found, GliobenchError), str(found))


def _temporary() -> Path:
    return Path(tempfile.gettempdir())


def _required(*, extra: str | None) -> Iterator[str]:
    for line in requires("gliobench") or []:
        marker = EXTRA.search(line)
        name = REQUIREMENT.match(line)
        if name and (marker.group(1) if marker else None) == extra:
            yield name.group()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
