"""What every picture encoder promises."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from fakes.fake_picture_encoder import FakePictureEncoder
from gliobench.adapters.pillow import WebpPictureEncoder
from gliobench.application.ports.picture_encoder import MEDIA_TYPE, PictureEncoder

ENCODERS = {"fake": FakePictureEncoder(), "webp": WebpPictureEncoder()}


def slope() -> np.ndarray:
    return np.add.outer(np.arange(96), np.arange(128)).astype(np.uint8)


@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS)
def test_the_same_picture_gives_the_same_bytes_and_another_others(encoder: PictureEncoder) -> None:
    assert encoder.encode(slope()) == encoder.encode(slope())
    assert encoder.encode(slope()) != encoder.encode(slope()[::-1])


def test_a_webp_picture_has_the_same_size_and_looks_the_same() -> None:
    file = WebpPictureEncoder().encode(slope())

    image = Image.open(BytesIO(file))
    seen = np.asarray(image.convert("L")).astype(int)
    assert f"image/{(image.format or '').lower()}" == MEDIA_TYPE
    assert seen.shape == (96, 128)
    assert np.abs(seen - slope()).mean() < 3
