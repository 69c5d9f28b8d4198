# make demo | make test | make bench: each builds .venv on first use; needs Python ≥ 3.11.4, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# What of the test suite runs: words for pytest, such as TESTS="-m 'not slow'" or TESTS=tests/data.
TESTS ?=

.PHONY: demo test test-newcomer bench check
demo: $(STAMP)
	$(BIN)/rnnlab train model=lstm insert=middle

test: $(STAMP)
	$(BIN)/pytest -n 2 --dist worksteal $(TESTS)

# The README's two commands as a newcomer runs them: in a fresh clone of the last commit, with an empty home folder and
# nothing of this machine's environment, found are only the tools of Python's folder, /usr/bin and /bin. pip follows no
# settings but those of /etc, where there are any, so that on Linux torch is PyPI's own build: 2.5 GB to download, 9 GB
# of disk while it runs, here some 10 minutes on two cores. Tests on real data skip, as they do for a newcomer.
test-newcomer:
	set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	python=$$($(PYTHON) -c 'import os, sys; print(os.path.dirname(os.path.realpath(sys.executable)))'); \
	git clone --quiet . "$$folder/rnnlab"; mkdir "$$folder/home"; cd "$$folder/rnnlab"; \
	newcomer() { env -i HOME="$$folder/home" PATH="$$python:/usr/bin:/bin" "$$@"; }; \
	newcomer make demo; \
	newcomer make test TESTS="$(TESTS)"; \
	newcomer .venv/bin/python -c 'import torch; print("a newcomer gets torch", torch.__version__)'

bench: $(STAMP)
	$(BIN)/python -m tests.bench

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,torchtext]'
	touch $@
