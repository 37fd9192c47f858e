"""Lists of the patients that a model was trained on."""

from __future__ import annotations

from pathlib import Path

import pytest

from gliobench.adapters.prediction_files import read_names
from gliobench.domain.errors import InvalidInputError


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "trained.csv"


@pytest.mark.parametrize(
    "text",
    [
        "patient_id,split\nA,train\nB,test\n",
        "study_id;Part\nA;Training\nB;Validation\n",
        "case,is_train\nA,1\nB,0\n",
        "id,trained on\nA,True\nB,False\n",
    ],
)
def test_a_row_of_another_part_is_refused_by_name(table: Path, text: str) -> None:
    table.write_text(text)

    with pytest.raises(InvalidInputError, match="row 3: B is in the part .* trained on"):
        read_names(table)


@pytest.mark.parametrize(
    "text", ["patient_id,split\nA,train\nB,train\n", "id,fold,site\nA,0,x\nB,1,test site\n"]
)
def test_rows_that_a_model_learned_from_all_count(table: Path, text: str) -> None:
    table.write_text(text)

    assert read_names(table) == {"A", "B"}


@pytest.mark.parametrize(
    "text",
    [
        "patient_id\tage\nA\t50\nB\t60\n",
        "Brats20ID,Age\nA,50\nB,60\n",
        "participant_id;age\nA;50\nB;60\n",
        "id,patient\n1,A\n2,B\n",
        "A\nB\n",
    ],
)
def test_patients_are_named_by_any_usual_column_and_delimiter(table: Path, text: str) -> None:
    table.write_text(text)

    assert read_names(table) == {"A", "B"}


def test_studies_and_their_patients_are_both_names(table: Path) -> None:
    table.write_text("patient_id,study_id\nA,scan7\n")

    assert read_names(table) == {"A", "scan7"}
