#!/usr/bin/env bash
# Fit, judge and export every network that ships, and print every table about them.
#
#     bash docs/results/networks.sh ../shared/data work
#
# Every step goes on where it was stopped: run it again. On one thread what all fits of the localizer share takes
# 50 minutes, and each of its six fits 35. Two processes with FOLDS="0 1" and FOLDS="2 3 4" share the folds.
set -euo pipefail
data=$1 work=$2
cubes=$data/lesion_cubes/lesion_cubes.npz masks=$data/masks128/masks128.npz
here=$(dirname "$0")
mkdir -p "$work"

python "$here/prepare_training_studies.py" "$data" "$work/studies"
studies=$work/studies/2mm

localizer=(gliobench train localizer "$studies" --cubes "$cubes" --masks "$masks" --phantoms 16
    --steps 2500 --out "$work/localizer")
for fold in ${FOLDS:-}; do "${localizer[@]}" --fold "$fold"; done
[ -z "${FOLDS:-}" ] || exit 0
"${localizer[@]}"

gliobench train regions "$masks" --dataset "$studies" --localizer "$work/localizer" --out "$work/regions"
grader=(gliobench train grader "$cubes" "$masks" --dataset "$studies" --steps 400)
"${grader[@]}" --folds-of "$work/localizer" --out "$work/grader"
"${grader[@]}" --by-site --out "$work/grader-sites"
export GLIOBENCH_SLICE_SPACING_MM=1.0714
gliobench train slices "$data/t1ce_slices" --out "$work/slices"

# Not of the brains of `prepare.py`, which judges it.
apart=()
for number in 033 136 198 271 275 295 316 320; do apart+=(--hold-out "BraTS20_Training_$number"); done
gliobench train brain "$studies" "${apart[@]}" --final-only --out "$work/brain"

python "$here/localizer.py" "$work/studies" --run "$work/localizer"
python "$here/grader.py" "$data" --studies "$studies" --localizer "$work/localizer" \
    --cnn "$work/grader" --cnn-sites "$work/grader-sites"
python "$here/doubt.py" "$studies" --run "$work/localizer"
python "$here/slice_cross_validation.py" "$work/slices"

gliobench export "$work/localizer" "$work/regions" "$work/grader" --check "$studies" --out "$work/weights"
python "$here/localizer.py" "$work/studies" --weights "$work/weights"
cp "$work/brain/final/brain.onnx" "$work/weights/"
gliobench export "$work/slices" --check "$data/t1ce_slices" --out "$work/weights/slices"
gliobench export "$work/localizer" "$work/regions" "$work/grader" --folds --check "$studies" --out "$work/folds"
