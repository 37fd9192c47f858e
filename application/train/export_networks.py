"""Networks leave training only when they read real studies as they did inside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from gliobench.application.backends.network_backend import backend_of
from gliobench.application.datasets.dataset_labels import Track
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.study_source import StudySource
from gliobench.application.ports.trainer import TrainedNetworks
from gliobench.application.predict.ask_backend import ask
from gliobench.application.train.training_studies import learned_images
from gliobench.domain.errors import InvalidInputError, JobError
from gliobench.domain.metrics.localisation import centre_error_mm
from gliobench.domain.metrics.segmentation import dice
from gliobench.domain.predictions.forms import point_in_volume
from gliobench.domain.predictions.prediction import (
    Form,
    GradePrediction,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.studies.study import Study

LARGEST_SHIFT_MM = 0.5
SMALLEST_DICE = 0.999
GRADERS = ("grader.onnx", "grader.json")
"""Files of graders: of intensities, and of regions."""


@dataclass(frozen=True, slots=True)
class StudyParity:
    """How far two runtimes part on one study.

    Args:
        study_id: The study.
        grade_flipped: The grade differs, or only one of the two gave one.
        probability_apart: |ΔP(HGG)|; None where there was none.
        centre_moved_mm: Distance of the masks' centres; None where neither found a tumour.
        dice: Of the two masks; 1 where neither found a tumour, 0 where one did.
    """

    study_id: str
    grade_flipped: bool
    probability_apart: float | None
    centre_moved_mm: float | None
    dice: float

    @property
    def holds(self) -> bool:
        """Return whether the task's answer is the same."""
        near = self.centre_moved_mm is None or self.centre_moved_mm <= LARGEST_SHIFT_MM
        return not self.grade_flipped and near and self.dice >= SMALLEST_DICE


@dataclass(frozen=True, slots=True)
class ExportNetworks:
    """Exports the networks of training runs, if ONNX reads real studies as PyTorch does.

    Images of patients that the networks learned from, if they are among the studies, are named by
    hash in the exported files.

    Args:
        source: Real studies.
        networks_of: Loads the networks of a fold, the localizer beside each grader; of None those that
            learned from everybody.
        count_folds: Counts the folds of the runs.
        exported_backend: Runs the networks exported to a folder as the backend of a name.
        track: Wraps the ids of the studies that parity is checked on, e.g. in a progress bar.
    """

    source: StudySource
    networks_of: Callable[[int | None], Sequence[TrainedNetworks]]
    count_folds: Callable[[], int]
    exported_backend: Callable[[str, Path], Backend]
    track: Track = iter

    def __call__(
        self, out: Path, *, by_fold: bool = False, limit: int | None = None
    ) -> Iterator[tuple[Path, list[StudyParity]]]:
        """Export into a folder, or each fold's networks into `fold-0`, `fold-1` and so on in it.

        Args:
            out: The folder.
            by_fold: Export the folds' networks.
            limit: Check only the first studies.

        Yields:
            Each folder, and how alike both runtimes read the studies.

        Raises:
            NotFoundError: A run is not finished.
            InvalidInputError: There is no study, or no tumour was found in any.
            JobError: The runtimes disagree on a study; nothing of these networks is exported. Or the
                folder has a grader of an earlier export, that would be left beside another localizer.
        """
        for fold in range(self.count_folds()) if by_fold else [None]:
            folder = out if fold is None else out / f"fold-{fold}"
            yield folder, self._export(self.networks_of(fold), folder, limit)

    def _export(
        self, pairs: Sequence[TrainedNetworks], out: Path, limit: int | None
    ) -> list[StudyParity]:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=out, prefix=".export-") as temporary:
            folder = Path(temporary)
            rows: list[StudyParity] = []
            for n, trained in enumerate(pairs):
                rows += self._write(trained, folder / str(n), limit)
            parity = [asdict(row) for row in rows]
            (folder / "parity.json").write_text(json.dumps(parity, indent=1) + "\n")
            written = {path.name: path for path in sorted(folder.rglob("*")) if path.is_file()}
            _refuse_others(out, written)
            for name, path in written.items():
                path.replace(out / name)
        return rows

    def _write(
        self, trained: TrainedNetworks, folder: Path, limit: int | None
    ) -> list[StudyParity]:
        """Export a localizer and a grader alone into a folder, and check them there."""
        trained = trained.recognising(learned_images(self.source, trained.trained_on))
        before = backend_of(trained.localizer, trained.grader, provenance={"runtime": "PyTorch"})
        study_ids = self.track(self.source.study_ids()[:limit])
        folder.mkdir()
        trained.write(folder)
        after = self.exported_backend(before.name, folder)
        rows = check_parity(before, after, map(self.source.study, study_ids))
        _refuse_failures(rows)
        return rows


def _refuse_others(out: Path, written: Collection[str]) -> None:
    """Check that no grader in a folder is of an earlier localizer."""
    for name in GRADERS:
        if name not in written and (out / name).exists():
            raise JobError(
                f"{out / name} is of an earlier export, with another localizer: name its training run "
                "too, or choose another folder"
            )


def _refuse_failures(rows: list[StudyParity]) -> None:
    failed = [row for row in rows if not row.holds]
    if failed:
        worst = min(failed, key=lambda row: row.dice)
        raise JobError(
            f"parity fails on {len(failed)} of {len(rows)} studies, nothing is exported; "
            f"worst: {worst}"
        )


def check_parity(before: Backend, after: Backend, studies: Iterable[Study]) -> list[StudyParity]:
    """Ask both about the same real studies.

    Args:
        before: The networks as training left them.
        after: The same networks, exported.
        studies: One after the other, so that memory stays flat.

    Raises:
        InvalidInputError: There is no study, or none in which either found a tumour: parity on
            nothing would prove nothing.
    """
    results: list[StudyParity] = []
    answered = False
    for study in studies:
        ((first_grade, first_place),) = ask(before, [study])
        ((second_grade, second_place),) = ask(after, [study])
        flipped, apart = _grades(first_grade, second_grade)
        first_mask, second_mask = _mask(first_place), _mask(second_place)
        answered = answered or first_mask is not None or second_mask is not None
        moved_mm, overlap = _places(first_mask, second_mask)
        results.append(StudyParity(study.id, flipped, apart, moved_mm, overlap))
    if not results:
        raise InvalidInputError("no study to check the exported networks on")
    if not answered:
        raise InvalidInputError(
            f"no tumour was found in any of {len(results)} studies: check the networks on others"
        )
    return results


def _grades(first: object, second: object) -> tuple[bool, float | None]:
    if not isinstance(first, GradePrediction) or not isinstance(second, GradePrediction):
        return type(first) is not type(second), None
    if first.probability_hgg is None or second.probability_hgg is None:
        return first.grade is not second.grade, None
    return first.grade is not second.grade, abs(first.probability_hgg - second.probability_hgg)


def _mask(place: object) -> Mask | None:
    answer = place.answers.get(Form.MASK) if isinstance(place, LocalisationPrediction) else None
    return answer if isinstance(answer, Mask) else None


def _places(first: Mask | None, second: Mask | None) -> tuple[float | None, float]:
    if first is None or second is None:
        return None, float(first is second)
    moved_mm = centre_error_mm(
        reference=point_in_volume(first.whole),
        prediction=point_in_volume(second.whole),
        grid=first.grid,
    )
    return moved_mm, dice(reference=first.whole, prediction=second.whole)
