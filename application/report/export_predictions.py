"""Write what a run predicted into files that other tools, and `gliobench import`, can read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeAlias

import numpy as np

from gliobench.application.evaluate.evaluate_batch import scored_keys
from gliobench.application.ports.run_store import RunManifest, RunStore, StudyPrediction
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import InvalidInputError, JobError
from gliobench.domain.evaluation.place_numbers import numbers_of
from gliobench.domain.files.tables import write_csv
from gliobench.domain.files.whole import write_whole
from gliobench.domain.geometry.grids import Box, Box3D, Point, Point3D, Polygon
from gliobench.domain.labels.conventions import BUILT_IN, LabelConvention
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
    Mask,
    NoTumour,
)
from gliobench.domain.predictions.reasons import write_reasons
from gliobench.domain.studies.study import Grade, Study
from gliobench.domain.studies.study_ids import LONGEST_NAME

AT_ONCE = 16
"""Studies whose masks are in memory."""
FAILED = ("failure", "failure_detail")
SET = ("grade_set", "set_coverage")
Cells: TypeAlias = list[object]
WriteMask: TypeAlias = Callable[[Path, Mask, Study, LabelConvention], None]


class Layout(str, Enum):
    """What is written."""

    BRATS = "brats"
    """Masks `<id>.nii.gz` in the dataset's convention, and `failures.csv`."""
    NNUNET = "nnunet"
    """The same in nnU-Net's order of labels."""
    CSV = "csv"
    """Tables of grades, points, boxes and polygons, each with its failures."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Args:
        options: Of `gliobench import`, with the file or folder of each.
        labels: The convention of the masks; None without masks.
        left_out: What the layout does not hold, in words.
    """

    options: Mapping[str, Path]
    labels: LabelConvention | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportPredictions:
    """Writes the predictions that a run was scored by.

    Args:
        write_mask: Writes one mask.
    """

    write_mask: WriteMask

    def __call__(
        self,
        run: RunStore,
        out: Path,
        layout: Layout,
        *,
        shards: Sequence[RunStore] = (),
        source: StudySource | None = None,
        labels: LabelConvention | None = None,
    ) -> Exported:
        """Write files from which the same scores follow, to the last bit.

        Args:
            run: Scored.
            out: Folder, made where it is not there.
            layout: What to write.
            shards: Those that it was merged from, which keep its predictions.
            source: Of the studies, whose files' orientation masks are written in; None writes RAS+.
            labels: Convention of the masks; None takes the run's, if it has the masks' regions and no
                others, or one that has.

        Raises:
            NotFoundError: There is no scored run.
            InvalidInputError: The run holds nothing of the layout, the convention loses voxels, or the
                folder has a mask of a study of which the run has none.
            JobError: The run cannot be read, lacks a prediction, or the folder cannot be written.
        """
        manifest = run.manifest()
        if layout is Layout.CSV:
            return _write_tables([run, *shards], manifest, out)
        if Form.MASK not in manifest.forms:
            raise InvalidInputError(
                f"the run of {manifest.backend} has no masks: wanted layout {Layout.CSV.value}"
            )
        stores = [run, *shards]
        return self._write_masks(stores, manifest, out, layout, source=source, labels=labels)

    def _write_masks(
        self,
        stores: Sequence[RunStore],
        manifest: RunManifest,
        out: Path,
        layout: Layout,
        *,
        source: StudySource | None,
        labels: LabelConvention | None,
    ) -> Exported:
        used: LabelConvention | None = labels
        failures: list[Cells] = []
        confidences: list[Cells] = []
        for said in _predictions(stores, manifest):
            answer = _answer(said, Form.MASK)
            confidences += _confidences(said)
            if not isinstance(answer, Mask):
                _check_absent(out / _file_name(said.study_id))
                failures.append([said.study_id, *_failed(answer)])
                continue
            used = used or _convention(answer, manifest, layout)
            _check_lossless(said.study_id, answer, used)
            study = (
                Study(said.study_id, said.study_id, answer.grid, {})
                if source is None
                else source.study(said.study_id)
            )
            self.write_mask(out / _file_name(said.study_id), answer, study, used)
        write_whole(out / "failures.csv", write_csv(["study_id", *FAILED], failures).encode())
        if confidences:
            columns = ["study_id", "confidence", *(region.value for region in Region)]
            text = write_csv(columns, confidences)
            write_whole(out / "confidence.csv", text.encode())
        left = ["grades"] * manifest.grades + [form.value for form in _others(manifest)]
        return Exported({"--masks": out}, used or BUILT_IN["tumour"], tuple(left))


