"""The prediction of one study in the words of a radiological report, for terminal, notebook and page."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from gliobench.application.ports.prediction_page import Observation
from gliobench.application.predict.study_reading import NoPlace, Place, StudyReading
from gliobench.domain.geometry.grids import Box3D, Plane, Voxel
from gliobench.domain.geometry.orientation import axis_codes, reorient_plane
from gliobench.domain.labels.regions import Region
from gliobench.domain.position.diameters import Diameters
from gliobench.domain.position.lesion import Lesion, Side
from gliobench.domain.predictions.prediction import Failure, GradePrediction, NoTumour
from gliobench.domain.predictions.reasons import reasons_text
from gliobench.domain.studies.study import Modality, SliceChoice, Study

DISCLAIMER = "Research use only: not for diagnosis, nor for any decision about a patient."
NOT_FOUND = "no tumour found"
WEIGHTS = "log-odds of HGG in brackets"
"""What the numbers beside the reasons of a grade are."""


@dataclass(frozen=True, slots=True)
class FileSlice:
    """An axial slice as the study's files count it.

    Args:
        index: From 0.
        count: Slices along the axis.
        file_axis: The axis of the files that counts them: 0, 1 or 2.
    """

    index: int
    count: int
    file_axis: int


def file_slice(study: Study, plane: Plane) -> FileSlice:
    """Return a slice of the study's RAS+ grid as one of its files."""
    axis, index = reorient_plane(plane, source=study.grid, target=study.file_grid)
    return FileSlice(index, study.file_grid.shape[axis], axis)


def _unseen(absent: Collection[Modality]) -> list[str]:
    """Return what cannot be seen without these modalities, in at most one line."""
    if Modality.T1C in absent:
        return ["enhancing tumour cannot be seen"]
    if {Modality.T2W, Modality.T2F} <= set(absent):
        return ["oedema can hardly be seen, and places and masks are often wrong"]
    return []


def warnings_of(reading: StudyReading) -> list[str]:
    """Return what a reader has to know before the answer."""
    choice, facts = reading.study.plane_choice, reading.backend.facts
    found = ["SIMULATED: a phantom, not a patient"] if reading.study.is_simulated else []
    found += [f"IMPLAUSIBLE: {fault.sentence}" for fault in reading.implausible]
    if choice is None and (absent := reading.study.absent):  # a single slice is whole with one
        names = ", no ".join(f"{m.value} ({m.alias})" for m in absent)
        found.append(": ".join([f"INCOMPLETE: no {names}", *_unseen(absent)]))
    found += [f"OUT OF SCOPE? {fault.sentence}" for fault in reading.out_of_scope]
    found += [facts.stand_in] if facts.stand_in else []
    if choice is not None and choice.counts_as_oracle:
        found.append(_CHOICES[choice])
    elif reading.on_slice and reading.on_slice.oracle:
        found.append(_CHOICES[SliceChoice.ORACLE])
    return found


def observations(reading: StudyReading) -> Iterator[Observation]:
    """Yield the report, a line each; what the backend does not offer has none."""
    grade, place, lesion, drawn = reading.grade, reading.place, reading.lesion, reading.on_slice
    yield from _grade(grade) if isinstance(grade, GradePrediction) else ()
    yield from _unanswered("Grade", grade)
    yield from _unanswered("Location", place)
    if lesion is not None:
        yield Observation("Location", _location(lesion))
        yield Observation("Midline", _midline(lesion))
        if lesion.diameters is not None:
            yield Observation("Size", _size(lesion.diameters, lesion.longest_mm))
    if isinstance(place, Place):
        if place.box_vox and place.size_mm and place.mask is None:
            yield Observation("Box", _box(place.box_vox, place.size_mm))
        if place.volumes_mm3 and reading.study.plane_choice is None:
            volumes = (f"{r.value} {mm3 / 1000:.1f} ml" for r, mm3 in place.volumes_mm3.items())
            yield Observation("Volume", ", ".join(volumes))
        centre = f"{_numbers(place.centre_mm)} mm (RAS+), voxel {_numbers(place.centre_vox)}"
        yield Observation("Centre", centre)
    yield from _confidence(place)
    if lesion is not None:
        yield Observation("Slice", slice_text(file_slice(reading.study, lesion.plane)))
    if drawn is not None:
        yield from _unanswered("Box", drawn.box)
        yield from _unanswered("Outline", drawn.polygon)
        if drawn.box_vox and drawn.size_mm:
            yield Observation("Box", _box(drawn.box_vox, drawn.size_mm))
    yield Observation("Input check", _input(reading))


