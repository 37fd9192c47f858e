"""The size of a picture for a model, by the settings that families ship."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers")

from transformers import AutoImageProcessor
from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil
from transformers.models.llava_next.image_processing_pil_llava_next import (
    LlavaNextImageProcessorPil,
)
from transformers.models.pixtral.image_processing_pil_pixtral import PixtralImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from fakes.tiny_families import FAMILIES
from gliobench.adapters.transformers.hf.processor import open_processor, seen_edge, whole_edge
from gliobench.domain.errors import BackendError

QWEN25 = Qwen2VLImageProcessorPil(min_pixels=3136, max_pixels=12845056)
QWEN3 = Qwen2VLImageProcessorPil(
    patch_size=16, size={"shortest_edge": 65536, "longest_edge": 16777216}
)


@pytest.mark.parametrize(
    ("pictures", "edge"),
    [
        (QWEN25, 448),
        (QWEN3, 448),
        (Qwen2VLImageProcessorPil(min_pixels=3136, max_pixels=100_000), 308),
        (Qwen2VLImageProcessorPil(min_pixels=500_000, max_pixels=12845056), 728),
        (Gemma3ImageProcessorPil(size={"height": 896, "width": 896}), 896),
        (Idefics3ImageProcessorPil(), 1456),
        (PixtralImageProcessorPil(), 448),
        (LlavaNextImageProcessorPil(size={"shortest_edge": 336}, crop_size=336), 336),
    ],
)
def test_pictures_have_the_edge_that_a_family_does_not_resize(pictures: Any, edge: int) -> None:
    assert whole_edge(pictures, "model") == edge
    assert seen_edge(pictures, edge) == edge


@pytest.mark.parametrize(
    ("pictures", "sent", "seen"), [(QWEN25, 500, 504), (QWEN25, 40, 56), (QWEN3, 100, 256)]
)
def test_a_picture_that_is_resized_is_counted_as_the_model_sees_it(
    pictures: Any, sent: int, seen: int
) -> None:
    assert seen_edge(pictures, sent) == seen


def test_a_model_that_sees_no_edges_is_refused() -> None:
    cut = LlavaNextImageProcessorPil(size={"shortest_edge": 256}, crop_size=224)

    with pytest.raises(BackendError, match="edges cut off"):
        whole_edge(cut, "model")


def test_a_size_that_no_memory_holds_is_refused() -> None:
    with pytest.raises(BackendError, match=r"pictures of 100000 pixels: wanted 1 to 4096"):
        whole_edge(Gemma3ImageProcessorPil(size={"height": 10**5, "width": 10**5}), "model")


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_opens_without_torchvision_and_resizes_by_pillow(
    family: str, checkpoint_of: Callable[[str], Path]
) -> None:
    folder = str(checkpoint_of(family))

    processor = open_processor(folder, family)

    plain = AutoImageProcessor.from_pretrained(folder, backend="pil")
    assert type(processor.image_processor) is type(plain)
    assert type(plain).__name__.endswith("Pil")
    assert type(processor).__name__ == FAMILIES[family].pictures["processor_class"]


def test_a_family_without_a_processor_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="transformers has no processor for someone"):
        open_processor(str(tmp_path), "someone")


@pytest.mark.skipif(find_spec("torchvision") is not None, reason="torchvision is installed")
def test_a_processor_that_needs_more_says_what(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"cannot run: .*[Tt]orchvision"):
        open_processor(str(tmp_path), "mistral3")
