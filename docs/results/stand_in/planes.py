"""Pictures of phantoms, varied in every way that leaves the answers known."""

from dataclasses import dataclass
from math import exp
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gliobench.adapters.phantom import PhantomStudySource
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.study import Grade, Modality

SIZE = 128
"""Edge of a picture."""
SPACING_MM = 2.0
LEVELS = (0.5, 1, 2, 98, 99, 99.5)
"""Percentiles of a volume that its grey window is drawn from."""
MODALITIES = tuple(Modality)
SMALLEST_SHARE = 0.2
"""Of the largest cut through a tumour: smaller ones are not learned from."""


def draw_phantoms(folder: Path, *, seed: int, count: int) -> None:
    """Draw phantoms and keep every second plane of their tumours, (k, modality, y, x) upright."""
    folder.mkdir(parents=True, exist_ok=True)
    source = PhantomStudySource(count, seed=seed, spacing_mm=SPACING_MM)
    for study_id in source.study_ids():
        path = folder / f"{seed}_{study_id}.npz"
        if path.exists():
            continue
        study, reference = source.study(study_id), source.reference(study_id)
        volumes = [study.volume(modality) for modality in MODALITIES]
        whole = reference.regions[Region.WT]
        area = whole.sum((0, 1))
        cut = np.flatnonzero(area >= max(12, SMALLEST_SHARE * area.max()))
        planes = cut[(cut - area.argmax()) % 2 == 0]
        np.savez_compressed(
            path,
            grey=np.stack([_upright(volume[:, :, planes]) for volume in volumes], 1).astype(
                np.int16
            ),
            whole=_upright(whole[:, :, planes]),
            levels=np.stack([np.percentile(volume[volume > 0], LEVELS) for volume in volumes]),
            is_hgg=reference.grade is Grade.HGG,
        )


def _upright(planes: np.ndarray) -> np.ndarray:
    """(I, J, K) RAS+ to (K, y, x): the front at the top, the patient's right on the left."""
    return np.ascontiguousarray(planes.transpose(2, 1, 0)[:, ::-1, ::-1])


@dataclass
class Lesson:
    """Pictures and the truth about them: (n, SIZE, SIZE) grey 0..255, (n, SIZE, SIZE) bool, (n,)."""

    pictures: Tensor
    masks: Tensor
    is_hgg: Tensor


class Planes:
    """Planes of phantoms in memory.

    Args:
        paths: Files of `draw_phantoms`.
    """

    def __init__(self, paths: list[Path]) -> None:
        grey, whole, levels, is_hgg, study = [], [], [], [], []
        for number, path in enumerate(paths):
            with np.load(path) as file:
                grey.append(file["grey"])
                whole.append(file["whole"])
                levels += [file["levels"]] * len(whole[-1])
                is_hgg += [bool(file["is_hgg"])] * len(whole[-1])
                study += [number] * len(whole[-1])
        self._grey = torch.from_numpy(np.concatenate(grey))
        self._whole = torch.from_numpy(np.concatenate(whole))
        self._levels = torch.tensor(np.array(levels), dtype=torch.float32)
        self._is_hgg = torch.tensor(is_hgg)
        self._middle, self._span = _frame(self._grey[:, MODALITIES.index(Modality.T1C)] > 0)
        area = self._whole.sum((1, 2)).double().numpy()
        owner = np.array(study)
        greatest = np.maximum.reduceat(area, np.flatnonzero(np.diff(owner, prepend=-1)))
        share = area / greatest[owner]
        per_study = share / np.bincount(owner, share)[owner]
        self._chances = per_study / per_study.sum()
        self.largest = np.flatnonzero(share == 1.0)

    def plain(self, index: np.ndarray) -> Lesson:
        """Draw T1c as inference does, the brain filling the picture."""
        picked = torch.from_numpy(index)
        black, white = self._levels[picked, 1, 0], self._levels[picked, 1, -1]
        grey = self._grey[picked, 1].float()
        shown = _window(grey, black, white).clamp(0, 1) * (grey > 0)
        still = torch.eye(2, 3).expand(len(index), 2, 3)
        return self._lesson(shown, picked, self._sample_grid(still, picked), None)

    def varied(self, count: int, rng: np.random.Generator, shares: np.ndarray) -> Lesson:
        """Draw planes at random, larger cuts more often.

        Args:
            count: Of pictures; the few in which no tumour is left are replaced by others.
            rng: Decides everything.
            shares: How often each modality is shown.
        """
        index = rng.choice(len(self._chances), count + 4, p=self._chances)
        picked = torch.from_numpy(index)
        modality = torch.from_numpy(rng.choice(len(MODALITIES), len(index), p=shares))
        shown = _varied_grey(
            self._grey[picked, modality].float(), self._levels[picked, modality], rng
        )
        grid = self._sample_grid(_turns(len(index), rng), picked)
        cells = int(rng.integers(3, 7))
        bend = _field(rng, len(index), cells=cells, most=0.06, edge=SIZE, channels=2)
        lesson = self._lesson(shown, picked, grid + bend.permute(0, 2, 3, 1), rng)
        seen = lesson.masks.flatten(1).sum(1) >= 8
        return Lesson(
            lesson.pictures[seen][:count], lesson.masks[seen][:count], lesson.is_hgg[seen][:count]
        )

    def _sample_grid(self, turns: Tensor, picked: Tensor) -> Tensor:
        placed = turns * self._span[picked][:, None, None]
        placed[:, :, 2] += self._middle[picked]
        return functional.affine_grid(placed, [len(picked), 1, SIZE, SIZE], align_corners=False)

    def _lesson(
        self, shown: Tensor, picked: Tensor, grid: Tensor, rng: np.random.Generator | None
    ) -> Lesson:
        both = torch.stack([shown, self._whole[picked].float()], 1)
        drawn = functional.grid_sample(both, grid, align_corners=False)
        grey = drawn[:, 0] if rng is None else _blurred(drawn[:, 0], rng)
        return Lesson((grey.clamp(0, 1) * 255).round(), drawn[:, 1] > 0.5, self._is_hgg[picked])


