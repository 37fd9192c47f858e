from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.adapters.prediction_files import read_grades, targets_in
from gliobench.application.backends.imported import check_grades, check_targets
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.files.tables import write_csv
from gliobench.domain.predictions.prediction import Failure, FailureReason, GradePrediction
from gliobench.domain.predictions.reasons import Reason, write_reasons
from gliobench.domain.studies.grading_target import GradingTarget
from gliobench.domain.studies.study import Grade

HGG, LGG = Grade.HGG, Grade.LGG
CASES = {name: fake_case(name) for name in ("a", "b", "c d")}


def graded(path: Path, content: str | bytes, name: str = "grades.csv") -> dict[str, object]:
    file = path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    found = read_grades(file, study_ids=list(CASES))
    return {study_id: found.grade(case.study) for study_id, case in CASES.items()}


@pytest.mark.parametrize(
    "content",
    [
        "study_id,grade,probability_hgg\na,HGG,0.75\nb,LGG,0.25\n",
        "study_id,probability_hgg\na,0.75\nb,0.25\n",
        "\ufeffSubjectID;p_hgg\r\na;0.75\r\nb;0.25\r\n",
        "case\tprobability\na\t0.75\nb\t2.5e-1\n",
        "SubjectID;p_hgg\r\na;0,75\r\nb;2,5E-01\r\n",
        "SubjectID,Target,Prediction\na,1,0.75\nb,1,0.25\n",
        '"Patient ID","Prob HGG"\n" a ","0.75"\n"b",0.25\n\n',
    ],
)
def test_a_probability_gives_the_likelier_grade(tmp_path: Path, content: str) -> None:
    found = graded(tmp_path, content)

    assert found["a"] == GradePrediction(HGG, 0.75)
    assert found["b"] == GradePrediction(LGG, 0.25)
    missing = found["c d"]
    assert isinstance(missing, Failure)
    assert missing.reason is FailureReason.MISSING_PREDICTION


@pytest.mark.parametrize(
    "content",
    [
        "study,grade\na,hgg\nb,Low grade\nc d,high-grade glioma\n",
        "SubjectID,Target,Prediction\na,0,1\nb,0,0\nc d,0,1.0\n",
        "SubjectID,Prediction\na,HGG\nb,LGG\nc d,High-grade glioma.\n",
        "id,is_hgg\na,1\nb,0\nc d,1\n",
        "id,is_hgg\na,True\nb,False\nc d,TRUE\n",
        "id,is_hgg\na,1.00\nb,0.00\nc d,1E+00\n",
        "id,grade,is_hgg\na,HGG,1\nb,LGG,0\nc d,HGG,1\n",
        "id,LGG,HGG\na,0,1\nb,1,0\nc d,0,1\n",
    ],
)
def test_words_and_classes_have_no_probability(tmp_path: Path, content: str) -> None:
    assert graded(tmp_path, content) == {
        "a": GradePrediction(HGG),
        "b": GradePrediction(LGG),
        "c d": GradePrediction(HGG),
    }


def test_a_grade_of_another_threshold_stays_as_it_was_said(tmp_path: Path) -> None:
    found = graded(tmp_path, "study_id,grade,probability_hgg\na,HGG,0.3\n")

    assert found["a"] == GradePrediction(HGG, 0.3)


def test_a_row_without_an_answer_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    rows = "a,,,\nb,NaN,refusal,'=no\nc d,0.5,,\n"
    found = graded(tmp_path, "study_id,probability_hgg,failure,failure_detail\n" + rows)

    assert found["a"] == Failure(
        FailureReason.MISSING_PREDICTION, f"{tmp_path / 'grades.csv'}: row 2: no grade"
    )
    assert found["b"] == Failure(FailureReason.REFUSAL, "=no")
    assert found["c d"] == GradePrediction(HGG, 0.5)


