# Each target does its own set-up on a machine with Python 3.13 (and, for test, check and bench, Node 20 with npm).
PYTHON ?= $(shell for p in python3.13 python3 python; do $$p -c 'import sys; sys.exit(sys.version_info[:2] < (3, 13))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test check contracts artifacts analysis bench lock clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

# The environments are stamped with what they were built from, so a second run starts at once and a changed lock rebuilds.
.venv/bin/python:
	@test -n "$(PYTHON)" || { echo 'Python 3.13 was not found: install it, or say make PYTHON=…/python3.13' >&2; exit 2; }
	$(PYTHON) -m venv .venv

.venv/.base: requirements/base.txt requirements/build.txt pyproject.toml | .venv/bin/python
	$(PIP) install --require-hashes --no-deps -r requirements/base.txt -r requirements/build.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.base
	$(PIP) install --require-hashes --no-deps -r requirements/dev.txt
	@touch $@

tests/peers/node_modules/.stamp: tests/peers/package-lock.json
	@command -v npm >/dev/null || { echo 'Node 20 with npm was not found: the tests compare glejt with implementations that run on it' >&2; exit 2; }
	npm ci --prefix tests/peers --no-audit --no-fund --loglevel=error
	@touch $@

contracts/node_modules/.stamp: contracts/package-lock.json
	@command -v npm >/dev/null || { echo 'Node 20 with npm was not found: the compiler of the contracts runs on it' >&2; exit 2; }
	npm ci --prefix contracts --no-audit --no-fund --loglevel=error
	@touch $@

demo: .venv/.base  ## the story in the terminal: issue, verify, alter one letter, be refused
	$(BIN)/glejt demo $(ARGS)

# One more than there are processors: many tests wait for processes of their own.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
test: .venv/.dev tests/peers/node_modules/.stamp .venv-didcomm/.stamp contracts/node_modules/.stamp contracts/cache/.tested  ## every test
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

# FOUNDRY_PROFILE=long runs many more cases. FORGE=… is for machines other than linux-amd64, the one that package.json names.
FORGE ?= node_modules/.bin/forge
contracts: .venv/.dev contracts/node_modules/.stamp  ## build the contracts, compare them with what is committed, test them
	@cd contracts && command -v $(FORGE) >/dev/null || { echo 'forge was not found: npm has it for Linux on x86-64; elsewhere install Foundry and say make FORGE=…/forge' >&2; exit 2; }
	cd contracts && $(FORGE) fmt --check && $(FORGE) build
	$(BIN)/python contracts/script/artifacts.py --check
	cd contracts && FORGE_SNAPSHOT_CHECK=true FORGE_SNAPSHOT_EMIT=false $(FORGE) test --summary
	@touch contracts/cache/.tested

contracts/cache/.tested: $(wildcard contracts/src/*.sol contracts/test/*.sol contracts/test/*/*.sol contracts/script/* contracts/snapshots/*) \
  $(wildcard anchoring/artifacts/*.json) contracts/foundry.toml contracts/package-lock.json
	$(MAKE) --no-print-directory contracts

.venv-slither/.stamp: requirements/slither.txt
	@test -n "$(PYTHON)" || { echo 'Python 3.13 was not found: install it, or say make PYTHON=…/python3.13' >&2; exit 2; }
	$(PYTHON) -m venv .venv-slither
	.venv-slither/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --no-deps -r requirements/slither.txt
	@touch $@

analysis: .venv-slither/.stamp contracts/node_modules/.stamp  ## look for known mistakes in the contracts (slither)
	cd contracts && $(FORGE) build --force --skip 'test/**' --build-info --out cache/analysis --cache-path cache/analysis/cache
	cd contracts && PATH="$(CURDIR)/contracts/node_modules/.bin:$$PATH" ../.venv-slither/bin/slither . --ignore-compile --foundry-out-directory cache/analysis

artifacts: .venv/.dev contracts/node_modules/.stamp  ## write ABI, bytecode and gas snapshots after a change of the contracts
	cd contracts && $(FORGE) fmt && $(FORGE) build && $(FORGE) test --match-path test/Gas.t.sol
	$(BIN)/python contracts/script/artifacts.py

check: .venv/.dev  ## style, types and architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.venv-acapy/.stamp: requirements/acapy.txt
	@test -n "$(PYTHON)" || { echo 'Python 3.13 was not found: install it, or say make PYTHON=…/python3.13' >&2; exit 2; }
	$(PYTHON) -m venv .venv-acapy
	.venv-acapy/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --no-deps -r requirements/acapy.txt
	@touch $@

.venv-didcomm/.stamp: requirements/didcomm.txt
	@test -n "$(PYTHON)" || { echo 'Python 3.13 was not found: install it, or say make PYTHON=…/python3.13' >&2; exit 2; }
	$(PYTHON) -m venv .venv-didcomm
	.venv-didcomm/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --no-deps -r requirements/didcomm.txt
	@touch $@

bench/peers/node_modules/.stamp: bench/peers/package-lock.json
	npm ci --prefix bench/peers --no-audit --no-fund --loglevel=error
	@touch $@

bench: .venv/.dev tests/peers/node_modules/.stamp contracts/node_modules/.stamp bench/peers/node_modules/.stamp .venv-acapy/.stamp .venv-didcomm/.stamp  ## glejt beside its peers, in one run, as ratios
	$(BIN)/python bench/run.py $(ARGS)
	$(BIN)/python bench/status_list.py
	$(BIN)/python bench/batch.py
	$(BIN)/python bench/disclosure.py
	$(BIN)/python bench/selective_tokens.py
	$(BIN)/python bench/resolution.py
	$(BIN)/python bench/did_log.py
	$(BIN)/python bench/anchors.py
	$(BIN)/python bench/capsules.py
	$(BIN)/python bench/chain_reading.py
	$(BIN)/python bench/embedded_chain.py
	$(BIN)/python bench/gas.py
	$(BIN)/python bench/ledger.py
	$(BIN)/python bench/store.py
	$(BIN)/python bench/desk.py
	$(BIN)/python bench/serve_start.py
	$(BIN)/python bench/work.py
	$(BIN)/python bench/node_http.py
	$(BIN)/python bench/didcomm_envelopes.py

LOCK := $(BIN)/uv pip compile --python-version 3.13 --generate-hashes --no-emit-index-url --no-emit-find-links \
  --custom-compile-command "make lock" --quiet
lock: .venv/.dev  ## resolve the pins of pyproject.toml anew
	$(LOCK) pyproject.toml -o requirements/base.txt
	$(LOCK) --group pyproject.toml:build -o requirements/build.txt
	$(LOCK) pyproject.toml --all-extras --group dev -c requirements/base.txt -o requirements/dev.txt
	$(LOCK) pyproject.toml --all-extras -c requirements/base.txt -o requirements/all.txt
	$(LOCK) requirements/acapy.in -o requirements/acapy.txt
	$(LOCK) requirements/didcomm.in -o requirements/didcomm.txt
	$(LOCK) requirements/slither.in -o requirements/slither.txt

clean:  ## remove what the targets built
	rm -rf .venv .venv-* tests/peers/node_modules contracts/node_modules contracts/cache contracts/out bench/peers/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
