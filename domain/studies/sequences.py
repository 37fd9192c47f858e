"""How MRI sequences are described in DICOM: words of descriptions, and times of acquisition."""

from __future__ import annotations

from dataclasses import dataclass

from gliobench.domain.studies.contrast_agents import AGENT
from gliobench.domain.studies.descriptions import Words, words


@dataclass(frozen=True, slots=True)
class Times:
    """Ranges of times in milliseconds, both ends included.

    Args:
        repetition: Of TR.
        echo: Of TE.
        inversion: Of TI, where it is stated; None where any fits.
        gradient: Whether echoes are of gradients; None where both kinds are meant.
        inverts: Whether TI has to be stated.
    """

    repetition: tuple[float, float]
    echo: tuple[float, float]
    inversion: tuple[float, float] | None = None
    gradient: bool | None = None
    inverts: bool = False

    def fits(
        self, *, repetition: float, echo: float, inversion: float | None, gradient: bool | None
    ) -> bool:
        """Return whether a sequence with these times in milliseconds may be meant; None is unknown."""
        if None not in (gradient, self.gradient) and gradient != self.gradient:
            return False
        if self.inverts and inversion is None:
            return False
        stated = [(self.repetition, repetition), (self.echo, echo)]
        if self.inversion is not None and inversion is not None:
            stated.append((self.inversion, inversion))
        return all(low <= value <= high for (low, high), value in stated)


@dataclass(frozen=True, slots=True)
class Weighting:
    """What determines the contrast of an MRI sequence.

    Args:
        title: For reasons.
        words: Found in normalised descriptions.
        times: Those it is acquired with; any of them fits.
    """

    title: str
    words: Words
    times: tuple[Times, ...]


@dataclass(frozen=True, slots=True)
class SequenceHints:
    """How a modality is recognised in DICOM.

    Args:
        weighting: Of its sequence.
        enhanced: Whether it is acquired after a contrast agent; None where either may be.
    """

    weighting: Weighting
    enhanced: bool | None = None


_ANY = 1e5
# Planes and options that scanners write in front of the weighting, without a space.
_BEFORE = r"(?:ax|axial|sag|cor|tra|obl|3d|2d|[sevw]|se|fs|iso|post|pre|gd|km)*"

T1_WEIGHTED = Weighting(
    "T1",
    words(rf"{_BEFORE}t1(?!\d)", "mp ?rage", "bravo", "f?spgr", "tfl"),
    (
        Times((200, 1500), (0, 35), gradient=False),
        Times((1200, 3500), (0, 7)),
        Times((1200, 3500), (0, 35), inversion=(500, 1400), inverts=True),
        Times((0, 400), (0, 12), gradient=True),
    ),
)
T2_WEIGHTED = Weighting(
    "T2",
    words(rf"{_BEFORE}t2(?!\d|s\b)"),
    (Times((1800, _ANY), (60, 700), inversion=(0, 100), gradient=False),),
)
FLAIR = Weighting(
    "FLAIR",
    words(
        r"\w*flair",
        r"t2f(?![a-z])",
        "dark ?fl",
        "fluid ?att",
        "флаир",
        "水抑制",
        "压水",
        "黑水",
        "フレア",
    ),
    (Times((4000, _ANY), (60, 700), inversion=(1500, 3200)),),
)


@dataclass(frozen=True, slots=True)
class OtherKind:
    """A kind of series that is no modality of gliobench.

    Args:
        title: For reasons.
        words: Found in normalised descriptions.
        image_types: Values of ImageType that mean it.
        beside: A weighting that is acquired with it; where a description has both, times decide.
    """

    title: str
    words: Words
    image_types: frozenset[str] = frozenset()
    beside: Weighting | None = None


