"""What tests of training share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest


@pytest.fixture(scope="module", autouse=True)
def operators_read_once() -> Iterator[None]:
    """Have PyTorch read its table of ONNX operators once: each export would again, for a second."""
    registration = pytest.importorskip("torch.onnx._internal.exporter._registration")
    registry = registration.ONNXRegistry
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "from_torchlib", staticmethod(cache(registry.from_torchlib)))
        yield


@pytest.fixture(scope="module")
def small_localizer(full: bool) -> Iterator[None]:
    """Narrower layers, and fewer and smaller windows, since size is not tested: those that ship at the full dose."""
    with pytest.MonkeyPatch.context() as patch:
        if not full:
            from gliobench.adapters.monai import localizer_batches, localizer_trainer, networks

            patch.setattr(networks, "COARSE_CHANNELS", (4, 8))
            patch.setattr(networks, "FINE_CHANNELS", 8)
            patch.setattr(networks, "FINE_BLOCKS", ((1, 1), (1,)))
            patch.setattr(localizer_batches, "WHOLE", (32, 32, 32))
            for name, lessons in localizer_trainer.LESSONS.items():
                small = replace(
                    lessons,
                    lesions=replace(lessons.lesions, batch_size=2),
                    windows=replace(lessons.windows, shape=(32, 32, 16)),
                )
                patch.setitem(localizer_trainer.LESSONS, name, small)
        yield
