"""Every error that gliobench raises on purpose.

GliobenchError
├── FaultError                              a value, file or model is at fault. While studies are
│   │                                       worked on, that study has failed, and the others go on
│   ├── InvalidInputError (also a ValueError)   a value, file or setting that cannot be used
│   │   ├── FaultyStudyError                    a study's file, for a reason with a name
│   │   └── ImplausibleError                    images or an answer that cannot be right
│   ├── NotFoundError                           a study, backend, run or file that is not there
│   └── BackendError                            a model that could not be loaded or run
└── JobError                                a job that could not be carried out, whatever the study
    ├── MissingExtraError                       an optional library that is not installed
    ├── UndeclaredLabelsError                   masks whose labels may mean several things
    ├── StoreError                              a place that failed now and may work later
    └── StoppedError                            a job that was asked to stop, and can go on

Code that works on one study of many catches `FaultError` and counts a failure. It never catches
`JobError`: that ends the job, and no study is blamed for it.
A message names the thing, the value got and the value wanted, in one line.
"""

from gliobench.domain.messages import one_line


class GliobenchError(Exception):
    """Base of all errors that a user can act on; its text is one line, whatever it quotes."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class FaultError(GliobenchError):
    """A value, file or model cannot be used; while studies are worked on, that study has failed."""


class InvalidInputError(FaultError, ValueError):
    """A value, a file or a setting cannot be used."""


class ImplausibleError(InvalidInputError):
    """Images show no stripped brain, or an answer fits into none; the user may insist all the same."""


class NotFoundError(FaultError):
    """A study, a backend, a run or a file is not there."""


class BackendError(FaultError):
    """A model could not be loaded or run."""


class JobError(GliobenchError):
    """A job could not be carried out; no study is at fault."""


class MissingExtraError(JobError):
    """An optional library is not installed.

    Args:
        extra: The extra of gliobench that brings it.
        purpose: What it is needed for, as the start of a sentence.
    """

    def __init__(self, *, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs an extra: pip install 'gliobench[{extra}]'")
        self.extra = extra


class StoreError(JobError):
    """A place could not be reached, read or written; the same command may do it later."""


class StoppedError(JobError):
    """A job was asked to stop; all that it finished is kept, and the same command goes on."""
