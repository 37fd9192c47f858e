"""From PyTorch to ONNX: fixed input shape, one named output, the card inside."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import onnx
import torch

from gliobench.adapters.monai.torch_network import TorchNetwork
from gliobench.domain.errors import BackendError
from gliobench.domain.networks.model_card import METADATA_KEY


def write_onnx(trained: TorchNetwork, path: Path) -> None:
    """Write a network; only the batch's length is free.

    Raises:
        BackendError: PyTorch cannot export it, or ONNX finds the result invalid.
    """
    example = torch.zeros(2, trained.card.channels, *trained.card.input_shape)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch 2.13 warns of its own deprecated inner calls
            logging.getLogger("torch.onnx").setLevel(logging.ERROR)
            torch.onnx.export(
                trained.network,
                (example,),
                path,
                input_names=["volumes"],
                output_names=["logits"],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                dynamo=True,
                external_data=False,
                verbose=False,
            )
        model = onnx.load(path)
        _forget_origin(model)
        entry = model.metadata_props.add()
        entry.key, entry.value = METADATA_KEY, trained.card.to_json()
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, path)
    except Exception as error:  # torch and onnx raise whatever their passes met
        raise BackendError(f"the {trained.card.kind} cannot be exported: {error}") from error


def _forget_origin(model: onnx.ModelProto) -> None:
    """Drop the stack traces that PyTorch leaves in a model: they name folders of this machine."""
    graph = model.graph
    for part in (*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]
    del graph.metadata_props[:]
    del model.metadata_props[:]
