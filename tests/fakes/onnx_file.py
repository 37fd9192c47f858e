"""Tiny networks as ONNX files: what they answer can be worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from gliobench.domain.networks.grader_input import GraderGeometry
from gliobench.domain.networks.model_card import METADATA_KEY, ModelCard

T1C, FLAIR = 1, 3
"""Their channels in the networks' input."""
Z_OF_TUMOUR = 1.2
"""A fake case's tumour lies above, its brain below."""
STEEPNESS = 50.0

LOCALIZER_CARD = ModelCard(
    kind="localizer",
    architecture="one threshold",
    input_shape=(16, 24, 16),
    spacing_mm=(2.0, 2.0, 2.0),
    training_data="0f" * 32,
    trained_on=("aa", "bb"),
)
GRADER_CARD = replace(
    LOCALIZER_CARD,
    kind="grader",
    architecture="one mean",
    input_shape=GraderGeometry().shape,
    spacing_mm=GraderGeometry().spacing_mm,
    trained_on=("bb", "cc"),
    temperature=2.0,
)

SLICE_LOCALIZER_CARD = replace(
    LOCALIZER_CARD,
    input_shape=(16, 16, 1),
    spacing_mm=(1.0, 1.0, 1.0),
    modalities=("t1c",),
    regions=("WT",),
)
SLICE_GRADER_CARD = replace(
    SLICE_LOCALIZER_CARD,
    kind="grader",
    input_shape=(8, 8, 1),
    trained_on=("bb", "cc"),
    temperature=2.0,
)


def write_localizer(
    path: Path,
    *,
    card: ModelCard | None = LOCALIZER_CARD,
    threshold: float = Z_OF_TUMOUR,
    channels: Sequence[int] = (-1,),
) -> Path:
    """Write a network that takes for tumour what is brighter than a z-score on its last modality.

    Args:
        path: Its file.
        card: What travels with it; None leaves it out.
        threshold: Of that z-score; NaN makes its logits NaN.
        channels: Of the modalities whose z-scores are added up instead.
    """
    regions, modalities = _channels(card or LOCALIZER_CARD)
    weight = np.zeros((regions, modalities, 1, 1, 1), dtype=np.float32)
    weight[:, list(channels)] = STEEPNESS
    bias = np.full(regions, -STEEPNESS * threshold, dtype=np.float32)
    nodes = [helper.make_node("Conv", ["volumes", "weight", "bias"], ["logits"])]
    shape = card.input_shape if card else LOCALIZER_CARD.input_shape
    return _write(
        path,
        card,
        nodes=nodes,
        weights={"weight": weight, "bias": bias},
        shape=shape,
        answer=[regions, *shape],
    )


def write_grader(path: Path, *, card: ModelCard = GRADER_CARD, gain: float = 2.0) -> Path:
    """Write a network whose logit is a multiple of the mean z-score on its last modality.

    Args:
        path: Its file.
        card: What travels with it.
        gain: The multiple.
    """
    weight = np.zeros((len(card.modalities), 1), dtype=np.float32)
    weight[-1] = gain
    nodes = [
        helper.make_node("GlobalAveragePool", ["volumes"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["means"]),
        helper.make_node("MatMul", ["means", "weight"], ["logits"]),
    ]
    return _write(
        path, card, nodes=nodes, weights={"weight": weight}, shape=card.input_shape, answer=[1]
    )


def write_weights(folder: Path, *, trained_on: tuple[str, ...] | None = None) -> Path:
    """Write both networks as the backend `cnn-onnx` finds them."""
    return _write_both(folder, LOCALIZER_CARD, GRADER_CARD, trained_on)


def write_subset_weights(folder: Path) -> Path:
    """Write both networks, whose cards say that they answer about studies that lack modalities.

    Tumour is what is bright on T1c or FLAIR; the grade is that of FLAIR.
    """
    folder.mkdir(parents=True, exist_ok=True)
    localizer, grader = (
        replace(card, modality_dropout=True) for card in (LOCALIZER_CARD, GRADER_CARD)
    )
    write_localizer(folder / "localizer.onnx", card=localizer, channels=(T1C, FLAIR))
    write_grader(folder / "grader.onnx", card=grader)
    return folder


def write_slice_weights(folder: Path, *, trained_on: tuple[str, ...] | None = None) -> Path:
    """Write both networks as the backend `cnn-2d-onnx` finds them."""
    return _write_both(folder, SLICE_LOCALIZER_CARD, SLICE_GRADER_CARD, trained_on)


def _write_both(
    folder: Path, localizer: ModelCard, grader: ModelCard, trained_on: tuple[str, ...] | None
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if trained_on is not None:
        localizer = replace(localizer, trained_on=trained_on)
        grader = replace(grader, trained_on=trained_on)
    write_localizer(folder / "localizer.onnx", card=localizer)
    write_grader(folder / "grader.onnx", card=grader)
    return folder


def _channels(card: ModelCard) -> tuple[int, int]:
    return len(card.regions), len(card.modalities)


def _write(
    path: Path,
    card: ModelCard | None,
    *,
    nodes: list[onnx.NodeProto],
    weights: dict[str, np.ndarray],
    shape: tuple[int, int, int],
    answer: list[int],
) -> Path:
    _, seen = _channels(card or LOCALIZER_CARD)
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("volumes", TensorProto.FLOAT, ["batch", seen, *shape])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", *answer])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    # versions that every ONNX Runtime of ours reads; the newest onnx writes newer ones by default
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    if card is not None:
        helper.set_model_props(model, {METADATA_KEY: card.to_json()})
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    return path
