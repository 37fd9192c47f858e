"""Raw images, prepared as the settings say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import numpy as np

from gliobench.adapters.command.brain_extractor import BrainProgram, CommandBrainExtractor
from gliobench.adapters.nifti import write_image
from gliobench.adapters.nifti.image_file import ImageFile
from gliobench.adapters.nifti.mask_file import read_two_valued
from gliobench.adapters.onnx.backend import EMBEDDED_WEIGHTS
from gliobench.adapters.onnx.network import OnnxNetwork
from gliobench.adapters.phantom.mni152 import brain_template
from gliobench.application.ports.bias_field import BiasFieldEstimator
from gliobench.application.ports.brain_extractor import BrainExtractor, BrainTemplate
from gliobench.application.ports.registrar import Registrar
from gliobench.application.ports.storage import Storage
from gliobench.application.prepare.network_brain import NetworkBrainExtractor
from gliobench.application.prepare.prepare_head import OwnBrain, PrepareHead
from gliobench.application.prepare.saved_preparations import SavedPreparations
from gliobench.domain.files.content import digest_of
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.networks.model_card import BRAIN
from gliobench.entrypoints.progress import tracked
from gliobench.entrypoints.settings import PrepareSettings, Settings

_TEMPLATE_GRID = Grid(
    (120, 120, 78), np.array([[2, 0, 0, -238.5], [0, 2, 0, 0.5], [0, 0, 2, 0.5], [0, 0, 0, 1.0]])
)
"""BraTS's block of the world, in voxels of 2 mm."""
SAVED = "prepared"
"""Folder of the cache."""


def preparing(
    *,
    settings: Settings,
    registrar: Callable[[], Registrar],
    bias_fields: Callable[[], BiasFieldEstimator],
    open_storage: Callable[[str], Storage],
) -> SavedPreparations:
    """Return what prepares studies, as the settings say.

    Raises:
        MissingExtraError: The extra `prepare` is not installed.
        InvalidInputError: The command or the mask of the settings cannot be used.
        NotFoundError: There is no such program or file.
    """
    table = settings.prepare
    prepare = PrepareHead(
        registrar(),
        _extractor(table, settings.threads),
        bias_fields(),
        embedded_template,
        own_brain=_own_brain(table),
    )
    return SavedPreparations(prepare, open_storage(str(settings.cache_dir / SAVED)))


def tracking(study_ids: Iterable[str]) -> Iterable[str]:
    """Show the progress."""
    return tracked("preparing", study_ids)


@cache
def embedded_template() -> BrainTemplate:
    """Return the brain that heads are brought to.

    Raises:
        MissingExtraError: The extra `prepare` is not installed.
    """
    return brain_template(_TEMPLATE_GRID)


def _extractor(table: PrepareSettings, threads: int | None) -> BrainExtractor:
    if table.brain_command is None:
        network = OnnxNetwork(EMBEDDED_WEIGHTS / "brain.onnx", kind=BRAIN, threads=threads)
        return NetworkBrainExtractor(network, embedded_template, network.sha256)
    return CommandBrainExtractor(
        BrainProgram(table.brain_command, table.timeout_s, table.env),
        write_image=write_image,
        read_mask=read_two_valued,
        threads=threads,
    )


def _own_brain(table: PrepareSettings) -> OwnBrain | None:
    if table.brain_mask is None:
        return None
    image = ImageFile.open(table.brain_mask)
    return OwnBrain(image, digest_of(table.brain_mask))