_BESIDE_HEAD = "".join(
    f"(?<!{head}{link})" for head in ("head ", "brain ") for link in ("", "and ")
)
"""Before words for parts that are examined together with the head."""
OTHER_KINDS = (
    OtherKind(
        "localiser",
        words(
            *("locali[sz]", "loc(?![a-z])", r"\w*scout", "scout", "survey", "plan ?scan"),
            *(
                "rep[eé]rage",
                "lokali[sz]",
                "topogr",
                "(3|three) ?plan",
                "локал",
                "定位",
                "位置決め",
            ),
        ),
        frozenset({"LOCALIZER"}),
    ),
    OtherKind(
        "diffusion",
        words(
            *("dwi", "dti", "diff", "e?adc", "trace", r"b ?\d{3,4}(?!\d)", "tensor", "col ?fa"),
            *("fa ?map", "noddi", "difus", "диффуз", "弥散", "扩散", "拡散"),
        ),
        frozenset({"DIFFUSION", "ADC", "TRACEW", "FA", "TENSOR", "EADC", "EXP_ADC"}),
    ),
    OtherKind(
        "perfusion",
        words(
            *("perf", "dsc", "dce", "pwi", "r?cb[vf]", "mtt", "ttp", "tmax", "p?c?asl(?![a-z])"),
            *("k ?trans", "перфуз", "灌注", "灌流"),
        ),
        frozenset({"PERFUSION", "RCBV", "RCBF", "CBV", "CBF", "MTT", "TTP", "ASL", "GBP"}),
    ),
    OtherKind(
        "susceptibility-weighted or T2*",
        words(
            *("swi", "swan", "ven ?bold", r"t2 ?(\*|star)", r"t2s\b", "h(a)?emo", "qsm"),
            *(r"t2w? .*\b(gre|ffe|fl2d|me2d|merge|medic)\b", "磁敏感"),
        ),
        frozenset({"SWI", "MNIP"}),
    ),
    OtherKind(
        "angiography",
        words(
            "tof",
            "s?3di(?![a-z])",
            "mr[av](?![a-z])",
            "angio",
            "venogr",
            "phase ?contr",
            "ангио",
            "血管",
        ),
    ),
    OtherKind("spectroscopy", words("svs", "csi", "spe[ck]tro", "mrs", "спектро", "波谱")),
    OtherKind("functional", words("bold", "fmri", "resting"), frozenset({"MOSAIC", "FMRI"})),
    OtherKind(
        "calibration",
        words(
            "calib",
            "asset ?(cal|scan|ref)",
            "^asset",
            "field ?map",
            "b[01] ?map",
            "coil ?(cal|sens|surv)",
            "shim",
            "pre ?scan(?! ?norm)",
            "senseref",
        ),
    ),
    OtherKind(
        "subtraction",
        words(
            *("sub(?![a-z])", "subtra", "sustrac", "sottraz", "soustr", "вычит", "减影", "差分"),
            rf"minus(?! {AGENT})",
        ),
        frozenset({"SUBTRACTION", "SUBTRACT", "SUB"}),
    ),
    OtherKind(
        "proton density",
        words("pdw?(?![a-z])", "dp(?![a-z])", "proton ?(en)?d", "densit", "质子"),
        beside=T2_WEIGHTED,
    ),
    OtherKind("projection", words("min?ip", "mip", "proj"), frozenset({"PROJECTION IMAGE", "MIP"})),
    OtherKind("balanced gradient echo", words("ciss", "fiesta", "tru(e ?)?fi", "b ?ffe", "bssfp")),
    OtherKind("inversion recovery of another kind", words("stir", "dir(?![a-z])", "psir")),
    OtherKind(
        "computed map",
        words(
            *(r"t[12] ?map", "relaxo", "mapit", "synth", "symri", "mp2rage", r"\w* map(?![a-z])"),
            *("segment", "seg$", "masks?(?![a-z])", "fusion", "fused"),
        ),
        frozenset({"T1 MAP", "T2 MAP", "T2_STAR MAP", "R2 MAP", "MAP", "VELOCITY MAP"}),
    ),
    OtherKind(
        "phase, or a part of the signal",
        words("(?<!no )phase(?! ?(?:enc|wrap|over|corr))", "real(?![a-z])", "imaginary"),
        frozenset({"P", "PHASE", "PHASE MAP", "R", "REAL", "I", "IMAGINARY", "F", "FAT"}),
    ),
    OtherKind(
        "another part of the body",
        words(
            *("spin(e(?!cho)|al)", "[clt] ?spine", "cervic", "lumb", "thora", "[hbl]ws(?![a-z])"),
            *("wirbel", "rachis", "columna", "colonna", "pituit", "hypoph", "sella"),
            *(rf"{_BESIDE_HEAD}{part}" for part in ("neck(?! coil)", "orbit")),
            *("ia[cm](?![a-z])", "tmj", "позвон", "шейн", "脊", "椎"),
        ),
    ),
)
