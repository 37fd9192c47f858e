"""The model card inside an ONNX file."""

from __future__ import annotations

from functools import partial

from pydantic import TypeAdapter

from gliobench.domain.errors import BackendError
from gliobench.domain.files.documents import read_document
from gliobench.domain.networks.model_card import ModelCard

_FORM = TypeAdapter(ModelCard)


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
