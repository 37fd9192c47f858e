# make demo      install the core, evaluate every embedded backend on phantoms, write demo/report.html
# make test      install everything for development, then check
# make test-all  the same, every test at its full dose
# make check     format, lint, layers, words, types and tests, with the tools on PATH; JOBS=6 on four cores
# make site      the documentation as build/site/index.html, read without a network
# make fuzz      2,500 hostile inputs through the command line, and a table of what became of them; FUZZ="--seed 1000"
# make gpu       on a CUDA device: all that needs one, in one table, docs/results/gpu.md; GPU=--rehearse on a CPU
# make gpu-wheels  what such a machine lacks of it, into .wheels; WHEELS_FOR=3.12

PYTHON ?= python3
VENV ?= .venv
JOBS ?= 3
COHORT := phantom:12:0:2
BACKENDS := cnn-onnx llama-vision llama-vision-lora majority prevalence site-only centre-prior brain-centroid mean-box

PIP_INSTALL := $(VENV)/bin/python -m pip install --quiet --constraint constraints.txt
REQUIRED := pyproject.toml constraints.txt

.PHONY: demo test test-all check types tests site fuzz gpu gpu-wheels clean
.DEFAULT_GOAL := check

# Exit code 3 tells that a backend failed on a study: the report shows it.
demo: $(VENV)/.demo
	$(VENV)/bin/gliobench evaluate $(COHORT) $(BACKENDS:%=--backend %) --out demo || test $$? = 3

test: $(VENV)/.dev
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(MAKE) --no-print-directory check

test-all: $(VENV)/.dev
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(MAKE) --no-print-directory check PYTEST=--full

# Layers, words and types are checked beside the tests, which end later: the last line is that of pytest.
check:
	ruff format --check .
	ruff check .
	$(MAKE) --no-print-directory --jobs=2 types tests

types:
	lint-imports
	python .ci/check_words.py
	mypy

# A file's tests run in one process, in the order of the folders: the long ones begin first. The commands
# that they start read bytecode that is compiled once, also where PYTHONDONTWRITEBYTECODE is set.
tests:
	PYTHONDONTWRITEBYTECODE= python -m pytest --numprocesses=$(JOBS) --dist=loadfile --no-loadscope-reorder $(PYTEST)

site:
	NO_MKDOCS_2_WARNING=1 mkdocs build --quiet --strict

fuzz:
	PYTHONPATH=tests python -m fuzz $(FUZZ)

# Runs in the environment that is active, from the source, and asks for no network.
GPU ?= --out docs/results/gpu.md
gpu:
	ls .wheels/*.whl && $(PYTHON) -m pip install --quiet --no-index --no-deps --upgrade --target .wheels/site .wheels/*.whl || true
	PYTHONPATH=.wheels/site $(PYTHON) tests/benchmarks/gpu.py $(GPU)

WHEELS_FOR ?= 3.12
WHEELS := $(PYTHON) -m pip download --quiet --only-binary=:all: --implementation cp --python-version $(WHEELS_FOR) \
	$(foreach glibc,31 28 17,--platform manylinux_2_$(glibc)_x86_64) --platform manylinux2014_x86_64 --constraint constraints.txt --dest .wheels
gpu-wheels:
	$(WHEELS) pydantic-settings
	$(WHEELS) --no-deps llguidance shapely sniffio

$(VENV)/.demo: $(REQUIRED) | $(VENV)/bin/python
	$(PIP_INSTALL) --editable '.[phantom,vlm]'
	touch $@

# The pip that comes with Python 3.11 takes half as much processor time again.
# Two pips unpack the largest packages at once. None compiles its 28,000 modules: the tests compile the third
# of them that they import, when they do.
LARGE := torch mkdocs-material simpleitk pyarrow onnx onnxruntime monai mlflow-skinny openai sympy mypy
LARGE_TOO := kubernetes-validate ray transformers playwright scipy pandas numpy scikit-learn statsmodels moto botocore babel networkx nilearn
$(VENV)/.dev: $(REQUIRED) | $(VENV)/bin/python
	$(PIP_INSTALL) --upgrade pip
	$(PIP_INSTALL) --no-compile --no-deps $(LARGE) & $(PIP_INSTALL) --no-compile --no-deps $(LARGE_TOO) && wait $$!
	$(PIP_INSTALL) --no-compile --editable '.[train,phantom,vlm,s3,openai,mlflow,dicom,docs,dev]'
	touch $@

# The pip of the machine brings the one that is wanted, in half the time that Python's bundled one takes to unpack.
$(VENV)/bin/python:
	$(PYTHON) -m venv --without-pip $(VENV)
	$(PYTHON) -m pip --python $@ install --quiet --constraint constraints.txt pip || $@ -m ensurepip

clean:
	rm -rf $(VENV) build demo src/*.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