def test_reasons_are_read_as_they_were_exported(tmp_path: Path) -> None:
    because = (Reason("et_ml", "ET 1.5 ml, all", 1 / 3),)
    table = write_csv(
        ["study_id", "grade", "probability_hgg", "reasons"],
        [["a", "HGG", 0.75, write_reasons(because)], ["b", "", 0.25, write_reasons(())]],
    )

    found = graded(tmp_path, table)

    assert found["a"] == GradePrediction(HGG, 0.75, reasons=because)
    assert found["b"] == GradePrediction(LGG, 0.25)


def test_reasons_that_cannot_be_read_are_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="row 2: reasons cannot be read"):
        graded(tmp_path, "study_id,grade,reasons\na,HGG,large\n")


@pytest.mark.parametrize(
    ("answers", "first", "second"),
    [
        ('{"a": "HGG", "b": "low grade", "c d": null}', GradePrediction(HGG), GradePrediction(LGG)),
        ('{"a": 1, "b": 0}', GradePrediction(HGG), GradePrediction(LGG)),
        ('{"a": 0.75, "b": 0}', GradePrediction(HGG, 0.75), GradePrediction(LGG, 0.0)),
    ],
)
def test_json_may_hold_answers_by_study(
    tmp_path: Path, answers: str, first: GradePrediction, second: GradePrediction
) -> None:
    found = graded(tmp_path, answers, "grades.json")

    assert (found["a"], found["b"]) == (first, second)
    assert isinstance(found["c d"], Failure)


def test_truth_values_of_parquet_are_classes(tmp_path: Path) -> None:
    table = pa.table({"study_id": ["a", "b", "c d"], "is_hgg": [True, False, None]})
    pq.write_table(table, tmp_path / "grades.parquet")

    found = read_grades(tmp_path / "grades.parquet")

    assert found.grade(CASES["a"].study) == GradePrediction(HGG)
    assert found.grade(CASES["b"].study) == GradePrediction(LGG)
    assert isinstance(found.grade(CASES["c d"].study), Failure)


def test_parquet_and_json_keep_every_digit(tmp_path: Path) -> None:
    third = 1 / 3
    table = pa.table({"study_id": ["a", "b"], "probability_hgg": [third, None]})
    pq.write_table(table, tmp_path / "grades.parquet")

    of_parquet = read_grades(tmp_path / "grades.parquet").grade(CASES["a"].study)

    assert of_parquet == GradePrediction(LGG, third)
    listed = f'[{{"study_id": "a", "probability_hgg": {third!r}}}]'
    assert graded(tmp_path, listed, "grades.json")["a"] == of_parquet
    by_study = f'{{"a": {{"probability_hgg": {third!r}}}}}'
    assert graded(tmp_path, by_study, "grades.json")["a"] == of_parquet
    lines = f'{{"study_id": "a", "probability_hgg": {third!r}}}\n\n'
    assert graded(tmp_path, lines, "grades.jsonl")["a"] == of_parquet


def test_decimals_of_parquet_are_numbers(tmp_path: Path) -> None:
    table = pa.table({"study_id": ["a"], "probability_hgg": [Decimal("0.25")]})
    pq.write_table(table, tmp_path / "grades.parquet")

    found = read_grades(tmp_path / "grades.parquet").grade(CASES["a"].study)

    assert found == GradePrediction(LGG, 0.25)


