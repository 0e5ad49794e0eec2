# The same few commands for a person and for CI.
#   make run     set everything up, then start Chip (against the local workspace, or Slack when its tokens are set)
#   make test    set everything up, then run the tests
#   make check   ruff and mypy --strict
#   make docs    write the generated parts of docs/
#   make bench   measure, and print the figures of docs/BENCHMARKS.md: bench-loop takes 15 minutes, bench-knowledge two
#                hours (DATA=FOLDER: with public data; PASSAGES: sizes of the index), bench-serving more

PYTHON ?= python3
PIP_FLAGS ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# What is compared with is built here, and what was measured is kept here: bench-serving goes on where it was stopped.
BENCH := .bench
COMPARE = $(BIN)/python -m benchmarks.serving --results $(BENCH)/serving.jsonl --xllamacpp $(BENCH)/xllamacpp/bin/python \
  --llama-server $(BENCH)/llama.cpp/build/bin/llama-server
# What bench-knowledge measures on: the folder of public data (none: the sample company alone), and sizes of the index.
DATA ?=
PASSAGES ?= 1000 100000 1000000
SYSTEMS := engine engine-no-parking lock dedicated llama_cpp.server llama-server llama-server-cache

.PHONY: run test check docs bench bench-loop bench-knowledge bench-serving setup clean
.DEFAULT_GOAL := run

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Chip needs Python 3.11 or newer, but '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || echo missing). Install one and name it: make run PYTHON=python3.12" >&2; exit 1; }
	@command -v c++ >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null || { \
	  echo "Chip compiles llama.cpp and needs a C++ compiler. On Debian or Ubuntu: sudo apt install build-essential" >&2; exit 1; }
	@echo "[1/3] Creating the virtual environment in $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "[2/3] Installing the pinned dependencies (the first time this compiles llama.cpp: about 5 minutes on two cores)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'setuptools>=77' wheel
	@$(BIN)/python -m pip install --disable-pip-version-check $(PIP_FLAGS) -r requirements.lock
	@echo "[3/3] Installing Chip itself"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

run: $(READY)
	@$(BIN)/chip run

test: $(READY)
	@echo "Running the tests (several minutes on two cores)"
	@$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(READY)
	@$(BIN)/python docs/generate.py

bench: bench-loop bench-knowledge bench-serving

bench-loop: $(READY)
	@$(BIN)/python -m benchmarks.loop
	@$(BIN)/python -m benchmarks.slack.acks
	@$(BIN)/python -m benchmarks.slack.acks --transport http
	@$(BIN)/python -m benchmarks.slack.crowd

bench-knowledge: $(READY)
	@$(BIN)/python -m benchmarks.retrieval.sample_company
	@$(BIN)/python -m benchmarks.retrieval.public_ranking $(if $(DATA),--data $(DATA))
	@$(BIN)/python -m benchmarks.factcheck.measure $(if $(DATA),--data $(DATA))
	@$(BIN)/python -m benchmarks.factcheck.answers
	@$(BIN)/python -m benchmarks.neutral $(if $(DATA),--data $(DATA))
	@$(BIN)/python -m benchmarks.retrieval.leaks
	@$(BIN)/python -m benchmarks.retrieval.scale --passages $(PASSAGES)

bench-serving: $(READY)
	@mkdir -p $(BENCH)
	@$(BIN)/python -m benchmarks.serving.build_llama_server $(BENCH)/llama.cpp > $(BENCH)/build.log
	@test -x $(BENCH)/xllamacpp/bin/python || { $(PYTHON) -m venv $(BENCH)/xllamacpp && $(BENCH)/xllamacpp/bin/pip install --quiet $(PIP_FLAGS) xllamacpp; }
	@$(COMPARE) --size S --systems $(SYSTEMS) xllamacpp
	@$(COMPARE) --size M-Q4_0 --concurrency 8 --count 16 --systems engine dedicated llama-server
	@$(COMPARE) --size M --concurrency 8 --count 16 --systems engine dedicated llama-server
	@$(COMPARE) --size S --workload B --systems engine llama-server llama-server-cache
	@$(BIN)/python -m benchmarks.serving.goals --size S
	@$(BIN)/python -m benchmarks.serving.goals --size M-Q4_0 --replies 0
	@$(BIN)/python -m benchmarks.serving.drafting
	@$(BIN)/python -m benchmarks.serving.passage_order
	@$(BIN)/python -m benchmarks.serving.soak --minutes 10

clean:
	rm -rf $(VENV)
