"""Views of a study as pictures, for training and inference alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.slices.pixels import GreyWindow, compose, tent_weights, to_bytes
from gliobench.domain.slices.view import Composition, SliceView
from gliobench.domain.studies.study import Modality


def render(
    volumes: Mapping[Modality, FloatArray],
    view: SliceView,
    composition: Composition,
    modalities: Sequence[Modality],
) -> NDArray[np.uint8]:
    """Draw one view of a study as one picture; see `render_all`.

    Returns:
        (size_px, size_px, 3) uint8, row 0 at the top; of several pictures the first.
    """
    return render_all(volumes, (view,), composition, modalities)[0][0]


def render_all(
    volumes: Mapping[Modality, FloatArray],
    views: Sequence[SliceView],
    composition: Composition,
    modalities: Sequence[Modality],
) -> tuple[tuple[NDArray[np.uint8], ...], ...]:
    """Draw views of a study.

    The window of grey is a volume's, not a slice's, and is measured once for all views.

    Args:
        volumes: (I, J, K) by modality, zero outside the brain, which is drawn black.
        views: Of the grid of the volumes.
        composition: How the modalities make pictures; a montage fills its panels row by row.
        modalities: As many as the composition shows, in its order.

    Returns:
        For each view its pictures: one, or one a modality; (size_px, size_px, 3) uint8, row 0 at the
        top.

    Raises:
        NotFoundError: A modality is missing.
        InvalidInputError: The modalities are not as many as the composition shows, a volume is
            zero everywhere, a view is of another grid, or a montage has an odd edge.
    """
    if len(modalities) != composition.modality_count:
        raise InvalidInputError(
            f"composition {composition.value} of {len(modalities)} modalities: "
            f"wanted {composition.modality_count}"
        )
    for modality in modalities:
        if modality not in volumes:
            raise NotFoundError(f"study has no {modality.value} ({modality.alias})")
    shown = [volumes[modality] for modality in modalities]
    windows = [GreyWindow.of(volume) for volume in shown]
    together = len(shown) // composition.picture_count
    parts = [slice(start, start + together) for start in range(0, len(shown), together)]
    return tuple(
        tuple(_picture(view, shown[part], windows[part], composition) for part in parts)
        for view in views
    )


def _picture(
    view: SliceView,
    volumes: Sequence[FloatArray],
    windows: Sequence[GreyWindow],
    composition: Composition,
) -> NDArray[np.uint8]:
    edge_px = composition.panel_px(view.size_px)
    if composition is Composition.MONTAGE and view.size_px % 2:
        raise InvalidInputError(f"montage of {view.size_px} pixels: wanted an even number")
    centres = ((np.arange(edge_px) + 0.5) / edge_px).tolist()
    firsts, seconds = np.array([view.to_plane((at, at)) for at in centres]).T
    across = tent_weights(view.shape[0], firsts, step=view.field_vox[0] / edge_px)
    down = tent_weights(view.shape[1], seconds, step=view.field_vox[1] / edge_px)
    panels = []
    for volume, window in zip(volumes, windows, strict=True):
        pixels = view.plane.cut(volume)
        if pixels.shape != view.shape:
            raise InvalidInputError(f"plane of {pixels.shape} voxels: the view is of {view.shape}")
        panels.append(to_bytes(down @ window.apply(pixels).T @ across.T))
    return compose(panels)