def test_a_row_of_no_study_is_named(tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text("study_id,grade\na,HGG\nA,HGG\nsomebody,LGG\n")

    found = read_grades(tmp_path / "g.csv", study_ids=list(CASES))

    assert found.provenance["grades of no study"] == "2 (A, somebody)"
    assert found.holds("a")
    assert not found.holds("b")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the table is empty"),
        ("study_id,grade\na,HGG\na,HGG\n", "row 3: study a is in row 2 already"),
        ("study_id,probability_hgg\na,1.2\n", "row 2: '1.2': wanted a probability from 0 to 1"),
        ("study_id,probability_hgg\na,-0.1\n", "wanted a probability from 0 to 1"),
        ("study_id,probability_hgg\na,inf\n", "wanted a probability from 0 to 1"),
        ("study_id,probability_hgg\na,0_1\n", "'0_1': wanted a probability from 0 to 1"),
        ("study_id,probability_hgg\na,high\n", "wanted a probability from 0 to 1"),
        ("study_id,probability_hgg\na,0.2,0.3\n", "row 2 has 3 cells: wanted 2"),
        ("study_id,grade\na,4\n", "grade '4': wanted LGG or HGG"),
        ("study_id,grade\na,1\n", "grade '1': wanted LGG or HGG"),
        ("name,grade\na,HGG\n", "no column names the study"),
        ("a,HGG\nb,LGG\n", "no column names the study"),
        ("study_id,score\na,0.4\n", "wanted a column grade or probability_hgg"),
        ("study_id,grade\n,HGG\n", "row 2: no study is named"),
        ("study_id,grade,failure\na,,broken\n", "failure 'broken': wanted one of"),
        ("study_id,study_id\na,b\n", "two columns are called"),
        ("study_id,probability,p_hgg\na,0.5,0.5\n", "may both be the answer"),
        ("study_id,grade,probability\na,LGG,0.97\n", "is that of HGG or of the grade?"),
        ("study_id,label,probability\na,HGG,0.9\nb,LGG,0.9\n", "row 3: .* of HGG or of label?"),
        ("study_id,y_pred,prob\na,1,0.9\nb,0,0.8\n", "row 3: .* of HGG or of ypred?"),
        ("study_id,grade,prediction\na,HGG,1\nb,LGG,1\n", "row 3: .* contradict each other"),
        (
            "study_id,LGG,HGG\na,0.3,0.7\nb,0.2,0.9\n",
            "row 3: 0.2 for LGG and 0.9 for HGG do not add up",
        ),
        ("study,id,grade\na,1,HGG\nb,a,LGG\n", "row 3: names the studies a and b: wanted one"),
        ('study_id,grade\n"a,HGG\n', "row 2"),
        (b"\xff\xfes\x00", "table is empty|no column|cut off|truncated|row 1"),
    ],
)
def test_a_table_that_may_mean_something_else_is_refused(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    with pytest.raises(InvalidInputError, match=said) as found:
        graded(tmp_path, content)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("g.json", "[1]", "row 1: 1: wanted an object"),
        ("g.json", "3", "wanted a list of objects"),
        ("g.json", '{"a": {"grade": "HGG"}, "a": {"grade": "LGG"}}', "'a' stands twice"),
        (
            "g.json",
            '[{"id": "a", "p_hgg": 0.1, "P HGG": 0.9}]',
            "'p_hgg' and 'P HGG' have one name",
        ),
        ("g.json", '{"a": {"grade": "HGG", "Study ID": "b"}}', "'a': names study 'b' itself"),
        ("g.json", "[" * 100_000, "no JSON"),
        ("g.jsonl", '{"study_id": "a"', "line 1: no JSON"),
        ("g.parquet", "PAR1", "no Parquet table"),
    ],
)
def test_a_document_that_is_none_is_refused(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    with pytest.raises(InvalidInputError, match=said):
        graded(tmp_path, content, name)


def test_a_name_in_latin_1_is_that_of_the_folder_with_these_bytes(tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_bytes("study_id,grade\nPati\xebnt,HGG\n".encode("latin-1"))

    found = read_grades(tmp_path / "g.csv", study_ids=["Pati\\xebnt"])

    assert found.holds("Pati\\xebnt")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no file"):
        read_grades(tmp_path / "none.csv")
    with pytest.raises(NotFoundError, match="no file"):
        read_grades(tmp_path)


def test_classes_in_the_other_order_are_found_by_the_tables_own_references(tmp_path: Path) -> None:
    cases = [fake_case("a", grade=HGG), fake_case("b", grade=LGG), fake_case("e", grade=None)]
    source = FakeStudySource(cases)
    (tmp_path / "g.csv").write_text("SubjectID,Target,Prediction\na,1,0\nb,0,0\ne,0,1\nx,0,0\n")
    check_targets("g.csv", targets_in(tmp_path / "g.csv"), source)

    (tmp_path / "g.csv").write_text("SubjectID,Target,Prediction\na,0,0\nb,1,0\ne,0,1\n")
    with pytest.raises(InvalidInputError, match="opposite of the reference grade in 2 of 2"):
        check_targets("g.csv", targets_in(tmp_path / "g.csv"), source)


def test_grades_that_are_the_references_beside_probabilities_of_others_are_refused(
    tmp_path: Path,
) -> None:
    source = FakeStudySource([fake_case("a", grade=HGG), fake_case("b", grade=LGG)])
    (tmp_path / "g.csv").write_text("study_id,grade,probability_hgg\na,HGG,0.6\nb,LGG,0.55\n")
    check_grades("g.csv", read_grades(tmp_path / "g.csv").said_grades or {}, source)

    (tmp_path / "g.csv").write_text("study_id,grade,probability_hgg\na,HGG,0.3\nb,LGG,0.55\n")
    with pytest.raises(InvalidInputError, match="equal the references in all 2 studies"):
        check_grades("g.csv", read_grades(tmp_path / "g.csv").said_grades or {}, source)


def test_a_probability_of_what_was_predicted_is_not_taken_for_that_of_the_positive_class(
    tmp_path: Path,
) -> None:
    target = GradingTarget("idh", "idh mutant", "idh wildtype", "mutant", "wildtype", "a table")
    (tmp_path / "g.csv").write_text("study_id,prediction,probability\na,1,0.9\nb,0,0.4\n")
    found = read_grades(tmp_path / "g.csv", target=target)
    assert found.grade(CASES["b"].study) == GradePrediction(LGG, 0.4)

    (tmp_path / "g.csv").write_text("study_id,prediction,probability\na,1,0.9\nb,0,0.8\n")
    with pytest.raises(InvalidInputError, match="wanted the probability of idh mutant"):
        read_grades(tmp_path / "g.csv", target=target)


def test_many_probabilities_of_which_none_is_low_may_be_of_what_was_predicted(
    tmp_path: Path,
) -> None:
    def first(head: str, count: int) -> object:
        rows = "".join(f"s{n},0.{51 + n}\n" for n in range(count))
        (tmp_path / "g.csv").write_text(f"study_id,{head}\n{rows}")
        return read_grades(tmp_path / "g.csv").grade(fake_case("s0").study)

    with pytest.raises(InvalidInputError, match="no probability of 8 is below 0.5: is it that"):
        first("probability", 8)
    assert first("probability_hgg", 8) == first("probability", 7) == GradePrediction(HGG, 0.51)


def test_a_probability_hgg_that_may_be_of_the_grade_beside_it_is_refused(tmp_path: Path) -> None:
    head = "study_id,grade,probability_hgg\n"
    with pytest.raises(InvalidInputError, match="no cut gives the grades"):
        graded(tmp_path, f"{head}a,HGG,0.8\nb,LGG,0.9\n")

    found = graded(tmp_path, f"{head}a,HGG,0.8\nb,LGG,0.6\n")

    assert found["b"] == GradePrediction(LGG, 0.6)


@pytest.mark.parametrize(
    "content",
    [
        "study_id,sex,probability\na,1,0.9\nb,0,0.2\n",  # one is below 0.5: of HGG
        "study_id,label,probability\na,HGG,0.9\nb,LGG,\n",  # a failure has none
        "study_id,label,p_hgg\na,HGG,0.9\nb,LGG,0.8\n",
    ],
)
def test_a_probability_that_no_class_beside_it_contradicts_is_of_hgg(
    tmp_path: Path, content: str
) -> None:
    assert graded(tmp_path, content)["a"] == GradePrediction(HGG, 0.9)


def test_studies_that_lost_their_zeros_are_no_failures_but_refused(tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text("id,grade\n9,HGG\n10,LGG\n")

    with pytest.raises(InvalidInputError, match="9 is no study, but may be 09: wanted names with"):
        read_grades(tmp_path / "g.csv", study_ids=["09", "10"])
    assert read_grades(tmp_path / "g.csv", study_ids=["9", "09", "10"]).holds("9")
