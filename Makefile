# make demo | make test | make test-slow | make bench | make verify-resume: each builds .venv on first use; needs Python ≥ 3.11.4, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# What of the test suite runs: words for pytest, such as TESTS=tests/data.
TESTS ?=
# How often verify-resume kills each kind of training.
KILLS ?= 20

# As most people have it: what Python compiles is kept for the next process, and streams wait until they are full.
unexport PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED

.PHONY: demo test test-slow test-newcomer test-cluster bench verify-resume check fuzz faults audit
demo: $(STAMP)
	$(BIN)/rnnlab train model=lstm insert=middle

test: $(STAMP)
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow" $(TESTS)

# The tests that each take more than some seconds: every command of the README, kills, fuzzing, whole trainings beside
# torch's. CI runs them, too.
test-slow: $(STAMP)
	$(BIN)/pytest -n 2 --dist worksteal -m slow $(TESTS)

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

# Sweeps on a SLURM of one node, with accounting, and on a Ray of this machine: some five minutes, as root on Debian.
test-cluster: $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,slurm,ray]'
	test -x /usr/sbin/slurmdbd || apt-get install --yes --no-install-recommends \
	  slurm-wlm slurmdbd munge mariadb-server-core mariadb-client-core
	RNNLAB_TEST_CLUSTER=1 $(BIN)/pytest -s tests/cluster

# Measures anew, some ten minutes on a quiet machine, and puts tables and figure into the README.
bench: $(STAMP)
	$(BIN)/rnnlab bench --output docs/bench
	sed -e '/<!-- bench -->/,/<!-- end of bench -->/{' -e '//!d' -e '}' -e '/<!-- bench -->/r docs/bench/bench.md' README.md \
	  > README.md.new && mv README.md.new README.md

# Trainings killed at random moments, KILLS each, and resumed: do they leave what uninterrupted ones do, bit for bit?
verify-resume: $(STAMP)
	failed=0; verify() { echo "$$@"; $(BIN)/rnnlab verify-resume "$$@" training.checkpoint_every=3 --kills $(KILLS) || failed=1; }; \
	for engine in torch fused scratch; do \
	  for optimizer in sgd adam; do for model in rnn lstm mingru boe; do \
	    verify model=$$model engine=$$engine optimizer=$$optimizer insert=middle model.dropout=0.2 data.max_length=15 \
	      training.epochs=12 training.batch_size=50 training.word_dropout=0.1 training.average=0.9; \
	  done; done; \
	  verify task=recall model=lstm engine=$$engine task.length=10 training.steps=150 training.validate_every=25; \
	done; exit $$failed

# More than 100,000 broken inputs for the readers of files, some ten minutes on two cores, others each time; an input that
# breaks one is made small and its path printed. `make fuzz SEED=7` tries those of a time before again.
SEED ?= $(shell date +%s)
fuzz: $(STAMP)
	JAXTYPING_DISABLE=1 $(BIN)/pytest -n 2 --dist worksteal -q tests/fuzz --hypothesis-profile=fuzz --hypothesis-seed=$(SEED)

# Faults in the middle of commands: FAULTS of each kind, so 200 SIGKILLs of train, sweep, report and data fetch, and full
# disks, read-only ones, two processes on one folder, a clock set back, no memory, a damaged cache.
FAULTS ?= 50
faults: $(STAMP)
	RNNLAB_FAULTS=$(FAULTS) $(BIN)/pytest -n 2 --dist worksteal -v tests/faults

# Known vulnerabilities of what is installed. pip-audit and what it needs stay apart from what is audited.
audit: $(STAMP)
	test -x .audit/bin/pip-audit || ($(PYTHON) -m venv .audit && .audit/bin/pip install --quiet pip-audit==2.10.1)
	$(BIN)/python .ci/audit.py .audit/bin/pip-audit "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

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