def _confidences(said: StudyPrediction) -> Iterator[Cells]:
    """Lay out how sure a backend is of a study's mask; nothing where it does not say."""
    place = said.localisation
    if isinstance(place, LocalisationPrediction) and place.confidence is not None:
        inner = (place.region_confidence.get(region, "") for region in Region)
        yield [said.study_id, place.confidence, *inner]


def _others(manifest: RunManifest) -> list[Form]:
    return sorted(manifest.forms - {Form.MASK})


def _convention(mask: Mask, manifest: RunManifest, layout: Layout) -> LabelConvention:
    """Return the first convention that has the mask's regions and no others."""
    own = [manifest.labels.convention] if manifest.labels else []
    first = [BUILT_IN["nnunet-brats"]] if layout is Layout.NNUNET else own
    usual = (BUILT_IN["brats-gli-2017"], BUILT_IN["tumour"])
    for convention in (*first, *usual, *BUILT_IN.values()):
        if convention.regions.keys() == mask.regions.keys():
            return convention
    regions = ", ".join(mask.regions)
    raise InvalidInputError(
        f"masks of {manifest.backend} have the regions {regions}: wanted labels, a convention of these"
    )


def _check_lossless(study_id: str, mask: Mask, convention: LabelConvention) -> None:
    again = convention.split(convention.merge(mask.regions))
    lost = [
        region.value
        for region, voxels in mask.regions.items()
        if not np.array_equal(again.get(region, ~voxels), voxels)
    ]
    if lost:
        raise InvalidInputError(
            f"study {study_id}: {', '.join(lost)} cannot be written in {convention.name}: wanted labels "
            "of another convention"
        )


def _check_absent(mask: Path) -> None:
    if mask.exists():
        raise InvalidInputError(
            f"{mask} is another run's: this run has no mask of the study: wanted an empty folder"
        )


def _file_name(study_id: str) -> str:
    name = f"{study_id}.nii.gz"
    if "\\" in study_id or len(name.encode()) > LONGEST_NAME:
        raise InvalidInputError(f"study {study_id}: no file can bear its name")
    return name


def _write_tables(stores: Sequence[RunStore], manifest: RunManifest, out: Path) -> Exported:
    graded = [_grades(manifest)] if manifest.grades else []
    tables = graded + [table for forms, table in PLACES if manifest.forms & forms]
    if not tables:
        raise InvalidInputError(
            f"the run of {manifest.backend} has masks alone: wanted layout {Layout.BRATS.value}"
        )
    rows: dict[str, list[Cells]] = {table.option: [] for table in tables}
    for said in _predictions(stores, manifest):
        for table in tables:
            rows[table.option] += table.rows(said, manifest)
    written = {}
    for table in tables:
        path = out / f"{table.option}.csv"
        write_whole(path, write_csv(table.columns, rows[table.option]).encode())
        written[f"--{table.option}"] = path
    return Exported(written, left_out=("masks",) * (Form.MASK in manifest.forms))


@dataclass(frozen=True, slots=True)
class _Table:
    """One file of the layout `csv`.

    Args:
        option: Of `gliobench import`, and the file's name.
        columns: Its header.
        rows: Of one study.
    """

    option: str
    columns: Sequence[str]
    rows: Callable[[StudyPrediction, RunManifest], Iterable[Cells]]


def _grades(manifest: RunManifest) -> _Table:
    """Lay grades out; of another target than the grade, 1 and the probability of its positive class."""
    if manifest.target.is_grade:
        columns = ["study_id", "grade", "probability_hgg"]
    else:
        columns = ["study_id", "prediction", "probability"]
    return _Table("grades", [*columns, *SET, "reasons", *FAILED], _grade_rows)


