# The same few commands for a person and for CI. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEVELOP := $(VENV)/.ready-to-develop
# Every file of the locks has its hash. torch has none: which build fits depends on the machine, and an index of its own
# has those for the processor alone. What compiles llama.cpp is in a lock too: pip would fetch the newest by itself, and
# so nothing is built apart.
TORCH := $(shell sed -n 's/.*"\(torch==[^"]*\)".*/\1/p' pyproject.toml)
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --no-build-isolation
# pip writes INSTALLER last. A package without one was interrupted, and pip would count it as installed with files missing.
CLEAR := find $(VENV)/lib -name '*.dist-info' ! -exec test -e {}/INSTALLER \; -prune -exec rm -r {} +
# What llama.cpp is compiled with, as llama-cpp-python and its build backend ask for it.
BUILD := scikit-build-core[pyproject]>=0.9.2 cmake>=3.21 ninja>=1.5 setuptools>=77
UV := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-annotate \
  --index-url https://pypi.org/simple --custom-compile-command "make lock" --override .torch-elsewhere --no-emit-package torch
# On Linux, PyPI's torch brings gigabytes of CUDA. A machine without an NVIDIA GPU takes torch from PyTorch's own index
# of CPU builds, if it can be reached: pip would try it again and again for each of 150 packages. PIP_FLAGS= turns this off.
CPU_TORCH := https://download.pytorch.org/whl/cpu
PIP_FLAGS ?= $(shell test "$$(uname)" = Linux && ! test -e /proc/driver/nvidia && ! command -v nvidia-smi >/dev/null \
  && $(PYTHON) -c 'import urllib.request as u; u.urlopen("$(CPU_TORCH)/torch/", timeout=5)' 2>/dev/null \
  && echo --extra-index-url $(CPU_TORCH))
# Gigabytes that a set-up needs, what already stands in the virtual environment included.
ROOM := 4
# Each process that runs tests computes on one core and takes about 2 GB.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$(( n < 4 ? n : 4 )))
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --durations 10
# What is compared with is built here, and what was measured is kept here: bench-serving goes on where it was stopped.
BENCH := .bench
COMPARE = $(BIN)/python -m benchmarks.serving --trials $(BENCH)/serving.jsonl --xllamacpp $(BENCH)/xllamacpp/bin/python \
  --llama-server $(BENCH)/llama.cpp/build/bin/llama-server
# What bench-knowledge measures on: the folder of public data (none: the sample company alone), and sizes of the index.
DATA ?=
# A checkout of the data of "Continually Improving Extractive QA via Human Feedback", for bench-data (none: simulated raters).
STUDY ?=
# What bench-answers asks: a folder with documents/, questions.tsv and kb/*.jsonl (none: nothing).
CASES ?=
PASSAGES ?= 1000 100000 1000000
SYSTEMS := engine engine-no-parking lock dedicated llama_cpp.server llama-server llama-server-cache

.PHONY: run test test-rest fast check fix docs lock sbom bench bench-loop bench-knowledge bench-answers bench-data bench-learning bench-quick bench-grow bench-serving setup help clean
.DEFAULT_GOAL := run

# A virtual environment whose Python does not start (it was upgraded, or removed) is made again.
$(shell test ! -e $(READY) || $(BIN)/python -c '' 2>/dev/null || rm -f $(READY))

STOPPED = echo "The set-up stopped before its end; the lines above say why (mostly no network, or no room on the disk). Run make again: it goes on where it stopped." >&2; exit 1

setup: $(READY) ## set everything up, without starting anything

