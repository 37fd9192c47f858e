"""Listing in pieces finds what listing at once does, in folders and in stores."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import fsspec
import pytest

from fakes.fake_storage import FakeStorage
from fakes.study_folder import write_name_mapping
from gliobench.adapters.nifti import BratsPieces, BratsStudySource
from gliobench.adapters.nifti.brats_pieces import Piece, pieces_of
from gliobench.adapters.parquet.saved_pieces import OLDEST_S, ParquetPieces
from gliobench.adapters.storage import file_version, in_pieces, open_dataset
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.application.ports.study_index import IndexedStudy
from gliobench.domain.errors import NotFoundError

NAMES = ("flair", "t1", "t1ce", "t2", "seg")
SEQUENCES = ("T1", "T1GD", "T2", "FLAIR")


def study(folder: str, name: str = "", *, files: Sequence[str] = NAMES) -> list[str]:
    name = name or folder.rpartition("/")[2]
    return [f"{folder}/{name}_{file}.nii.gz" for file in files]


def plain(folder: str) -> list[str]:
    """Name a study's files without an id."""
    return [f"{folder}/{file}.nii.gz" for file in NAMES]


TREES = {
    "flat": [path for n in range(30) for path in study(f"BraTS20_Training_{n:03}")],
    "by grade, numbers repeat": [
        path for grade in ("HGG", "LGG") for n in range(9) for path in plain(f"{grade}/{n:03}")
    ],
    "visits": [
        path
        for patient in range(7)
        for visit in ("ses-1", "week-000-1", "2")
        for path in plain(f"P{patient}/{visit}")
    ],
    "deep": [path for n in range(5) for path in study(f"a/b{n}/c/BraTS20_Training_{n:03}")],
    "too deep": [*study("a/b/c/d/BraTS20_Training_001"), *study("BraTS20_Training_002")],
    "in one folder": [path for n in range(9) for path in study("all", f"BraTS20_Training_{n:03}")],
    "in the root": study(".", "BraTS20_Training_001"),
    "twice": [
        *(path for where in ("x", "y/z", "") for path in study(f"{where}/BraTS20_Training_001")),
        *study("BraTS20_Training_002"),
    ],
    "folders named like images": [
        *(f"BraTS20_Training_001/BraTS20_Training_001_{name}.nii/x.nii" for name in NAMES),
        *(f"BraTS20_Training_002_{name}.nii/BraTS20_Training_002_{name}.nii" for name in NAMES),
    ],
    "without images": [
        *(path for n in (1, 2) for path in plain(f"site1/P{n}")),
        *("site1/P3/P3_t1.mha", "site1/notes_4/x.txt", "site1/P1/fs2/x.mgz", "site2/P5/x.mha"),
    ],
    "masks in a folder": [
        *(
            path
            for n in (1, 2, 3)
            for path in study(f"images/UPENN-GBM-0000{n}_11", files=("FLAIR", "T1GD", "brain_seg"))
        ),
        *(f"images_segm/UPENN-GBM-0000{n}_11_segm.nii.gz" for n in (1, 3, 4)),
    ],
    "predictions in a folder": [
        *study("BraTS20_Training_001", files=("flair", "t1ce")),
        "nnunet_seg/BraTS20_Training_001_seg.nii.gz",
    ],
    "folders of sequences": [
        path
        for n in range(5)
        for path in (
            *(f"EGD-{n}/{at}_{name}/NIFTI/{name}.nii.gz" for at, name in enumerate(SEQUENCES)),
            f"EGD-{n}/5_MASK/NIFTI/MASK.nii.gz",
        )
    ],
    "a folder of each sequence of many": [
        *(
            f"IXI-{name}/IXI{n:03}-{name}.nii.gz"
            for n in range(4)
            for name in ("T1", "T2")[n % 3 :]
        ),
        *(f"masks/IXI{n:03}_seg.nii.gz" for n in (1, 7)),
    ],
    "sequences named by folders alone": [
        f"{name}/{n:03}.nii.gz" for n in range(5) for name in (*SEQUENCES, "seg")
    ],
    "times named like sequences": [
        path for n in range(5) for time in ("T1", "T2") for path in plain(f"P{n}/{time}")
    ],
    "sequences of two names": [
        path for n in range(5) for path in study(f"P{n}", files=("T1", "T1_post", "T2_FLAIR"))
    ],
    "odd": [
        *study("BraTS20_Training_001", files=("seg",)),
        *study("BraTS20_Training_002", "other"),
        *study("Pati\u00ebnt 1"),
        *study("Patie\u0308nt 1"),
        *study("a%b"),
        *study("a"),
        *study("ab"),
        *study("a-b"),
        *study(".hidden"),
        *study("__MACOSX/BraTS20_Training_009"),
        "BraTS20_Training_003/readme.txt",
        "BraTS20_Training_004/BraTS20_Training_004_t1.nii.gz",
        "BraTS20_Training_004/BraTS20_Training_004_t1.nii",
        "BraTS20_Training_004/lesion_mask.nii.gz",
    ],
}


