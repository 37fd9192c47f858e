"""Every error that gliobench raises on purpose.

GliobenchError
├── FaultError                              an input is at fault; when many studies are processed,
│   │                                       the study counts as a failure and the others go on
│   ├── InvalidInputError (also a ValueError)   a value, file or setting that cannot be used
│   │   ├── FaultyStudyError                    a study's file, with a reason code
│   │   ├── MissingSliceError                   a stack of slices with a gap
│   │   ├── ImplausibleError                    images or an answer that cannot be right
│   │   └── WrongAnswerError                    a value that no backend may answer
│   ├── NotFoundError                           a study, backend, run or file that does not exist
│   └── BackendError                            a model that could not be loaded or run
└── JobError                                the whole job failed, whatever the study
    ├── MissingExtraError                       an optional library that is not installed
    ├── UndeclaredLabelsError                   masks with an ambiguous label convention
    ├── StoreError                              a store or a server that failed now and may work later
    └── StoppedError                            a job that was asked to stop and can be resumed

Code that processes one study of many catches `FaultError` and counts a failure. It never catches
`JobError`, which ends the job and is not counted as a failure of any study.
A message names the item, the actual value and the expected value, in one line.
"""

from gliobench.domain.messages import one_line


class GliobenchError(Exception):
    """Base of all errors that a user can act on; its text is always one line."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class FaultError(GliobenchError):
    """An input cannot be used; when many studies are processed, this is a failure of the study."""


class InvalidInputError(FaultError, ValueError):
    """A value, a file or a setting cannot be used."""


class ImplausibleError(InvalidInputError):
    """Images show no skull-stripped brain, or an answer is implausible; the user may override it."""


class WrongAnswerError(InvalidInputError):
    """A backend answers with a value that no backend may answer with."""


class NotFoundError(FaultError):
    """A study, a backend, a run or a file does not exist."""


class BackendError(FaultError):
    """A model could not be loaded or run."""


class JobError(GliobenchError):
    """The job could not be carried out; no study is at fault."""


class MissingExtraError(JobError):
    """An optional library is not installed.

    Args:
        extra: The extra of gliobench that installs it.
        purpose: What needs it, as the start of a sentence.
    """

    def __init__(self, *, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs an extra: pip install 'gliobench[{extra}]'")
        self.extra = extra


class StoreError(JobError):
    """A store, or a server that is asked, could not be used; the same command may succeed later."""


class StoppedError(JobError):
    """A job was asked to stop; its finished work is saved, and the same command resumes."""


class Terminated(SystemExit):
    """The process was asked to end; a `sys.exit` of a plugin is its failure instead."""
