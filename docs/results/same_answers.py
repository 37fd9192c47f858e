"""Hash what a backend answers, to see that a faster version answers the same.

    python docs/results/same_answers.py ../shared/data/brats_full ../shared/data/brats_2mm

Run it in both checkouts, with `PYTHONPATH` at either's `src`, and compare what is printed: the masks of
each dataset voxel for voxel, and grades and probabilities of voxels to six digits.
"""

import argparse
from hashlib import sha256

import numpy as np

from gliobench.application.predict.predict_study import predict_study
from gliobench.application.predict.study_reading import StudyReading
from gliobench.domain.predictions.prediction import GradePrediction
from gliobench.entrypoints.container import container


def main() -> None:
    """Print a line a dataset."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", nargs="+")
    parser.add_argument("--backend", default="cnn-onnx")
    arguments = parser.parse_args()
    (backend,) = container.load_backends([arguments.backend])
    for dataset in arguments.datasets:
        source = container.dataset(dataset)
        masks, numbers = sha256(), []
        for study_id in source.study_ids():
            study = source.study(study_id)
            reading = predict_study(study, backend, force=True, probabilities=True)
            numbers += _numbers(reading)
            mask = getattr(reading.place, "mask", None)
            for region, voxels in sorted(mask.regions.items()) if mask else ():
                masks.update(f"{study_id} {region.value}".encode() + np.packbits(voxels).tobytes())
        rounded = sha256(" ".join(f"{number:.6g}" for number in numbers).encode())
        print(
            f"{dataset}: {len(source.study_ids())} studies, masks {masks.hexdigest()[:12]}, "
            f"numbers {rounded.hexdigest()[:12]}"
        )


def _numbers(reading: StudyReading) -> list[float]:
    """Return the probability of HGG and the sum of each region's probabilities, in voxels."""
    grade = reading.grade
    sums = [float(values.sum(dtype=np.float64)) for values in reading.probabilities.values()]
    return [grade.probability_hgg, *sums] if isinstance(grade, GradePrediction) else sums


if __name__ == "__main__":
    main()
