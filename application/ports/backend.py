"""A backend: what is run, compared and swapped by one setting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, TypeAlias

from gliobench.application.ports.classifier import Classifier
from gliobench.application.ports.localizer import Localizer
from gliobench.domain.errors import BackendError, InvalidInputError, NotFoundError
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.geometry.grids import Axis
from gliobench.domain.geometry.resampling import Float32Array
from gliobench.domain.labels.regions import Region
from gliobench.domain.messages import shown
from gliobench.domain.networks.slice_input import is_slice
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.predictions.tokens import Tokens
from gliobench.domain.studies.grading_target import GRADE, GradingTarget, TargetPrior
from gliobench.domain.studies.study import Study
from gliobench.domain.studies.study_ids import file_stem

if TYPE_CHECKING:  # with all that reads answers
    from gliobench.domain.answers.calibration import Calibration


class Reads(str, Enum):
    """The kind of study that a backend is made for."""

    VOLUMES = "volumes"
    SLICES = "slices"
    """Studies of one axial plane."""
    ANY = "any"

    def check(self, study: Study) -> None:
        """Check that a study is of this kind.

        Raises:
            InvalidInputError: It is not.
        """
        kind = Reads.SLICES if is_slice(study.grid) else Reads.VOLUMES
        if self not in (kind, Reads.ANY):
            planes = study.grid.shape[Axis.AXIAL]
            held = "a single slice" if kind is Reads.SLICES else f"a volume of {planes} planes"
            raise InvalidInputError(f"study {study.id} is {held}: wanted {self.value}")


@dataclass(frozen=True)
class Backend:
    """A classifier and a localizer under one name; either may be absent.

    Args:
        name: As in the entry-point group `gliobench.backends`; of a file, as `name_of` gives it.
        classifier: Grades, or None.
        localizer: Localises, or None.
        fingerprint: Hash of all that decides its predictions: weights, code version, options.
        provenance: What a report says of it: weights' hash, execution provider, …
        trained_on: Hashes of the patients (`patient_hash`) and of the images (`image_hash`) that it
            has learned from; empty without training data, None where that is not stated.
        unstated: The part whose training data are not stated though `trained_on` holds those of the
            others, such as "its base model"; empty where every part states them.
        facts: What a reader has to know of it: whether it is a baseline, an oracle, a stand-in.
        show_prompts: Words what it would send to its model about a study; None where it sends no
            words.
        calibrate: Asks its model about drawn squares, and says whether its places are read as it means
            them; None where it answers in no words.
        tokens: Returns how many tokens its answers about a study took; None where it answers in no
            words. It returns None of a study where they were not counted.
        probability_maps: Returns the probability that each voxel of a study's grid is tumour, (I, J, K)
            by region, or raises a FaultError; None where it knows none.
        reads: The kind of study that it is made for; another fails.
        target: What its classifier grades; None where that is whatever is asked for.
        reads_images: Whether its answers depend on the images. Where no backend's do, they are not
            loaded for it, and there are no controls.

    Raises:
        InvalidInputError: It can neither grade nor localise.
        BackendError: A field has a wrong type.
    """

    name: str
    classifier: Classifier | None
    localizer: Localizer | None
    fingerprint: str
    provenance: Mapping[str, str] = field(default_factory=dict)
    trained_on: frozenset[str] | None = None
    unstated: str = ""
    facts: BackendFacts = field(default_factory=BackendFacts)
    show_prompts: Callable[[Study], str] | None = None
    calibrate: Callable[[], Calibration] | None = None
    tokens: Callable[[Study], Tokens | None] | None = None
    probability_maps: Callable[[Study], Mapping[Region, Float32Array]] | None = None
    reads: Reads = Reads.ANY
    target: GradingTarget | None = GRADE
    reads_images: bool = True

    def __post_init__(self) -> None:
        if self.classifier is None and self.localizer is None:
            raise InvalidInputError(f"backend {self.name!r} can neither grade nor localise")
        for name, holds, wanted in self._wanted():
            if not holds:
                got = shown(getattr(self, name))
                raise BackendError(f"backend {shown(self.name)}: {name} is {got}: wanted {wanted}")

    def _wanted(self) -> Iterator[tuple[str, bool, str]]:
        """Return for each field whether it is valid, and what is expected."""
        yield "name", isinstance(self.name, str) and bool(self.name), "text"
        classify = getattr(self.classifier, "classify", None)
        yield "classifier", self.classifier is None or callable(classify), "a Classifier"
        yield "localizer", self.localizer is None or _localises(self.localizer), "a Localizer"
        yield "fingerprint", isinstance(self.fingerprint, str), "text"
        texts = isinstance(self.provenance, Mapping) and _all_text(
            [*self.provenance, *self.provenance.values()]
        )
        yield "provenance", texts, "texts by text"
        hashes = isinstance(self.trained_on, frozenset) and _all_text(self.trained_on)
        yield "trained_on", self.trained_on is None or hashes, "a frozenset of texts, or None"
        yield "unstated", isinstance(self.unstated, str), "text"
        yield "facts", isinstance(self.facts, BackendFacts), "BackendFacts"
        yield "tokens", self.tokens is None or callable(self.tokens), "callable, or None"
        yield "reads", isinstance(self.reads, Reads), "one of Reads"
        yield "reads_images", isinstance(self.reads_images, bool), "true or false"


def _localises(localizer: Localizer) -> bool:
    forms: object = getattr(localizer, "forms", None)
    of_forms = isinstance(forms, frozenset) and all(isinstance(form, Form) for form in forms)
    return of_forms and bool(forms) and callable(getattr(localizer, "localise", None))


def _all_text(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)


def name_of(backend: str) -> str:
    r"""Call a backend, and the folder of its run, by a name that any disk can keep.

    Args:
        backend: As on the command line: a name, or `FILE.py:FACTORY`.

    >>> name_of("cnn-onnx"), name_of(r"C:\my models\big one.py:make")
    ('cnn-onnx', 'big_one-make')
    """
    file, _, factory = backend.rpartition(":")
    if not file.endswith(".py"):
        return backend
    stem = f"{PureWindowsPath(file).stem}-{factory}"  # it knows both kinds of slashes
    return file_stem(
        "".join(item if item.isascii() and item.isalnum() else "_-"[item == "-"] for item in stem)
    )


def _alone(name: str) -> Backend:
    raise NotFoundError(f"backend {name!r} is not there to build on")


@dataclass(frozen=True)
class BackendOptions:
    """What a backend is built from; a backend reads what it understands.

    Args:
        provider: ONNX Runtime's execution provider: cpu, cuda or tensorrt.
        allow_cpu_fallback: Use the CPU if the provider is unavailable, instead of failing.
        threads: Threads for one inference; None leaves the choice to the engine.
        weights_dir: Folder that holds other weights than the embedded ones.
        extra: The backend's own table in gliobench.toml, `[backend.<name>]`.
        other: Gives another backend by its name, for one that builds on it.
        prior: What is graded in the place of the grade; None for the grade.
        on_slices: Whether every study is one slice: what would choose slices is not needed.
        load: False where only what it can do is asked for: a backend whose weights take long to read
            may leave them out then, and is asked about no study.
    """

    provider: str = "cpu"
    allow_cpu_fallback: bool = False
    threads: int | None = None
    weights_dir: str | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
    other: Callable[[str], Backend] = field(default=_alone, repr=False, compare=False)
    prior: TargetPrior | None = field(default=None, repr=False)
    on_slices: bool = False
    load: bool = True


BackendFactory: TypeAlias = Callable[[BackendOptions], Backend]
"""What an entry point of the group `gliobench.backends` names."""