def _grade_rows(said: StudyPrediction, manifest: RunManifest) -> Iterator[Cells]:
    grade = said.grade
    if isinstance(grade, GradePrediction):
        is_positive = int(grade.grade is Grade.HGG)
        name = grade.grade.value if manifest.target.is_grade else is_positive
        kept = [grade.grade_set.named, grade.grade_set.coverage] if grade.grade_set else ["", ""]
        because = write_reasons(grade.reasons)
        yield [said.study_id, name, grade.probability_hgg, *kept, because, "", ""]
    else:
        yield [said.study_id, "", "", "", "", "", *_failed(grade)]


def _places(option: str, columns: Sequence[str], forms: Sequence[Form]) -> _Table:
    def rows(said: StudyPrediction, manifest: RunManifest) -> Iterator[Cells]:
        place = said.localisation
        oracle = isinstance(place, LocalisationPrediction) and place.oracle
        sure = place.confidence if isinstance(place, LocalisationPrediction) else None
        for form in forms:
            if form not in manifest.forms:
                continue
            answer = _answer(said, form)
            head: Cells = [said.study_id, form.value, str(oracle).lower(), "RAS"]
            if isinstance(answer, Failure | NoTumour) or answer is None:
                yield [*head, *[""] * (len(columns) + 1), sure, *_failed(answer)]
            else:
                yield [*head, *_numbers(answer), sure, "", ""]

    return _Table(
        option,
        ["study_id", "form", "oracle", "frame", "axis", *columns, "confidence", *FAILED],
        rows,
    )


def _numbers(place: object) -> Cells:
    """Lay a place out: the axis across its plane, then coordinates of the RAS+ grid."""
    match place:
        case Point() | Box():
            return [place.plane.axis.name.lower(), *numbers_of(place.in_volume)]
        case Polygon(plane=plane):
            vertices = [Point(plane, vertex).in_volume.at for vertex in place.vertices]
            return [plane.axis.name.lower(), json.dumps(vertices)]
        case Point3D() | Box3D():
            return ["", *numbers_of(place)]
    raise InvalidInputError(f"a {type(place).__name__} is more than a few numbers")


_CORNERS = ["i_start", "j_start", "k_start", "i_stop", "j_stop", "k_stop"]
PLACES = tuple(
    (frozenset(forms), _places(option, columns, forms))
    for option, columns, forms in (
        ("points", ["i", "j", "k"], (Form.POINT, Form.POINT_3D)),
        ("boxes", _CORNERS, (Form.BOX, Form.BOX_3D)),
        ("polygons", ["vertices"], (Form.POLYGON,)),
    )
)
"""The forms and the file of each kind of place of the layout `csv`, in order."""


def _answer(said: StudyPrediction, form: Form) -> object:
    place = said.localisation
    return place.answers.get(form) if isinstance(place, LocalisationPrediction) else place


def _failed(answer: object) -> Cells:
    """Return the cells of a failure; of no tumour, those that are read as that answer."""
    if isinstance(answer, Failure):
        return [answer.reason.value, answer.detail]
    if isinstance(answer, NoTumour):
        return [FailureReason.NO_TUMOUR_FOUND.value, "no tumour"]
    return [FailureReason.MISSING_PREDICTION.value, "no answer"]


def _predictions(stores: Sequence[RunStore], manifest: RunManifest) -> Iterator[StudyPrediction]:
    """Read the predictions that the first store's scores are of, in the order of the studies."""
    keys = scored_keys(manifest, stores[0].scores())
    ordered = sorted(keys)
    for start in range(0, len(ordered), AT_ONCE):
        some = ordered[start : start + AT_ONCE]
        found: dict[str, StudyPrediction] = {}
        for store in stores:
            wanted = {keys[study_id] for study_id in some if study_id not in found}
            found |= {said.study_id: said for said in store.predictions(wanted)} if wanted else {}
        if missing := [study_id for study_id in some if study_id not in found]:
            raise JobError(
                f"the run keeps no prediction of study {missing[0]}: wanted a whole run, or its shards"
            )
        yield from (found[study_id] for study_id in some)
