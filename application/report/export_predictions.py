"""Write what a run predicted into files that other tools, and `gliobench import`, can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from gliobench.application.evaluate.manifests import scored_keys
from gliobench.application.ports.run_store import RunManifest, RunStore, StudyPrediction
from gliobench.application.ports.study_source import StudySource
from gliobench.application.report.bids_derivative import BidsDerivative
from gliobench.application.report.exported_masks import (
    DicomObjects,
    LabelMaps,
    MaskWriter,
    WriteMask,
    WriteObjects,
)
from gliobench.application.report.exported_tables import (
    FAILED,
    Cells,
    answer_of,
    confidences_of,
    failed,
    tables_of,
)
from gliobench.domain.errors import InvalidInputError, JobError
from gliobench.domain.files.tables import write_csv
from gliobench.domain.files.whole import write_whole
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import Form, Mask

AT_ONCE = 16
"""Studies whose masks are in memory."""


class Layout(str, Enum):
    """What is written."""

    BRATS = "brats"
    """Masks `<id>.nii.gz` in the dataset's convention, and `failures.csv`."""
    NNUNET = "nnunet"
    """The same in nnU-Net's order of labels."""
    BIDS = "bids"
    """The same as a BIDS derivative, with a table of labels."""
    DICOM = "dicom"
    """A segmentation and a structured report of each study of a DICOM dataset, and `failures.csv`."""
    CSV = "csv"
    """Tables of grades, points, boxes and polygons, each with its failures."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Args:
        options: Of `gliobench import`, with the value of each; none where it does not read the files.
        labels: The convention of the masks; None without masks, and where files state it.
        left_out: What the layout does not hold, in words.
    """

    options: Mapping[str, str]
    labels: LabelConvention | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportPredictions:
    """Writes the predictions that a run was scored by."""

    write_mask: WriteMask
    write_objects: WriteObjects

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
                DICOM objects need it.
            labels: Convention of the masks; None takes the run's, if it has the masks' regions and no
                others, or one that has.

        Raises:
            NotFoundError: There is no scored run.
            InvalidInputError: The run holds nothing of the layout, the convention loses voxels, the
                folder has a mask of a study of which the run has none, or the layout wants another
                dataset.
            JobError: The run cannot be read, lacks a prediction, or the folder cannot be written.
        """
        manifest, stores = run.manifest(), [run, *shards]
        if layout is Layout.CSV:
            tables = tables_of(_predictions(stores, manifest), manifest)
            options = {f"--{option}": out / f"{option}.csv" for option in tables}
            for path, content in zip(options.values(), tables.values(), strict=True):
                write_whole(path, content)
            left_out = ("masks",) * (Form.MASK in manifest.forms)
            return Exported({key: str(path) for key, path in options.items()}, left_out=left_out)
        if Form.MASK not in manifest.forms:
            raise InvalidInputError(
                f"the run of {manifest.backend} has no masks: wanted layout {Layout.CSV.value}"
            )
        writer = self._writer(layout, manifest, out, source=source, labels=labels)
        _write_masks(stores, manifest, out, writer)
        left = [] if layout is Layout.DICOM else ["grades"] * manifest.grades
        left += [form.value for form in sorted(manifest.forms - {Form.MASK})]
        return Exported(writer.options, writer.labels, tuple(left))

    def _writer(
        self,
        layout: Layout,
        manifest: RunManifest,
        out: Path,
        *,
        source: StudySource | None,
        labels: LabelConvention | None,
    ) -> MaskWriter:
        if layout is Layout.DICOM:
            if source is None or labels is not None:
                raise InvalidInputError(
                    "layout dicom: wanted a DICOM dataset (--dataset) and no labels: objects refer to its "
                    "images and name their segments"
                )
            return DicomObjects(out, manifest, source, self.write_objects)
        first = BUILT_IN["nnunet-brats"] if layout is Layout.NNUNET else None
        maps = LabelMaps(out, manifest, self.write_mask, source=source, labels=labels, first=first)
        return BidsDerivative(out, manifest, maps) if layout is Layout.BIDS else maps


def _write_masks(
    stores: Sequence[RunStore], manifest: RunManifest, out: Path, writer: MaskWriter
) -> None:
    """Write the masks, why others are missing, and how sure the backend is of them."""
    failures: list[Cells] = []
    confidences: list[Cells] = []
    for said in _predictions(stores, manifest):
        answer, path = answer_of(said, Form.MASK), writer.path(said.study_id)
        confidences += confidences_of(said)
        if isinstance(answer, Mask):
            writer.write(said, answer)
            continue
        if path.exists():
            raise InvalidInputError(
                f"{path} is another run's: this run has no mask of the study: wanted an empty folder"
            )
        failures.append([said.study_id, *failed(answer)])
    write_whole(out / "failures.csv", write_csv(["study_id", *FAILED], failures).encode())
    if confidences:
        columns = ["study_id", "confidence", *(region.value for region in Region)]
        write_whole(out / "confidence.csv", write_csv(columns, confidences).encode())
    writer.finish()


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
