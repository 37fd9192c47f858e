"""Files of a report, whole or not at all, wherever fsspec can write."""

from __future__ import annotations

import fsspec

from gliobench.domain.errors import JobError


def put(url: str, name: str, text: str) -> str:
    """Write under another name first, so that a reader never meets half a file.

    Args:
        url: The folder, made if need be.
        name: Of the file; it may lie in a folder of its own, `tables/arms.csv`.
        text: What it holds.

    Returns:
        Where it is.

    Raises:
        JobError: It cannot be written.
    """
    within, _, file = f"{url}/{name}".rpartition("/")
    try:
        files, folder = fsspec.url_to_fs(within)
        files.makedirs(folder, exist_ok=True)
        unfinished = f"{folder}/.{file}.partial"
        files.pipe_file(unfinished, text.encode())
        files.mv(unfinished, f"{folder}/{file}")
    except (OSError, ValueError, ImportError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise JobError(f"report {url}/{name} cannot be written: {reason}") from error
    return f"{url}/{name}"
