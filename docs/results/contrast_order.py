"""Print how well swapped sequences are recognised, on real studies and on phantoms.

    python docs/results/contrast_order.py DATA/brats_2mm DATA/brats_2mm_more DATA/brats_full \
        DATA/brats_lgg DATA/tcga_lgg --phantoms 40

Patients are divided into two halves by the order of their ids. The width of the tails and the margin were
chosen on the first half; the second half shows what they do. A swap turns the sign of the measure round,
so the smallest measure of a half is also what recognises its hardest swap.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gliobench.adapters.nifti import BratsStudySource
from gliobench.adapters.phantom import PhantomStudySource
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.studies.contrast_order import (
    CLEARLY,
    ORDERS,
    T1_WEIGHTED,
    TAIL,
    brighter_by,
    likeness,
)
from gliobench.domain.studies.sampled_study import SampledStudy
from gliobench.domain.studies.study import Study

Found = Mapping[str, float]
"""By relation, in words."""


def main() -> None:
    """Print a row for each relation and group of studies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", type=Path, nargs="+", help="folders in BraTS's layout")
    parser.add_argument("--phantoms", type=int, default=0, help="number of phantoms")
    given = parser.parse_args()
    sources: list[StudySource] = [BratsStudySource(folder) for folder in given.studies]
    real = [(study.patient_id, measured(study)) for study in studies_in(sources)]
    patients = sorted({patient for patient, _ in real})
    halves = [[found for p, found in real if patients.index(p) % 2 == half] for half in (0, 1)]
    groups = dict(zip(("first half", "second half"), halves, strict=True))
    if given.phantoms:
        source = PhantomStudySource(given.phantoms, spacing_mm=2.0)
        groups["phantoms"] = [measured(study) for study in studies_in([source])]
    print(f"Tails of {TAIL:g} %, margin {CLEARLY:g}; {len(patients)} patients.\n")
    print("| relation | studies | n | smallest | median | false alarms | swaps recognised |")
    print("|---|---|---|---|---|---|---|")
    for relation in next(iter(halves[0])):
        for name, group in groups.items():
            print_row(relation, name, sorted(found[relation] for found in group))


def studies_in(sources: Sequence[StudySource]) -> Iterator[Study]:
    """Open the studies of all sources."""
    for source in sources:
        for study_id in source.study_ids():
            yield source.study(study_id)


def measured(study: Study) -> Found:
    """Measure every relation in one study, with the sequences under their own names."""
    whole = {item: study.volume(item) for item in study.volumes}
    volumes = SampledStudy(study.id, whole, study.grid).seen
    found = {
        f"{order.brighter.value} brighter than {order.darker.value}": brighter_by(
            volumes[order.brighter], volumes[order.darker]
        )
        for order in ORDERS
    }
    found |= {f"t2w like t2f, not {t1.value}": likeness(volumes, t1) for t1 in T1_WEIGHTED}
    return {relation: value for relation, value in found.items() if value is not None}


def print_row(relation: str, name: str, values: Sequence[float]) -> None:
    """Print one relation in one group."""
    n = len(values)
    alarms = sum(value < -CLEARLY for value in values)
    swaps = sum(-value < -CLEARLY for value in values)
    ends = f"{values[0]:.2f} | {values[n // 2]:.2f}"
    print(f"| {relation} | {name} | {n} | {ends} | {alarms} of {n} | {swaps} of {n} |")


if __name__ == "__main__":
    main()
