from pathlib import Path

import pytest

from gliobench.adapters.storage import open_storage
from gliobench.domain.errors import JobError


def test_a_file_that_is_read_whole_is_refused_where_it_would_fill_memory(tmp_path: Path) -> None:
    with (tmp_path / "manifest.json").open("wb") as file:
        file.truncate(2**34)

    with pytest.raises(JobError, match=r"manifest\.json is larger than 512 MiB"):
        open_storage(str(tmp_path)).read("manifest.json")
