"""Read the volumes of a study, several at a time."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.studies.study import Modality, Study


def load_modalities(
    study: Study, modalities: Iterable[Modality] = tuple(Modality)
) -> dict[Modality, NDArray[np.float32]]:
    """Read a study's volumes in threads: inflating lets other threads run.

    Afterwards the study holds them, so that whoever looks at it next waits no more.

    Returns:
        (I, J, K) float32 by modality, in the order asked for.

    Raises:
        NotFoundError: The study lacks one.
        InvalidInputError: One cannot be read, or does not lie on the study's grid.
    """
    wanted = tuple(modalities)
    with ThreadPoolExecutor(max_workers=len(wanted) or 1) as pool:
        return dict(zip(wanted, pool.map(study.volume, wanted), strict=True))
