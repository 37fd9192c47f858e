"""The phantoms that ship with gliobench, for its demonstration."""

from __future__ import annotations

from pathlib import Path

from gliobench.domain.files.whole import write_whole

INCLUDED = Path(__file__).parent / "demo"
"""Four studies in BraTS's layout, drawn by docs/results/demo_phantoms.py."""


def copy_included_phantoms(out_dir: Path) -> list[str]:
    """Copy the phantoms that ship with gliobench, in the layout of the BraTS 2020 training set.

    Args:
        out_dir: Created if absent; files of the same names are replaced.

    Returns:
        The ids of the studies.

    Raises:
        JobError: A file cannot be written.
    """
    files = sorted(path for path in INCLUDED.rglob("*") if path.is_file())
    for file in files:
        write_whole(out_dir / file.relative_to(INCLUDED), file.read_bytes())
    return sorted({file.parent.name for file in files if file.parent != INCLUDED})