$(READY): requirements-build.lock requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Chip needs Python 3.11 or newer, but '$(PYTHON)' is $$(command -v $(PYTHON) >/dev/null && $(PYTHON) --version 2>&1 || echo missing). Install one and name it: make run PYTHON=python3.12" >&2; exit 1; }
	@command -v c++ >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null || { \
	  echo "Chip compiles llama.cpp and needs a C++ compiler. On Debian or Ubuntu: sudo apt install build-essential. Then run make again." >&2; exit 1; }
	@test -d $(VENV) || test ! -e $(VENV) -a ! -L $(VENV) || { \
	  echo "The set-up makes a folder called $(VENV), but something else has that name here. Move it away and run make again." >&2; exit 1; }
	@test $$(( $$(df -Pk . | awk 'END { print $$4 }') + $$(du -skH $(VENV) 2>/dev/null | cut -f1) + 0 )) -ge $(ROOM)000000 || { \
	  echo "The set-up needs $(ROOM) GB of free disk and there is less here. Make room and run make again." >&2; exit 1; }
	@echo "[1/3] Creating the virtual environment in $(VENV)"
	@$(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV) || { \
	  echo "The virtual environment could not be made; the lines above say why. On Debian or Ubuntu: sudo apt install python3-venv. Then run make again." >&2; exit 1; }
	@$(CLEAR)
	@echo "[2/3] Installing the pinned dependencies (the first time this compiles llama.cpp: about 5 minutes on two cores)"
	@{ $(INSTALL) --no-deps --require-hashes -r requirements-build.lock && \
	  $(INSTALL) --no-deps --require-hashes -r requirements.lock && \
	  $(INSTALL) $(PIP_FLAGS) $(TORCH) && \
	  echo "[3/3] Installing Chip itself" && \
	  $(INSTALL) --quiet --no-deps -e .; } || { $(STOPPED); }
	@touch $(READY)
	@echo "Chip is set up. For the command chip in this terminal: . $(BIN)/activate"

$(DEVELOP): requirements-dev.lock $(READY)
	@echo "Installing what tests and checks need"
	@$(CLEAR)
	@$(INSTALL) --quiet --no-deps --require-hashes -r requirements-dev.lock || { $(STOPPED); }
	@touch $(DEVELOP)

run: $(READY) ## set up what is missing, then start Chip (the local workspace, or Slack when its tokens are set)
	@$(BIN)/chip run

test: $(DEVELOP) ## set up what is missing, then run the tests
	@echo "Running the tests (8 minutes on two cores; make test-rest runs those over HTTP, slow ones and the browser)"
	@$(PYTEST) -m "not http and not slow and not browser"

test-rest: $(DEVELOP) ## run what `make test` leaves out: stories over HTTP, real models and training, the browser (10 minutes)
	@$(PYTEST) -m "http or slow or browser"

fast: $(DEVELOP) ## run the tests without stories, engines and command lines (a minute)
	@$(PYTEST) -m "not http and not slow and not browser" --ignore tests/loop --ignore tests/bot/engine --ignore tests/bot/cli

check: $(DEVELOP) ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: $(DEVELOP) ## mend what ruff can mend, and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(DEVELOP) ## write the generated parts of docs/
	@$(BIN)/python docs/generate.py
	@$(BIN)/python -m benchmarks.page

lock: $(DEVELOP) ## pin again what pyproject.toml asks for, as it is pinned already where that fits (UPGRADE=--upgrade: newest)
	@echo "torch ; sys_platform == 'none'" > .torch-elsewhere
	@echo "setuptools>=77" | $(UV) $(UPGRADE) pyproject.toml - -o requirements.lock
	@echo "$(BUILD)" | tr ' ' '\n' | $(UV) $(UPGRADE) -c requirements.lock - -o requirements-build.lock
	@$(UV) $(UPGRADE) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock \
	  $$(sed -n 's/^\([a-z0-9-]*\)==.*/--no-emit-package \1/p' requirements.lock)
	@rm .torch-elsewhere

sbom: $(DEVELOP) ## write docs/LICENCES.md: every package that Chip needs, with its version and licence
	@{ echo "# Licences"; echo; echo "What Chip installs beside itself. \`make sbom\` writes this page."; echo; \
	  $(BIN)/pip-licenses --from=mixed --format=markdown --packages torch \
	  $$(sed -n 's/^\([a-z0-9-]*\)==.*/\1/p' requirements.lock); } > docs/LICENCES.md

