# Everything is set up in .venv; `make demo` and `make test` are all that is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo lab test protocol faults soak fuzz lint typecheck screenshots site smallest bench clean

demo: $(VENV)/.demo
	$(BIN)/python scripts/demo.py

lab: $(VENV)/.lab
	$(BIN)/jupyter lab examples

# most of the tests' time is waiting; more at once are faster, and find more that is in haste
TESTS_AT_ONCE ?= 2

test: $(VENV)/.test lint typecheck
	$(BIN)/pytest -n $(TESTS_AT_ONCE) --dist loadgroup

# runs the tests of the protocol's rules with other kernels, for the table of docs/protocol.md
protocol: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check '.[protocol]'
	$(BIN)/python scripts/protocol_table.py

# does the faults to other kernels, for the table of docs/faults.md
faults: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check '.[faults]'
	$(BIN)/python scripts/faults_table.py

# random front ends, for MINUTES; SEED and ROUND replay what failed
MINUTES ?= 20
soak: $(VENV)/.test
	PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONPATH=tests $(BIN)/python -m soak --minutes $(MINUTES) \
		$(if $(SEED),--seed $(SEED)) $(if $(ROUND),--round $(ROUND))

# what reads bytes of strangers, for FUZZ_SECONDS each
FUZZ_SECONDS ?= 60
fuzz: $(VENV)/.test
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(FUZZ_SECONDS)

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

typecheck: $(VENV)/.test
	$(BIN)/mypy
	MYPYPATH=tests:plugins $(BIN)/mypy --explicit-package-bases tests benchmarks

# the documentation's site, in build/site; warnings and broken links are errors
site: $(VENV)/.site
	$(BIN)/sphinx-build -W --keep-going --quiet -c docs -d build/doctrees . build/site
	@echo "the site: build/site/index.html"

# installs the smallest kernels of four frameworks, each in an environment of its own, and tries them
smallest: $(VENV)/.test
	$(BIN)/python scripts/try_smallest.py

screenshots: $(VENV)/.test
	$(BIN)/python scripts/screenshots.py

clean:
	rm -rf $(VENV) $(VENV)-bench $(VENV)-smallest build

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("polykernel needs Python 3.11 or newer: make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

# what is installed is what users get, not the folder: kernelspecs too
SOURCES := pyproject.toml $(shell find polykernel plugins kernelspecs -type f -not -name '*.pyc')

$(VENV)/.demo: $(VENV)/bin/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check '.[demo]'
	touch $@

$(VENV)/.lab: $(VENV)/bin/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check '.[lab,demo]'
	touch $@

$(VENV)/.site: $(VENV)/bin/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check '.[docs]'
	touch $@

$(VENV)/.test: $(VENV)/bin/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check '.[lab,demo,test,fuzz,docs]'
	touch $@

# BENCH="--only start trip --rounds 3", for one; `.venv-bench` is made for the kernels
bench: $(VENV)/.test
	$(BIN)/python -m benchmarks $(BENCH)
