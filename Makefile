# Needs only Python 3.11 (or 3.12, 3.13), make and git, no compiler. `make` says what there is.
PYTHON ?= $(or $(shell for name in python3.11 python3.12 python3.13; do command -v $$name && break; done),python3.11)
# Address of PyTorch's wheels for CPUs, as its page of installation names it: one gigabyte instead of six.
CPU_WHEELS ?=
BIN := .venv/bin
INSTALL := -m pip install --disable-pip-version-check
READY := .venv/ready
LOWEST := .venv-lowest
# Every package here but the measurements.
ROOMS = $(filter-out benchmarks,$(patsubst %/__init__.py,%,$(wildcard */__init__.py)))
# librosa compiles at first use, into a cache of its environment that two processes at once can break: fill it before.
COMPILE := import numpy, datamodules as d, synths as s, synths.oscillator.numba_backend, synths.oscillator.free_numba_backend; \
	d.Yin().track(numpy.sin(numpy.arange(16000) / 9), s.ClipFormat())

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-slurm test-browser test-lowest check bench docs lock platforms clean

help:  ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(READY)  ## the main job in about two minutes: make sounds, train, test, turn a knob, write runs/demo/report.html
	$(BIN)/timbre demo

test: $(READY)  ## the tests
	$(BIN)/pytest -n 2

test-slow: $(READY)  ## the long tests
	$(BIN)/pytest -n 2 -m slow

test-slurm: $(READY)  ## jobs on a Slurm of their own on this machine; needs Debian's slurm-wlm and munge, and root
	$(BIN)/pytest -m slurm

test-browser: $(READY)  ## the playable page in Node and browsers; needs Debian's nodejs and chromium, and takes firefox-esr
	$(BIN)/pytest -m browser

test-lowest: $(LOWEST)/ready  ## the tests, with the oldest libraries that are allowed: those of the clusters
	$(LOWEST)/bin/pytest -n 2

check: $(READY)  ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(READY)  ## speed, as ratios measured side by side in one run; writes them to docs/performance.md
	$(BIN)/python -m benchmarks

docs: $(READY)  ## pages of what the packages export, made of the docstrings: docs/api/index.html
	rm -rf docs/api
	$(BIN)/pdoc --docformat google --output-directory docs/api $(ROOMS)

lock: $(READY)  ## requirements.lock, from pyproject.toml, for Linux, macOS and Windows; versions stay where they can
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --no-annotate --no-header \
		--no-emit-index-url --no-emit-find-links --output-file requirements.lock pyproject.toml

platforms: $(READY)  ## is there a wheel of everything for macOS, Windows and Linux, Python 3.11 to 3.13? Installs nothing
	@for platform in aarch64-apple-darwin x86_64-pc-windows-msvc x86_64-unknown-linux-gnu; do \
		for version in 3.11 3.12 3.13; do echo "$$platform $$version"; \
			MACOSX_DEPLOYMENT_TARGET=14.0 $(BIN)/uv pip install --quiet --dry-run --only-binary :all: \
				--python-platform $$platform --python-version $$version --target .venv/none -r requirements.lock || exit 1; \
		done; \
	done

clean:  ## remove the environment
	rm -rf .venv $(LOWEST)

$(LOWEST)/ready: requirements-lowest.txt requirements-visqol.lock pyproject.toml
	test -x $(LOWEST)/bin/python || $(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python $(INSTALL) -r requirements-lowest.txt
	$(LOWEST)/bin/python $(INSTALL) --no-deps -r requirements-visqol.lock -e .
	$(LOWEST)/bin/python -c "$(COMPILE)"
	@touch $@

# Remade only when what is installed changes.
$(READY): requirements.lock requirements-visqol.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: install it, or say make PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
ifdef CPU_WHEELS
	@echo "Installing into .venv, without the libraries for GPUs: about 1.5 GB, some minutes the first time."
	grep -vE '^(nvidia-|cuda-|triton=)' requirements.lock > .venv/cpu.lock
	$(BIN)/python $(INSTALL) --extra-index-url $(CPU_WHEELS) -r .venv/cpu.lock
else
	@echo "Installing into .venv: on Linux about 6 GB with the libraries for NVIDIA's GPUs, some minutes the first time."
	$(BIN)/python $(INSTALL) -r requirements.lock
endif
	$(BIN)/python $(INSTALL) --no-deps -r requirements-visqol.lock -e .
	@echo "Compiling what librosa compiles at first use: half a minute."
	@$(BIN)/python -c "$(COMPILE)"
	@touch $(READY)