bench: bench-loop bench-knowledge bench-answers bench-data bench-learning bench-grow bench-serving ## measure everything: the seven below; the page of it
	@$(BIN)/python -m benchmarks.page

bench-loop: $(DEVELOP) ## measure the whole loop and Slack (15 minutes)
	@$(BIN)/python -m benchmarks.loop
	@$(BIN)/python -m benchmarks.slack.acks
	@$(BIN)/python -m benchmarks.slack.acks --transport http
	@$(BIN)/python -m benchmarks.slack.crowd

bench-knowledge: $(DEVELOP) ## measure search and the claim check (2 hours; DATA=FOLDER: public data; PASSAGES: index sizes)
	@$(BIN)/python -m benchmarks.retrieval.sample_company
	@$(BIN)/python -m benchmarks.retrieval.public_ranking $(if $(DATA),--data $(DATA))
	@$(BIN)/python -m benchmarks.factcheck.measure $(if $(DATA),--data $(DATA))
	@$(BIN)/python -m benchmarks.factcheck.answers
	@$(BIN)/python -m benchmarks.neutral $(if $(DATA),--data $(DATA))
	@$(BIN)/python -m benchmarks.retrieval.leaks
	@$(BIN)/python -m benchmarks.retrieval.encoding
	@$(BIN)/python -m benchmarks.retrieval.scale --passages $(PASSAGES)

bench-answers: $(DEVELOP) ## ask hard questions (CASES=FOLDER: documents and questions; with DATA also on real documents, 1 hour)
ifneq ($(CASES),)
	@$(BIN)/python -m benchmarks.cases --cases $(CASES)
	@$(BIN)/python -m benchmarks.formats --cases $(CASES) $(if $(DATA),--data $(DATA))
	@$(if $(DATA),$(BIN)/python -m benchmarks.unseen --cases $(CASES) --data $(DATA) --set jitsi balena handbook wsl)
else
	@echo "bench-answers asks nothing: name a folder of cases with CASES=FOLDER"
endif

bench-data: $(DEVELOP) ## measure personal data, forgetting one person of 10,000, and what votes become (30 minutes; STUDY=FOLDER)
	@$(BIN)/python -m benchmarks.privacy
	@$(BIN)/python -m benchmarks.forgetting
	@$(BIN)/python -m benchmarks.curation --events 1000000 $(if $(STUDY),--study $(STUDY))

bench-learning: $(DEVELOP) ## measure what a retrain is judged by: the gate, the trial on people, customers' words (30 minutes)
	@$(BIN)/python -m benchmarks.gate
	@$(BIN)/python -m benchmarks.canary
	@$(BIN)/python -m benchmarks.drift
	@$(BIN)/python -m benchmarks.history $(if $(DATA),--data $(DATA))
	@$(if $(and $(CASES),$(DATA)),$(BIN)/python -m benchmarks.words --cases $(CASES) --data $(DATA))

bench-quick: $(DEVELOP) ## measure the most important in a quarter of an hour (CASES and DATA as above); the page of it
	@$(BIN)/python -m benchmarks.retrieval.sample_company
	@$(BIN)/python -m benchmarks.factcheck.answers
	@$(BIN)/python -m benchmarks.privacy
	@$(if $(CASES),$(BIN)/python -m benchmarks.cases --cases $(CASES))
	@$(if $(and $(CASES),$(DATA)),$(BIN)/python -m benchmarks.unseen --cases $(CASES) --data $(DATA) --set jitsi)
	@$(BIN)/python -m benchmarks.page
	@echo "Left out: balena, handbook and wsl, the loop and Slack, learning, back-ups, index sizes, other servers (make bench)."

bench-grow: $(DEVELOP) ## measure back-ups under load, and fairness among workspaces (6 minutes)
	@$(BIN)/python -m benchmarks.backup
	@$(BIN)/python -m benchmarks.fairness

bench-serving: $(DEVELOP) ## measure the engine beside other servers (2 to 3 hours; goes on where it was stopped)
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

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

clean: ## delete the virtual environment; your data in var/ stays
	rm -rf $(VENV)
