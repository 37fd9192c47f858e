"""What every network promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gliobench.application.ports.network import Network
from gliobench.domain.errors import BackendError

INPUTS = np.random.default_rng(0).normal(size=(3, 4, 16, 16, 16)).astype(np.float32)


def onnx_network(folder: Path) -> Network:
    pytest.importorskip("onnx", reason="the extra `train` is not installed")
    from fakes.onnx_file import LOCALIZER_CARD, write_localizer
    from gliobench.adapters.onnx.network import OnnxNetwork

    card = replace(LOCALIZER_CARD, input_shape=(16, 16, 16))
    return OnnxNetwork(write_localizer(folder / "tiny.onnx", card=card), kind="localizer")


def torch_network(_: Path) -> Network:
    torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
    pytest.importorskip("monai", reason="the extra `train` is not installed")
    from fakes.onnx_file import LOCALIZER_CARD
    from gliobench.adapters.monai.torch_network import TorchNetwork

    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv3d(4, 3, 3, padding=1), torch.nn.BatchNorm3d(3))
    return TorchNetwork(network.eval(), replace(LOCALIZER_CARD, input_shape=(16, 16, 16)))


@pytest.fixture(params=[onnx_network, torch_network])
def make(request: pytest.FixtureRequest) -> Callable[[Path], Network]:
    return request.param


def test_each_input_gets_finite_logits(make: Callable[[Path], Network], tmp_path: Path) -> None:
    logits = make(tmp_path).run(INPUTS)

    assert logits.shape == (3, 3, 16, 16, 16)
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()


def test_logits_do_not_depend_on_the_batch(make: Callable[[Path], Network], tmp_path: Path) -> None:
    network = make(tmp_path)

    together = network.run(INPUTS)

    for one, alone in zip(together, INPUTS, strict=True):
        np.testing.assert_array_equal(network.run(alone[np.newaxis])[0], one)


def test_logits_that_are_not_finite_are_an_error(
    make: Callable[[Path], Network], tmp_path: Path
) -> None:
    inputs = INPUTS.copy()
    inputs[1, 3, 8, 8, 8] = np.nan

    with pytest.raises(BackendError, match="not finite"):
        make(tmp_path).run(inputs)
