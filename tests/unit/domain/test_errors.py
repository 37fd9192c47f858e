import re

import pytest

from gliobench.domain import errors
from gliobench.domain.errors import (
    FaultError,
    GliobenchError,
    InvalidInputError,
    JobError,
    MissingExtraError,
)
from gliobench.domain.geometry.slice_stack import MissingSliceError
from gliobench.domain.labels.proposal import UndeclaredLabelsError
from gliobench.domain.studies.faults import FaultyStudyError


def _subclasses(error: type[GliobenchError]) -> set[type[GliobenchError]]:
    found = set(error.__subclasses__())
    return found.union(*map(_subclasses, found))


@pytest.mark.parametrize(
    "error", ["InvalidInputError", "NotFoundError", "BackendError", "MissingExtraError", "JobError"]
)
def test_every_error_can_be_caught_as_one(error: str) -> None:
    assert issubclass(getattr(errors, error), GliobenchError)


def test_every_error_is_either_of_a_study_or_of_the_job() -> None:
    for error in _subclasses(GliobenchError):
        assert issubclass(error, FaultError) is not issubclass(error, JobError), error


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    known = {
        FaultyStudyError,
        MissingSliceError,
        UndeclaredLabelsError,
        GliobenchError,
    }  # imported, so subclasses
    tree = re.findall(r"^([│├└─ ]*)(\w+Error)\b", str(errors.__doc__), re.MULTILINE)
    depth = {name: len(branch) for branch, name in tree}

    for error in known | _subclasses(GliobenchError):
        if error.__name__.startswith("_"):  # known to its own module alone
            continue
        above = error.__mro__[1].__name__
        assert depth[error.__name__] == (4 + depth[above] if error is not GliobenchError else 0)


def test_an_invalid_input_is_a_value_error() -> None:
    assert issubclass(InvalidInputError, ValueError)


def test_a_missing_extra_names_the_command_that_installs_it() -> None:
    error = MissingExtraError(extra="train", purpose="Training a localizer")

    assert str(error) == "Training a localizer needs an extra: pip install 'gliobench[train]'"
    assert error.extra == "train"
