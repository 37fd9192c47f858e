from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("monai", reason="the extra `train` is not installed")

import onnxruntime
import torch

from fakes.onnx_file import GRADER_CARD, LOCALIZER_CARD
from gliobench.adapters.monai.networks import (
    CoarseToFine,
    GraderNetwork,
    coarse_network,
    fine_network,
)
from gliobench.adapters.monai.onnx_export import write_onnx
from gliobench.adapters.monai.torch_network import TorchNetwork
from gliobench.adapters.onnx.network import OnnxNetwork
from gliobench.domain.errors import BackendError
from gliobench.domain.networks.model_card import ModelCard

pytestmark = pytest.mark.usefixtures("small_localizer")


def trained(build: Callable[[], torch.nn.Module], card: ModelCard) -> TorchNetwork:
    """Give a network with weights and running means that are not those it starts with."""
    torch.manual_seed(0)
    network = build()
    with torch.no_grad():
        network.train()(torch.randn(2, 4, *card.input_shape))
    return TorchNetwork(network.eval(), replace(card, input_shape=card.input_shape))


def localizer() -> torch.nn.Module:
    return CoarseToFine(coarse_network(), fine_network(), window=(8, 16, 16))


@pytest.mark.parametrize(
    ("build", "card"),
    [
        (localizer, replace(LOCALIZER_CARD, input_shape=(16, 32, 16))),
        (GraderNetwork, replace(GRADER_CARD, input_shape=(16, 16, 16))),
    ],
    ids=["localizer", "grader"],
)
def test_an_exported_network_answers_as_before_and_carries_its_card(
    build: Callable[[], torch.nn.Module], card: ModelCard, tmp_path: Path
) -> None:
    network = trained(build, card)

    write_onnx(network, tmp_path / "network.onnx")

    exported = OnnxNetwork(tmp_path / "network.onnx", kind=card.kind, threads=1)
    assert exported.card == card
    inputs = np.random.default_rng(0).normal(size=(3, 4, *card.input_shape)).astype(np.float32)
    np.testing.assert_allclose(exported.run(inputs), network.run(inputs), atol=1e-4)
    session = onnxruntime.InferenceSession(tmp_path / "network.onnx")
    assert [one.name for one in session.get_outputs()] == ["logits"]
    assert session.get_inputs()[0].shape[1:] == [4, *card.input_shape]
    together = session.run(None, {"volumes": inputs})[0]
    np.testing.assert_allclose(together, exported.run(inputs), atol=1e-4)
    assert [path.name for path in tmp_path.iterdir()] == ["network.onnx"]
    assert b"stack_trace" not in (tmp_path / "network.onnx").read_bytes()  # names our folders


def test_a_network_that_cannot_be_exported_is_an_error_that_names_it(tmp_path: Path) -> None:
    class Undecided(torch.nn.Module):
        def forward(self, volumes: torch.Tensor) -> torch.Tensor:
            return volumes if volumes.sum() > 0 else -volumes

    card = replace(GRADER_CARD, input_shape=(4, 4, 4))

    with pytest.raises(BackendError, match="the grader cannot be exported"):
        write_onnx(TorchNetwork(Undecided(), card), tmp_path / "network.onnx")
