"""Preparations are saved by the content of the images, so that a second call computes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any

import numpy as np

from gliobench.application.datasets.study_images import StoredImage
from gliobench.application.ports.storage import Storage
from gliobench.application.prepare.preparation import (
    PREPARED_GRID,
    VERSION,
    ImageQuality,
    Preparation,
    Quality,
)
from gliobench.application.prepare.prepare_head import PrepareHead
from gliobench.domain.errors import FaultError, NotFoundError, StoreError
from gliobench.domain.geometry.rigid import Rigid
from gliobench.domain.studies.study import Modality

_DIGEST = 32


@dataclass(frozen=True, slots=True)
class SavedPreparations:
    """Prepares a study unless its preparation has been saved.

    A damaged file is made anew; a place that cannot be written to is used without saving.
    """

    prepare: PrepareHead
    place: Storage

    @property
    def fingerprint(self) -> str:
        """What decides a preparation besides the images."""
        return self.prepare.fingerprint

    def __call__(
        self,
        study_id: str,
        images: Mapping[Modality, StoredImage | FaultError],
        *,
        content: Callable[[], str],
    ) -> Preparation:
        """Prepare a study, or read how it was prepared.

        Raises:
            FaultError: As `PrepareHead`.
        """
        readable = sorted(
            m.value for m, image in images.items() if not isinstance(image, FaultError)
        )
        parts = f"{VERSION} {self.fingerprint} {readable} {content()}"
        name = f"{sha256(parts.encode()).hexdigest()}.npz"
        with suppress(NotFoundError, StoreError, ValueError):
            return decoded(self.place.read(name))
        made = self.prepare(study_id, images)
        with suppress(StoreError):
            self.place.write(name, encoded(made))
        return made


def encoded(made: Preparation) -> bytes:
    """Write a preparation, after a hash of what follows."""
    quality = asdict(made.quality)
    facts = {
        "anchor": made.anchor.value,
        "to_template": made.to_template.matrix.tolist(),
        "to_anchor": {m.value: motion.matrix.tolist() for m, motion in made.to_anchor.items()},
        "quality": {**quality, "images": {m.value: v for m, v in quality["images"].items()}},
    }
    file = BytesIO()
    bias = np.stack([made.bias[m] for m in made.to_anchor])
    np.savez_compressed(
        file, facts=np.array(json.dumps(facts)), brain=np.packbits(made.brain), bias=bias
    )
    return sha256(file.getvalue()).digest() + file.getvalue()


def decoded(content: bytes) -> Preparation:
    """Read a preparation.

    Raises:
        ValueError: The content is damaged.
    """
    digest, body = content[:_DIGEST], content[_DIGEST:]
    if sha256(body).digest() != digest:
        raise ValueError("a saved preparation is damaged")
    with np.load(BytesIO(body), allow_pickle=False) as held:
        facts: dict[str, Any] = json.loads(str(held["facts"]))
        bits = np.unpackbits(held["brain"], count=int(np.prod(PREPARED_GRID.shape)))
        bias = dict(zip(map(Modality, facts["to_anchor"]), held["bias"], strict=True))
    quality = facts["quality"]
    images = {Modality(m): ImageQuality(**numbers) for m, numbers in quality["images"].items()}
    return Preparation(
        anchor=Modality(facts["anchor"]),
        to_anchor={Modality(m): Rigid(np.array(a)) for m, a in facts["to_anchor"].items()},
        to_template=Rigid(np.array(facts["to_template"])),
        brain=bits.reshape(PREPARED_GRID.shape).astype(bool),
        bias=bias,
        quality=Quality(
            images, quality["brain_ml"], quality["template_overlap"], quality["uprightness"]
        ),
    )