def grade_text(grade: GradePrediction) -> str:
    """Write a grade and, if there is one, its probability in one line."""
    probability = grade.probability_hgg
    odds = "" if probability is None else f", P(HGG) = {probability:.2f}"
    return f"{grade.grade.value}{odds}{_set_text(grade)}"


def _set_text(grade: GradePrediction) -> str:
    if (kept := grade.grade_set) is None:
        return ""
    level = f"at {100 * kept.coverage:g} %"
    match [grade.value for grade in kept.grades]:
        case []:
            return f"; unlike LGG and HGG {level}"
        case [only] if only != grade.grade.value:
            return f"; doubtful: {only} alone is not excluded {level}"
        case [only]:
            return f"; {only} alone {level}"
        case several:
            return f"; {' or '.join(several)}, not decided {level}"


def slice_text(found: FileSlice) -> str:
    """Write an axial slice in one line."""
    if found.count == 1:
        return "the only slice"
    axis = _FILE_AXES[found.file_axis]
    return f"axial slice {found.index} of 0 to {found.count - 1} (the files' {axis} axis)"


_CHOICES = {
    SliceChoice.ORACLE: "oracle slice: chosen with the reference mask",
    SliceChoice.NOT_STATED: "selection of the slice not stated: counts as an oracle slice",
}
_FILE_AXES = ("first", "second", "third")


def _grade(grade: GradePrediction) -> Iterator[Observation]:
    yield Observation("Grade", grade_text(grade))
    if grade.reasons:
        yield Observation("Reasons", f"{reasons_text(grade.reasons)}; {WEIGHTS}")


def _unanswered(title: str, item: object) -> Iterator[Observation]:
    if isinstance(item, Failure):
        yield Observation(title, f"{item.reason.value}: {item.detail}", is_failure=True)
    elif isinstance(item, NoPlace | NoTumour):
        yield Observation(title, NOT_FOUND)


def _location(lesion: Lesion) -> str:
    if not lesion.regions:
        return f"{lesion.side.value}; region not estimated: {lesion.no_region}"
    main, *others = lesion.regions
    share = "at the centre" if main.share is None else f"{100 * main.share:.0f} % of the tumour"
    rest = "".join(f", {item.name} ({100 * (item.share or 0):.0f} %)" for item in others)
    side = "midline; " if lesion.side is Side.MIDLINE and main.side else ""
    return f"{side}{main.name} (approximate, {share}){rest}"


def _midline(lesion: Lesion) -> str:
    beside = "from" if lesion.side is Side.MIDLINE else f"{lesion.side.value} of"
    centre = f"centre {lesion.centre_to_midline_mm:.0f} mm {beside} the midline"
    if lesion.edge_to_midline_mm is None:
        return centre
    if lesion.edge_to_midline_mm == 0:
        return f"{centre}; the tumour crosses it"
    return f"{centre}, nearest edge {lesion.edge_to_midline_mm:.0f} mm"


def _size(on_slice: Diameters, in_volume_mm: float | None) -> str:
    size = f"{on_slice.longest_mm:.0f} × {on_slice.perpendicular_mm:.0f} mm on the axial slice"
    return size if in_volume_mm is None else f"{size}, {in_volume_mm:.0f} mm in the volume"


def _confidence(place: Place | NoPlace | Failure | None) -> Iterator[Observation]:
    if not isinstance(place, Place | NoPlace) or place.confidence is None:
        return
    said = f"{place.confidence:.2f}"
    if isinstance(place, NoPlace):
        yield Observation("Confidence", f"{said} that there is no tumour")
        return
    inner = (
        f", {region.value} {share:.2f}"
        for region, share in place.region_confidence.items()
        if region is not Region.WT
    )
    expected = " (expected Dice)" if place.mask else ""
    yield Observation("Confidence", f"{said}{expected}{''.join(inner)}")


def _box(box: Box3D, size_mm: Voxel) -> str:
    return f"{_edges(size_mm)} mm, voxels {box.start} to {box.stop}"


def _input(reading: StudyReading) -> str:
    grid = reading.study.file_grid
    faults = ", ".join(fault.kind.value for fault in reading.implausible)
    strange = ", ".join(fault.kind.value for fault in reading.out_of_scope)
    check = f"failed ({faults})" if faults else f"doubtful ({strange})" if strange else "passed"
    modalities = ", ".join(m.value for m in Modality if m in reading.study.volumes)
    return f"{check}; {modalities}; {axis_codes(grid)}, {_edges(grid.spacing_mm)} mm"


def _edges(values_mm: Voxel) -> str:
    return " × ".join(f"{edge:.3g}" for edge in values_mm)


def _numbers(values: Sequence[float]) -> str:
    return "(" + ", ".join(f"{value:.1f}" for value in values) + ")"
