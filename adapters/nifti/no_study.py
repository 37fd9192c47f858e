"""Why no study was found in a folder, by what lies there instead."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from gliobench.adapters.nifti.image_names import is_shown, names_a_sequence, nifti_stem
from gliobench.adapters.nifti.study_folders import FOLDERS_BELOW_ROOT
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import NotFoundError
from gliobench.domain.messages import shown

_OTHER_FORMATS = (".mha", ".mhd", ".nrrd", ".nhdr", ".mgz", ".mgh", ".mnc", ".hdr", ".img")
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".7z", ".rar", ".dcm.gz")
_NNUNET = ("imagesTr", "imagesTs")
_MOST = 1000
"""Files and folders that are looked at."""
_WANTED = "wanted files such as <study>_flair.nii.gz"


def no_study_in(root: DatasetPath) -> NotFoundError:
    """Return the error of a folder without a study: what is there, and what to do.

    Raises:
        OSError: A folder cannot be listed.
        StoreError: The store cannot be read.
    """
    for path, depth in _files_in(root):
        name, stem = path.name.lower(), nifti_stem(path)
        if stem and path.parent.name in _NNUNET:
            found = f"{path.parent.name} has no dataset.json beside it, which names its channels"
        elif stem and not names_a_sequence(stem):
            found = f"{shown(path.name)} is not called <study>_<sequence>: {_WANTED}, or each file by --t1c, --t2f …"
        elif stem and depth > FOLDERS_BELOW_ROOT:
            found = f"{shown(path.name)} lies {depth} folders deep: wanted a folder nearer to it"
        elif name.endswith(_OTHER_FORMATS):
            found = f"{shown(path.name)} is no NIfTI: convert it, {_WANTED}"
        elif name.endswith(_ARCHIVES):  # whose name may be a patient's
            found = f"it holds an archive, which has to be unpacked: {_WANTED}"
        else:
            continue
        return NotFoundError(f"no study in {root}: {found}")
    return NotFoundError(f"no study in {root}: {_WANTED}")


def _files_in(root: DatasetPath) -> Iterator[tuple[DatasetPath, int]]:
    """Yield files and how many folders deep they lie, the nearest first."""
    folders = deque([(root, 0)])
    looked_at = 0
    while folders and looked_at < _MOST:
        folder, depth = folders.popleft()
        for entry in sorted(filter(is_shown, folder.iterdir())):
            looked_at += 1
            if entry.is_dir():
                folders.append((entry, depth + 1))
            else:
                yield entry, depth
