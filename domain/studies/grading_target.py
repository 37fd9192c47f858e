"""What is graded: LGG and HGG, or two classes of a column of a user's table.

Inside, the positive class is always `Grade.HGG` and the negative one `Grade.LGG`, whatever they mean; so
predictions, scores and statistics need no second form. Texts for readers name the classes by the
placeholders below, and `GradingTarget.in_words` replaces these where a text leaves for a reader.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.study import Grade

GRADED = "\ue000"
"""Stands for what is graded, in the middle of a sentence: "grade". Private characters of Unicode are in no
text of ours, and those of others are escaped before they are shown."""
GRADED_TITLE = "\ue007"
"""Stands for it at the beginning of a sentence: "Grade"."""
POSITIVE, NEGATIVE = "\ue001", "\ue002"
"""Stand for the classes: "HGG" and "LGG"."""
CLASS, CLASS_TITLE = "\ue008", "\ue009"
CLASSES, CLASSES_TITLE = "\ue00a", "\ue00b"
"""Stand for the noun of an answer: "grade" and "grades", or of other targets "class" and "classes"."""
POSITIVE_SHORT, NEGATIVE_SHORT = "\ue003", "\ue004"
"""Stand for them where there is little space."""
POSITIVE_KEY, NEGATIVE_KEY = "\ue005", "\ue006"
"""Stand for them in names of JSON and CSV: "hgg" and "lgg"."""
LONGEST = 40
"""Longer names are refused."""


@dataclass(frozen=True, slots=True)
class GradingTarget:
    """Two classes, of which every study with a reference has one.

    Args:
        name: What is graded, in the middle of a sentence.
        positive: The positive class.
        negative: The other class.
        positive_short: The positive class where there is little space.
        negative_short: The other class likewise.
        source: Where the classes come from; empty for grades.

    Raises:
        InvalidInputError: A name is empty or long, or both classes have the same name.
    """

    name: str
    positive: str
    negative: str
    positive_short: str = field(default="", compare=False)
    negative_short: str = field(default="", compare=False)
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        names = (self.name, self.positive, self.negative)
        if not all(0 < len(name) <= LONGEST for name in names) or self.positive == self.negative:
            raise InvalidInputError(
                f"target {self.name!r} of {self.positive!r} and {self.negative!r}: wanted different "
                f"names of 1 to {LONGEST} characters"
            )

    @property
    def is_grade(self) -> bool:
        """Return whether gliomas are graded."""
        return self == GRADE

    def in_words(self, text: str) -> str:
        """Replace the placeholders of a text by the names of the classes."""
        if text.isascii():
            return text
        return text.translate({ord(mark): word for mark, word in self._words.items()})

    def in_markup(self, text: str) -> str:
        """Replace the placeholders of HTML or SVG by the escaped names of the classes."""
        for placeholder, word in self._words.items():
            text = text.replace(placeholder, escape(word))
        return text

    @property
    def _words(self) -> dict[str, str]:
        keys = ("hgg", "lgg") if self.is_grade else ("positive", "negative")
        noun, nouns = ("grade", "grades") if self.is_grade else ("class", "classes")
        return {
            GRADED: self.name,
            GRADED_TITLE: f"{self.name[0].upper()}{self.name[1:]}",
            CLASS: noun,
            CLASS_TITLE: noun.capitalize(),
            CLASSES: nouns,
            CLASSES_TITLE: nouns.capitalize(),
            POSITIVE: self.positive,
            NEGATIVE: self.negative,
            POSITIVE_SHORT: self.positive_short or self.positive,
            NEGATIVE_SHORT: self.negative_short or self.negative,
            POSITIVE_KEY: keys[0],
            NEGATIVE_KEY: keys[1],
        }


GRADE = GradingTarget("grade", "HGG", "LGG")
"""What is graded where nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class TargetPrior:
    """What is known of a target without an image.

    Args:
        target: What is graded.
        prevalence: Share of the positive class among the studies of known class, in [0, 1].
        patients: Their patients, by `patient_hash`.
    """

    target: GradingTarget
    prevalence: float
    patients: frozenset[str]


PLACEHOLDERS = tuple(GRADE._words)  # noqa: SLF001 -- of the same module


def class_name(grade: Grade) -> str:
    """Name a class in texts, by its placeholder."""
    return {Grade.HGG: POSITIVE, Grade.LGG: NEGATIVE}[grade]
