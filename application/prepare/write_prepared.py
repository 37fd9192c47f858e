"""Write prepared studies as files, with how well it went."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gliobench.application.ports.study_painter import StudyPainter
from gliobench.application.ports.study_source import StudySource
from gliobench.application.prepare.preparation import VERSION, Preparation
from gliobench.application.prepare.prepared_layouts import Layout
from gliobench.application.prepare.prepared_studies import PreparedScan
from gliobench.domain.errors import FaultError, InvalidInputError
from gliobench.domain.files.whole import write_whole
from gliobench.domain.studies.faults import Fault
from gliobench.domain.studies.study import Modality, Study


@dataclass(frozen=True, slots=True)
class WrittenStudy:
    """What became of one study.

    Args:
        study_id: The study.
        preparation: How it was prepared; None where it could not be.
        files: By what they are: a modality, `quality`, `picture`.
        fault: Why it could not be prepared.
    """

    study_id: str
    preparation: Preparation | None = None
    files: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class WritePrepared:
    """Writes prepared studies."""

    write_image: Callable[[Path, Study, Modality], None]
    painter: StudyPainter
    track: Callable[[Iterable[str]], Iterable[str]] = iter

    def __call__(self, source: StudySource, layout: Layout) -> Iterator[WrittenStudy]:
        """Write every study of a source; one that cannot be prepared leaves the others as they are.

        Raises:
            JobError: A file cannot be written.
        """
        layout.begin(source)
        for study_id in self.track(source.study_ids()):
            try:
                yield self._written(source.study(study_id), layout)
            except FaultError as error:
                yield WrittenStudy(study_id, fault=Fault.of(study_id, error))

    def _written(self, scan: Study, layout: Layout) -> WrittenStudy:
        if not isinstance(scan, PreparedScan) or scan.ready is None:
            raise TypeError(f"study {scan.id} is not prepared")
        quality = layout.quality(scan.id)
        _check_own(quality, [layout.image(scan.id, modality) for modality in scan.volumes])
        made, ready = scan.preparation, scan.ready
        content = json.dumps(quality_json(scan.id, made), indent=2) + "\n"
        write_whole(quality, content.encode())
        files: dict[str, str] = {}
        for modality in made.to_anchor:
            path = layout.image(scan.id, modality)
            self.write_image(path, ready, modality)
            layout.describe(path, modality)
            picture = path.with_name(path.name.removesuffix(".nii.gz") + ".png")
            one = replace(ready, volumes={modality: ready.volumes[modality]})
            title = f"{scan.id}: {modality.value}, prepared"
            write_whole(picture, self.painter.paint(one, centre_vox=None, title=title))
            files |= {modality.value: str(path), f"{modality.value}_picture": str(picture)}
        return WrittenStudy(scan.id, made, files | {"quality": str(quality)})


def _check_own(quality: Path, images: Iterable[Path]) -> None:
    """Refuse to replace images that no earlier call has written, such as those that are prepared.

    Raises:
        InvalidInputError: One is there, and not the file that says how well it was prepared.
    """
    there = next((path for path in images if path.exists()), None)
    if there is not None and not quality.exists():
        raise InvalidInputError(
            f"{there}: is there already, without {quality.name}: wanted another --out"
        )


def quality_json(study_id: str, made: Preparation) -> dict[str, Any]:
    """Return as JSON values how a study was prepared; matrices are 4 x 4, RAS+ mm."""
    return {
        "study_id": study_id,
        "version": VERSION,
        "anchor": made.anchor.value,
        "brain_ml": round(made.quality.brain_ml, 1),
        "template_overlap": round(made.quality.template_overlap, 4),
        "uprightness": round(made.quality.uprightness, 4),
        "anchor_to_template": made.to_template.matrix.tolist(),
        "images": {
            modality.value: {
                "registered_to": "template" if modality is made.anchor else made.anchor.value,
                "mutual_information": round(quality.mutual_information, 4),
                "sharpness": round(quality.sharpness, 4),
                "moved_mm": round(quality.moved_mm, 2),
                "moved_degrees": round(quality.moved_degrees, 2),
                "brain_covered": round(quality.covered, 4),
                "brain_shown": round(quality.shown, 4),
                "bias": round(quality.bias, 4),
                "to_anchor": made.to_anchor[modality].matrix.tolist(),
            }
            for modality, quality in made.quality.images.items()
        },
    }
