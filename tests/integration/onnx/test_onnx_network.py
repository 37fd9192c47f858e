from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

onnx = pytest.importorskip("onnx", reason="the extra `train` is not installed")

from fakes.onnx_file import FLAIR, GRADER_CARD, LOCALIZER_CARD, write_grader, write_localizer
from gliobench.adapters.onnx.network import GPU_BATCH, OnnxNetwork
from gliobench.domain.errors import BackendError, InvalidInputError, NotFoundError

SHAPE = LOCALIZER_CARD.input_shape


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_localizer(tmp_path / "localizer.onnx")


def windows(count: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, 4, *SHAPE)).astype(np.float32)


def test_a_network_tells_its_card_its_provider_and_the_hash_of_its_file(path: Path) -> None:
    network = OnnxNetwork(path, kind="localizer")

    assert network.card == LOCALIZER_CARD
    assert network.provider == "cpu"
    assert len(network.sha256) == 64


def test_logits_are_those_of_the_network(path: Path) -> None:
    inputs = windows(1)

    logits = OnnxNetwork(path, kind="localizer").run(inputs)

    expected = 50 * (inputs[:, FLAIR] - 1.2)
    assert logits.dtype == np.float32
    for region in range(3):
        np.testing.assert_allclose(logits[:, region], expected, rtol=1e-4, atol=1e-3)


def test_a_batch_gives_what_its_parts_give_alone(path: Path) -> None:
    network, inputs = OnnxNetwork(path, kind="localizer", threads=1), windows(5)

    together = network.run(inputs)

    alone = [network.run(inputs[n : n + 1]) for n in range(5)]
    np.testing.assert_array_equal(together, np.concatenate(alone))


@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_a_provider_that_is_not_there_is_an_error_that_names_both(
    path: Path, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    only_cpu = ["CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: only_cpu)

    with pytest.raises(BackendError, match=f"asked for provider {provider}, got CPUExecution"):
        OnnxNetwork(path, kind="localizer", provider=provider)


def test_the_cpu_takes_over_only_where_that_is_allowed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_cpu = ["CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: only_cpu)

    network = OnnxNetwork(path, kind="localizer", provider="cuda", allow_cpu_fallback=True)

    assert network.provider == "cpu"


def test_an_unknown_provider_is_answered_with_the_known_ones(path: Path) -> None:
    with pytest.raises(InvalidInputError, match="'rocm': wanted one of cpu, cuda, tensorrt"):
        OnnxNetwork(path, kind="localizer", provider="rocm")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no weights at .*localizer\.onnx"):
        OnnxNetwork(tmp_path / "localizer.onnx", kind="localizer")


@pytest.mark.parametrize("content", [b"", b"not a network", b"\x08\x08\x12"])
def test_a_file_that_is_no_onnx_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "localizer.onnx"
    path.write_bytes(content)

    with pytest.raises(BackendError, match=r"localizer\.onnx is no network that ONNX Runtime"):
        OnnxNetwork(path, kind="localizer")


def test_a_file_cut_short_is_named(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(BackendError, match=r"localizer\.onnx"):
        OnnxNetwork(path, kind="localizer")


def test_a_network_without_a_card_is_refused(tmp_path: Path) -> None:
    path = write_localizer(tmp_path / "bare.onnx", card=None)

    with pytest.raises(BackendError, match=r"bare\.onnx carries no model card"):
        OnnxNetwork(path, kind="localizer")


def test_a_network_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = write_grader(tmp_path / "grader.onnx")

    with pytest.raises(BackendError, match=r"grader\.onnx is a grader: wanted a localizer"):
        OnnxNetwork(path, kind="localizer")


def test_logits_that_are_not_finite_are_an_error(tmp_path: Path) -> None:
    path = write_localizer(tmp_path / "nan.onnx", threshold=float("nan"))

    with pytest.raises(BackendError, match="not finite"):
        OnnxNetwork(path, kind="localizer").run(windows(1))


def test_an_input_of_another_shape_is_an_error_that_names_it(path: Path) -> None:
    with pytest.raises(BackendError, match=r"failed on \(1, 4, 8, 8, 8\)"):
        OnnxNetwork(path, kind="localizer").run(np.zeros((1, 4, 8, 8, 8), dtype=np.float32))


def test_a_grader_gives_one_logit_a_crop(tmp_path: Path) -> None:
    card = replace(GRADER_CARD, input_shape=(4, 4, 4))
    network = OnnxNetwork(write_grader(tmp_path / "grader.onnx", card=card), kind="grader")
    crops = np.zeros((2, 4, 4, 4, 4), dtype=np.float32)
    crops[1, FLAIR] = 1.5

    np.testing.assert_allclose(network.run(crops), [[0.0], [3.0]])


def test_weights_outside_of_the_file_are_refused_wherever_they_lie(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    onnx.save(
        onnx.load(path),
        tmp_path / "parted.onnx",
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    monkeypatch.chdir(tmp_path)

    with pytest.raises(BackendError, match="keeps weights in other files, which no hash covers"):
        OnnxNetwork(tmp_path / "parted.onnx", kind="localizer")


def test_a_file_that_is_replaced_while_it_is_opened_runs_as_it_was_hashed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs, before = windows(1), OnnxNetwork(path, kind="localizer")
    opened = onnxruntime.InferenceSession

    def replaced_meanwhile(*arguments: object, **named: object) -> object:
        path.write_bytes(b"another network")
        return opened(*arguments, **named)

    monkeypatch.setattr(onnxruntime, "InferenceSession", replaced_meanwhile)

    network = OnnxNetwork(path, kind="localizer")

    assert network.sha256 == before.sha256
    np.testing.assert_array_equal(network.run(inputs), before.run(inputs))


@pytest.mark.gpu
def test_a_gpu_gives_the_logits_of_the_cpu(path: Path) -> None:
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has no CUDA")
    inputs = windows(GPU_BATCH + 1)

    logits = OnnxNetwork(path, kind="localizer", provider="cuda").run(inputs)

    on_cpu = OnnxNetwork(path, kind="localizer").run(inputs)
    np.testing.assert_allclose(logits, on_cpu, rtol=1e-3, atol=1e-2)
