# kmemlab: `make lab` opens the lab, `make test` runs the tests; each sets everything up first.
PYTHON ?= python3
PORT ?= 8888
TOKEN ?=
BROWSER ?= 0
PYTEST_ARGS ?=
# Two at once, a file in one process: its tests share what is slow to set up. JOBS=0 runs them one after another.
JOBS ?= 2
# In the order of tests/conftest.py, so that what takes longest does not begin last, when nothing is left to run beside it.
IN_TURN := -n $(JOBS) --dist loadfile --no-loadscope-reorder

VENV := .venv
BIN := $(VENV)/bin
IS_ROOT_DEBIAN := $(shell test "$$(id -u)" = 0 && command -v apt-get >/dev/null 2>&1 && echo yes)
CHROMIUM_FOUND := $(shell test -n "$$CHROMIUM" && echo yes || command -v chromium chromium-browser google-chrome 2>/dev/null)

.PHONY: lab reset test test-all check notebooks book slides answers nbgrader lock bench clean

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'kmemlab needs Python 3.11 or newer' >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[lab,test]'
	@touch $@

.PHONY: chromium
chromium:
ifeq ($(CHROMIUM_FOUND),)
ifeq ($(IS_ROOT_DEBIAN),yes)
	-apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
endif
endif

# The engine is compiled where a C compiler and Python.h are; else it runs interpreted, and a line says so.
.PHONY: compiled
compiled: $(VENV)/.installed
	@$(BIN)/python -m kmemlab.build build/compiled

lab: $(VENV)/.installed compiled
	@exec $(BIN)/python -m kmemlab.lab.server --root notebooks --home .jupyter --compiled build/compiled --port '$(PORT)' --token '$(TOKEN)' $(if $(filter 1,$(BROWSER)),--browser)

# After a class: notebooks, progress, kept sessions and open tabs as on the first day; what was there is put aside. YES=1 does not ask.
reset: $(VENV)/.installed
	@$(BIN)/python -m kmemlab.lab.reset --root notebooks --home .jupyter $(if $(filter 1,$(YES)),--yes)

check: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: $(VENV)/.installed chromium check
	$(BIN)/python -m pytest $(IN_TURN) -m 'not long' $(PYTEST_ARGS)

test-all: $(VENV)/.installed $(VENV)/.book chromium check
	$(BIN)/python -m pytest $(IN_TURN) $(PYTEST_ARGS)

# The lessons' notebooks, from notebooks/text. LESSON="02 03" makes only these.
LESSON ?=
notebooks: $(VENV)/.installed
	@$(BIN)/python -m tools.notebooks $(LESSON)

$(VENV)/.book: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[lab,test,book]'
	@touch $@

# The lessons as a static site in build/book: it opens from a file, without a network.
book: $(VENV)/.book
	@$(BIN)/python -m tools.book

# Slides of the lessons in build/slides, one file each. LESSON="02 03" makes only these.
slides: $(VENV)/.installed
	@$(BIN)/python -m tools.slides $(LESSON)

# Answer keys for teachers in build/answers: what a machine says to every question. LESSON="02 03" makes only these.
answers: $(VENV)/.installed
	@$(BIN)/python -m tools.answers $(LESSON)

# A course for nbgrader in build/nbgrader: its configuration and source/. LESSON="02 03" makes only these.
nbgrader: $(VENV)/.installed
	@$(BIN)/python -m tools.nbgrader $(LESSON)

ROUNDS ?= 9
bench: $(VENV)/.installed
	@ROUNDS=$(ROUNDS) $(BIN)/python tests/bench/bench.py

# How quick the lab is in a real JupyterLab: click to paint at 1 k to 1 M objects, first picture, the tab's heap.
.PHONY: bench-lab
bench-lab: $(VENV)/.installed chromium compiled
	@$(BIN)/python tests/bench/lab_bench.py

# Pins what Binder installs, for the Python it runs.
lock: $(VENV)/.installed
	$(BIN)/python binder/lock.py

clean:
	rm -rf $(VENV) build .jupyter .pytest_cache .mypy_cache .ruff_cache
