import os
from pathlib import Path

import pytest

from gliobench.adapters.json import read_exclusions, read_folds
from gliobench.domain.errors import InvalidInputError


def test_folds_are_read_by_patient(tmp_path: Path) -> None:
    path = tmp_path / "folds.json"
    path.write_text('{"anna": 0, "ben": 3}')

    assert read_folds(path) == {"anna": 0, "ben": 3}


@pytest.mark.parametrize(
    "text", ["", "[1]", '{"anna": 1}', '{"anna": null}', "[" * 10**5, '{"a": "\\ud800"}']
)
def test_what_is_no_list_of_reasons_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "quarantine.json"
    path.write_text(text)

    with pytest.raises(
        InvalidInputError, match=r"quarantine\.json is not a JSON object of reasons"
    ):
        read_exclusions(path)


@pytest.mark.parametrize("text", ['{"anna": -1}', '{"anna": "0"}', '{"anna": 1.5}'])
def test_what_is_no_fold_is_refused_by_its_patient(tmp_path: Path, text: str) -> None:
    path = tmp_path / "folds.json"
    path.write_text(text)

    with pytest.raises(InvalidInputError, match="folds by patient: anna: got"):
        read_folds(path)


def test_a_name_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_exclusions(Path("a\0b"))


def test_a_file_of_many_gigabytes_is_refused_before_memory_is_full(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.json"
    with path.open("wb") as file:
        file.truncate(2**34)

    with pytest.raises(InvalidInputError, match="wanted at most 268435456"):
        read_exclusions(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)

    with pytest.raises(InvalidInputError, match="there is no such file"):
        read_exclusions(path)