def _frame(brain: Tensor) -> tuple[Tensor, Tensor]:
    """Return the middle and the longer side of each brain, in the units of `affine_grid`."""
    edge = brain.shape[-1]
    ends = []
    for across in (1, 2):
        seen = brain.any(across)
        at = torch.arange(edge)
        low = torch.where(seen, at, edge).amin(1).float()
        high = torch.where(seen, at, -1).amax(1).float() + 1
        ends.append((low, high))
    (x0, x1), (y0, y1) = ends
    middle = torch.stack([(x0 + x1) / edge - 1, (y0 + y1) / edge - 1], 1)
    return middle, torch.maximum(x1 - x0, y1 - y0) / edge


def _window(grey: Tensor, black: Tensor, white: Tensor) -> Tensor:
    return (grey - black[:, None, None]) / (white - black)[:, None, None]


def _uniform(rng: np.random.Generator, low: float, high: float, *shape: int) -> Tensor:
    return torch.from_numpy(rng.uniform(low, high, shape)).float()


def _each(rng: np.random.Generator, low: float, high: float, count: int) -> Tensor:
    return _uniform(rng, low, high, count)[:, None, None]


def _field(
    rng: np.random.Generator, count: int, *, cells: int, most: float, edge: int, channels: int = 1
) -> Tensor:
    """Draw smooth fields, each of its own strength up to `most`."""
    coarse = _uniform(rng, -1, 1, count, channels, cells, cells)
    strength = _uniform(rng, 0, most, count)[:, None, None, None]
    return functional.interpolate(
        coarse * strength, size=(edge, edge), mode="bicubic", align_corners=True
    )


def _varied_grey(grey: Tensor, levels: Tensor, rng: np.random.Generator) -> Tensor:
    """Vary window, contrast, shading, texture and noise of a plane, its background black."""
    count, edge = len(grey), grey.shape[-1]
    black = levels[:, 0] + (levels[:, 2] - levels[:, 0]) * _uniform(rng, 0, 1, count)
    white = levels[:, 3] + (levels[:, 5] - levels[:, 3]) * _uniform(rng, 0, 1.6, count)
    shown = _window(grey, black, white).clamp(0, 1.3)
    shown = shown ** torch.exp(_each(rng, -0.4, 0.8, count))
    inverted = torch.from_numpy(rng.random(count) < 0.04)[:, None, None]
    shown = torch.where(inverted, 1 - shown, shown)
    shading, texture = int(rng.integers(2, 6)), int(rng.integers(12, 60))
    shown = shown * torch.exp(_field(rng, count, cells=shading, most=0.35, edge=edge)[:, 0])
    shown = shown + _field(rng, count, cells=texture, most=0.10, edge=edge)[:, 0]
    noise = torch.from_numpy(rng.standard_normal(tuple(shown.shape))).float()
    shown = shown + noise * _each(rng, 0, 0.05, count)
    return shown.clamp(0, 1.2) * (grey > 0)


def _turns(count: int, rng: np.random.Generator) -> Tensor:
    """Draw turns, mirrorings, stretches, shears and shifts as (count, 2, 3) for `affine_grid`."""
    angle, shear = _uniform(rng, -0.2, 0.2, count), _uniform(rng, -0.1, 0.1, count)
    scale = torch.exp(_uniform(rng, -0.15, 0.22, count))
    longer = torch.exp(_uniform(rng, -0.1, 0.1, count))
    shift = _uniform(rng, -0.2, 0.2, count, 2)
    mirrored = torch.from_numpy(rng.integers(0, 2, count) * 2 - 1).float()
    cos, sin = torch.cos(angle), torch.sin(angle)
    x = torch.stack([mirrored * scale * longer * cos, -scale * (sin + shear), shift[:, 0]], -1)
    y = torch.stack([mirrored * scale * sin, scale / longer * cos, shift[:, 1]], -1)
    return torch.stack([x, y], 1)


def _blurred(grey: Tensor, rng: np.random.Generator) -> Tensor:
    """Blur about half of the pictures, all as much."""
    width = rng.uniform(0, 1)
    if width < 0.3:
        return grey
    tent = torch.tensor([exp(-(at**2) / 2 / width**2) for at in range(-2, 3)])
    tent = tent / tent.sum()
    soft = functional.conv2d(grey[:, None], tent.view(1, 1, 1, 5), padding=(0, 2))
    soft = functional.conv2d(soft, tent.view(1, 1, 5, 1), padding=(2, 0))[:, 0]
    chosen = torch.from_numpy(rng.random(len(grey)) < 0.5)[:, None, None]
    return torch.where(chosen, soft, grey)
