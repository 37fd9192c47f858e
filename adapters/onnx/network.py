"""One network in ONNX Runtime: what was asked for is what runs."""

from __future__ import annotations

import hashlib
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import final

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pydantic import TypeAdapter

from gliobench.application.ports.network import Network
from gliobench.domain.errors import BackendError, InvalidInputError, NotFoundError
from gliobench.domain.files.documents import read_document
from gliobench.domain.networks.model_card import METADATA_KEY, ModelCard

EXECUTION_PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
_EXTERNAL_FOLDER = "session.model_external_initializers_file_folder_path"
_SPINNING = "session.intra_op.allow_spinning"
"""Whether threads that wait for work keep a core busy: a sixth of an inference's processor time."""
FATAL = 4
"""ONNX Runtime's severity below which it keeps quiet."""
NO_FOLDER = "/nonexistent"
"""Where ONNX Runtime is to look for weights outside of the file: nowhere, for no hash covers them."""
GPU_BATCH = 8
"""Windows run at once on a GPU; a CPU runs one, since more gain nothing there."""
_FORM = TypeAdapter(ModelCard)


@final
class OnnxNetwork(Network):
    """A network, its card and the provider that runs it; it runs from the bytes that were hashed.

    Args:
        path: The ONNX file.
        kind: The card's kind that is wanted.
        provider: cpu, cuda or tensorrt.
        allow_cpu_fallback: Use the CPU if the provider is unavailable.
        threads: Threads for one inference; None leaves the choice to ONNX Runtime.

    Raises:
        NotFoundError: There is no such file.
        BackendError: The file is no such network, keeps weights in other files, or the provider asked
            for is not the one got.
    """

    def __init__(
        self,
        path: Path,
        *,
        kind: str,
        provider: str = "cpu",
        allow_cpu_fallback: bool = False,
        threads: int | None = None,
    ) -> None:
        if not path.is_file():
            raise NotFoundError(f"no weights at {path}")
        content = _read(path)
        self.sha256 = hashlib.sha256(content).hexdigest()
        self._session = _open_session(content, path, provider=provider, threads=threads)
        self.provider = _provider_got(self._session, provider, allow_cpu_fallback)
        self._card = _card(self._session, path, kind)
        self._input = self._session.get_inputs()[0].name

    @property
    def card(self) -> ModelCard:
        """What the network says of itself."""
        return self._card

    def run(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Infer a batch.

        Args:
            inputs: (N, C, I, J, K) float32.

        Returns:
            (N, …) float32 logits.

        Raises:
            BackendError: ONNX Runtime could not run the network, or gave numbers that are not finite.
        """
        batch = 1 if self.provider == "cpu" else GPU_BATCH
        outputs = [self._infer(inputs[n : n + batch]) for n in range(0, len(inputs), batch)]
        return np.concatenate(outputs)

    def _infer(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            (logits,) = self._session.run(None, {self._input: inputs})
        except Exception as error:  # ONNX Runtime's errors share no base but Exception
            raise BackendError(f"ONNX Runtime failed on {inputs.shape}: {error}") from error
        if not np.isfinite(logits).all():
            raise BackendError("the network gave numbers that are not finite")
        return np.asarray(logits, dtype=np.float32)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BackendError(f"weights {path} cannot be read: {error.strerror or error}") from error


def _open_session(
    content: bytes, path: Path, *, provider: str, threads: int | None
) -> onnxruntime.InferenceSession:
    if provider not in EXECUTION_PROVIDERS:
        raise InvalidInputError(
            f"unknown provider {provider!r}: wanted one of {', '.join(EXECUTION_PROVIDERS)}"
        )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = FATAL
    options.intra_op_num_threads = threads or 0
    options.add_session_config_entry(_EXTERNAL_FOLDER, NO_FOLDER)
    options.add_session_config_entry(_SPINNING, "0")
    asked = EXECUTION_PROVIDERS[provider]
    wanted = dict.fromkeys([asked, EXECUTION_PROVIDERS["cpu"]])
    available = onnxruntime.get_available_providers()
    # ONNX Runtime prints to stdout and stderr if it cannot load a provider; we report it in one line.
    onnxruntime.set_default_logger_severity(FATAL)
    try:
        with redirect_stdout(StringIO()):
            return onnxruntime.InferenceSession(
                content, options, providers=[item for item in wanted if item in available]
            )
    except Exception as error:  # ONNX Runtime's errors share no base but Exception
        if "external data" in str(error).lower():
            raise BackendError(
                f"{path} keeps weights in other files, which no hash covers: save it as one file "
                "(onnx.save with save_as_external_data=False)"
            ) from error
        reason = str(error).splitlines()[0]
        raise BackendError(f"{path} is no network that ONNX Runtime can load: {reason}") from error


def _provider_got(
    session: onnxruntime.InferenceSession, asked: str, allow_cpu_fallback: bool
) -> str:
    got = session.get_providers()
    if EXECUTION_PROVIDERS[asked] in got:
        return asked
    if allow_cpu_fallback:
        return "cpu"
    raise BackendError(
        f"asked for provider {asked}, got {', '.join(got)}: wanted CUDA's libraries and onnxruntime-gpu "
        "in the place of onnxruntime (gliobench doctor has the commands), or set provider = cpu or "
        "allow_cpu_fallback = true"
    )


def _card(session: onnxruntime.InferenceSession, path: Path, kind: str) -> ModelCard:
    metadata = session.get_modelmeta().custom_metadata_map
    if METADATA_KEY not in metadata:
        raise BackendError(f"{path} carries no model card: export it with gliobench export")
    card = read_card(metadata[METADATA_KEY], file=str(path))
    if card.kind != kind:
        raise BackendError(f"{path} is a {card.kind}: wanted a {kind}")
    return card


def read_card(text: str, *, file: str) -> ModelCard:
    """Read a card; fields of later versions are passed over.

    Args:
        text: As `ModelCard.to_json` wrote it.
        file: The network's, for messages.

    Raises:
        BackendError: It is no model card, or of a network that wants an input of another kind.
    """
    return read_document(
        partial(_FORM.validate_json, strict=True),
        text.encode("utf-8", "surrogateescape"),
        name=f"{file}: its model card cannot be read",
        raises=BackendError,
    )
