"""Masks of a run as a BIDS derivative: `sub-*/[ses-*/]anat/*_desc-NAME_dseg.nii.gz`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import final

from gliobench.application.ports.run_store import RunManifest, StudyPrediction
from gliobench.application.report.exported_masks import LabelMaps, MaskWriter, file_name
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import write_csv
from gliobench.domain.files.whole import write_whole
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.predictions.prediction import Mask

VERSION = "1.10.0"
"""Of BIDS."""
_VISIT = re.compile(r"(?P<subject>sub-[A-Za-z0-9]+)(_(?P<session>ses-[A-Za-z0-9]+))?", re.ASCII)
_NO_LABEL = re.compile(r"[^A-Za-z0-9]", re.ASCII)
_IGNORED = ("failures.csv", "confidence.csv")
"""Files that BIDS does not know."""


@final
class BidsDerivative(MaskWriter):
    """Writes label maps under names of BIDS.

    A study whose id is none of BIDS is the subject of its letters and digits; participants.tsv states
    the ids.
    """

    def __init__(self, out: Path, manifest: RunManifest, maps: LabelMaps) -> None:
        self._out, self._maps, self._manifest = out, maps, manifest
        self._suffix = f"_desc-{_NO_LABEL.sub('', manifest.backend) or 'prediction'}_dseg"
        self._ids: dict[str, str] = {}

    @property
    def options(self) -> Mapping[str, str]:
        """Return the folder and a pattern, where the files' names state the ids."""
        ids = self._ids
        for before in ("", "sub-"):
            if all(name == f"{before}{study_id}" for name, study_id in ids.items()):
                subject = f"{before}{{study_id}}"
                pattern = f"{subject}/anat/{subject}{self._suffix}.nii.gz"
                return {"--masks": str(self._out), "--pattern": f"'{pattern}'"}
        return {}

    @property
    def labels(self) -> LabelConvention:
        """Return the convention that is used."""
        return self._maps.labels

    def path(self, study_id: str) -> Path:
        """Name the file.

        Raises:
            InvalidInputError: Another study has the same name, or the id has no letter or digit.
        """
        found = _VISIT.fullmatch(study_id)
        name = study_id if found else f"sub-{_NO_LABEL.sub('', study_id)}"
        if name == "sub-" or self._ids.setdefault(name, study_id) != study_id:
            raise InvalidInputError(
                f"study {study_id}: as a subject of BIDS it is {name}, as is "
                f"{self._ids.get(name, 'no label')}: wanted ids that differ in letters and digits"
            )
        folder = self._out / (found["subject"] if found else name)
        if found and found["session"]:
            folder /= found["session"]
        return folder / "anat" / file_name(name, f"{self._suffix}.nii.gz")

    def write(self, said: StudyPrediction, mask: Mask) -> None:
        """Write a mask."""
        self._maps.write_to(self.path(said.study_id), said, mask)

    def finish(self) -> None:
        """Write the description, the table of labels and that of ids."""
        write_whole(self._out / "dataset_description.json", _json(_description(self._manifest)))
        rows = [[integer, name] for integer, name in sorted(self.labels.tissues.items())]
        table = write_csv(["index", "name"], [[0, "background"], *rows], delimiter="\t")
        write_whole(self._out / "dseg.tsv", table.encode())
        write_whole(self._out / ".bidsignore", "".join(f"{name}\n" for name in _IGNORED).encode())
        if not all(map(_VISIT.fullmatch, self._ids.values())):
            ids = [[name, study_id] for name, study_id in sorted(self._ids.items())]
            table = write_csv(["participant_id", "study_id"], ids, delimiter="\t")
            write_whole(self._out / "participants.tsv", table.encode())
            columns = {"study_id": {"Description": "Id of the study in the dataset and the run"}}
            write_whole(self._out / "participants.json", _json(columns))


def _description(manifest: RunManifest) -> dict[str, object]:
    return {
        "Name": f"Tumours predicted by {manifest.backend}, for research only",
        "BIDSVersion": VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [
            {"Name": "gliobench", "Version": manifest.versions.get("gliobench", "unknown")},
            {"Name": manifest.backend, "Version": manifest.fingerprint[:16]},
        ],
    }


def _json(value: object) -> bytes:
    return f"{json.dumps(value, indent=2, ensure_ascii=False)}\n".encode()