def random_tree(seed: int) -> list[str]:
    """Put studies of few names into folders of few names, so that they meet."""
    rng = random.Random(seed)
    folders = ("HGG", "LGG", "1", "2", "ses-1", "anat", "BraTS20_Training_001", "a_t1.nii", "masks")
    paths = []
    for _ in range(rng.randrange(1, 25)):
        folder = "/".join(rng.choice(folders) for _ in range(rng.randrange(5))) or "."
        name = rng.choice(("", "BraTS20_Training_002", "P1"))
        files = NAMES if rng.random() < 0.7 else ("seg",)
        bare = [f"{folder}/{file}.nii.gz" for file in files]
        paths += bare if rng.random() < 0.5 else study(folder, name, files=files)
    return paths


@pytest.fixture(params=[*TREES, *range(40)])
def tree(request: pytest.FixtureRequest) -> list[str]:
    which = request.param
    return random_tree(which) if isinstance(which, int) else TREES[which]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gliobench.adapters.nifti.brats_pieces.FEW", 4)
    monkeypatch.setattr("gliobench.adapters.nifti.brats_pieces.MOST", 3)


def in_a_folder(paths: Iterable[str], place: Path) -> DatasetPath:
    root = place / "cohort"
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.is_dir():
            file.write_bytes(b"-")
    write_name_mapping(root, "LGG,NA,NA,NA,BraTS19_TMC_1_1,BraTS20_Training_001")
    return root


def in_a_store(paths: Iterable[str], place: Path) -> DatasetPath:
    root, url = in_a_folder(paths, place), f"memory://{uuid4().hex}/cohort"
    fsspec.filesystem("memory").put(f"{root}/", f"{url}/", recursive=True)
    return open_dataset(url, cache=place / "cache", cache_bytes=100_000)


@pytest.mark.parametrize("make", [in_a_folder, in_a_store])
def test_pieces_find_the_same_studies_as_the_whole(
    tree: list[str], make: Callable[[Iterable[str], Path], DatasetPath], tmp_path: Path
) -> None:
    root = make(tree, tmp_path)
    pieces = BratsPieces(in_pieces(root), file_version, ParquetPieces(FakeStorage()))

    try:
        wanted = list(BratsStudySource(root).indexed(root, file_version))
    except NotFoundError:
        with pytest.raises(NotFoundError, match="no study in"):
            list(pieces.indexed())
        return

    assert list(pieces.indexed()) == wanted


def test_a_flat_dataset_is_cut_by_how_names_begin(tmp_path: Path) -> None:
    root = in_a_folder(TREES["flat"], tmp_path)

    pieces = list(pieces_of(root))

    names = [name for piece in pieces for name in piece.names]
    assert sorted(names) == sorted(f"BraTS20_Training_{n:03}/" for n in range(30))
    assert len({piece.key for piece in pieces}) == len(pieces) >= 10


class Killed(ParquetPieces):
    """Breaks off after some pieces."""

    left = 4

    def write(self, piece: str, studies: Sequence[IndexedStudy]) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        super().write(piece, studies)


def listed(root: DatasetPath, saved: ParquetPieces) -> tuple[list[IndexedStudy], int]:
    """List a dataset, and count the pieces that are found anew."""
    looked = []

    def track(pieces: Sequence[Piece]) -> Iterator[Piece]:
        for piece in pieces:
            looked.append(saved.listed_at(piece.key) is None)
            yield piece

    return list(BratsPieces(root, file_version, saved, track=track).indexed()), sum(looked)


def test_what_was_listed_before_a_kill_is_not_listed_again(tmp_path: Path) -> None:
    root, storage = in_a_folder(TREES["flat"], tmp_path), FakeStorage()
    with pytest.raises(KeyboardInterrupt):
        listed(root, Killed(storage))
    saved = len(storage.files)

    rows, anew = listed(root, ParquetPieces(storage))

    assert rows == list(BratsStudySource(root).indexed(root, file_version))
    assert (saved, anew) == (4, len(list(pieces_of(root))) - 4)


@pytest.mark.parametrize("age_s", [OLDEST_S + 1, -10.0])
def test_pieces_of_another_day_are_listed_again(tmp_path: Path, age_s: float) -> None:
    root, storage = in_a_folder(TREES["flat"], tmp_path), FakeStorage()
    listed(root, ParquetPieces(storage, now_s=lambda: 10**6))

    _, anew = listed(root, ParquetPieces(storage, now_s=lambda: 10**6 + age_s))

    assert anew == len(list(pieces_of(root)))


def test_a_damaged_piece_is_listed_again(tmp_path: Path) -> None:
    root, storage = in_a_folder(TREES["flat"], tmp_path), FakeStorage()
    rows, _ = listed(root, ParquetPieces(storage))
    storage.files[min(storage.files)] = b"damaged"

    assert listed(root, ParquetPieces(storage)) == (rows, 1)
