# `make run` starts Kwip, `make test` proves it. Both set up what they need first.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input install --quiet \
	--require-hashes --no-deps --root-user-action=ignore
BABEL := $(PY) -m babel.messages.frontend --quiet
# The compiler of the pinned requirements: `pip install uv`.
UV ?= uv
# A test run starts a hundred processes; none has to compile what another has.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run cluster test prepared thorough browser tools monitoring alerts check check-cache machine faults scroll-back stale bench lighthouse pictures setup setup-dev docs texts lock clean

run: setup
	@$(VENV)/bin/kwip up --demo

# Several servers of each kind behind nginx, on this machine.
cluster: setup
	@$(VENV)/bin/kwip cluster up --demo

# What is checked is shown after the tests: one of two processors would wait for it.
test: prepared
	@$(MAKE) --no-print-directory check >$(VENV)/check.log 2>&1 & checked=$$!; \
	$(PY) -m pytest -m "not alone and not long" -n auto --maxprocesses 8 --dist worksteal; \
	tested=$$?; wait $$checked; checked=$$?; cat $(VENV)/check.log; \
	exit $$((tested || checked))
	$(PY) -m pytest -m alone $$(grep -rl --include='*.py' 'mark\.alone' tests)

# All that a test run needs, two things at a time.
prepared: $(VENV)/python.stamp
	@{ $(PY) -m compileall -q kwip config && \
		$(MAKE) --no-print-directory browser tools monitoring; } & brought=$$!; \
	$(MAKE) --no-print-directory -j2 setup-dev; set_up=$$?; \
	wait $$brought && exit $$set_up

# What the suite leaves out or only tries a part of; about half an hour on two processors
# with nothing else to do.
thorough: setup-dev browser
	THOROUGH=1 $(PY) -m pytest -m long -n auto
	THOROUGH=1 $(PY) -m pytest -m "not alone and not long" -n auto tests/jobs \
		$$(grep -rl --include='test_*.py' 'tests.thorough' tests)

check: setup-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy & types=$$!; \
	$(VENV)/bin/lint-imports; layers=$$?; wait $$types && exit $$layers

# Chromium for the tests of the pages; `make test CHROMIUM=…` chooses one.
browser:
	@sh config/browser.sh >/dev/null
	@sh config/browser.sh light >/dev/null

# Programs of Debian for the tests of a deployment; `make test NGINX=…` chooses one.
tools:
	@for tool in nginx systemd-analyze; do sh config/tools.sh $$tool >/dev/null || exit; done

# Prometheus and Alertmanager for the tests of the alerts; `PROMETHEUS=…` names a folder.
monitoring:
	@sh config/monitoring/prometheus.sh >/dev/null

# The gravest alerts, at a running site with real outages; about a minute.
alerts: setup-dev monitoring
	$(PY) -m tests.ops.alerts

# The protocol of the cache at larger bounds than the suite's; some minutes.
check-cache: setup-dev
	$(PY) -m tests.protocol.large

# A home of 50,000 posts, read to its beginning and back; a minute or two.
scroll-back: setup-dev
	SCROLL_BACK=50000 $(PY) -m pytest -n 0 -s tests/services/timelines/test_scroll_back.py

# People, workers and deaths in any order, against a model; some minutes a hundred runs.
machine: setup-dev
	MACHINE_RUNS=$(or $(RUNS),200) $(PY) -m pytest -n 0 tests/machine -k everybody_always

# A whole site while its cache fails, a minute for each fault; `FAULT=kill SECONDS=30`.
# Without FAULT, also a cluster whose servers fail, and a site that lacks disk, memory or
# time: docs/faults.md.
faults: setup-dev
	$(PY) -m tests.faults "$(FAULT)" $(SECONDS)
	$(if $(FAULT),,PATH="$$(dirname "$$(sh config/tools.sh nginx)"):$$PATH" $(PY) -m tests.faults.cluster)
	$(if $(FAULT),,$(PY) -m tests.faults.resources)
	$(if $(FAULT),,$(PY) -m docs.generate)

# Widgets, feeds and frames that are read while what they show is deleted: none may be
# stale; ten to twenty minutes, `TRIES=500` is shorter.
stale: setup-dev
	$(PY) -m tests.faults.stale $(TRIES)

# Figures of this machine; `make bench ROW=home` measures one row. Most rows need a
# network of real size: docs/performance.md says how to name one.
bench: setup
	$(PY) -m bench $(ROW)
	$(PY) -m bench.charts
	$(PY) -m docs.generate

# Scores and pictures of the pages of a demo world; Lighthouse needs Node and npm.
lighthouse pictures: setup-dev browser
	$(PY) -m bench.pages $@

setup: $(VENV)/runtime.stamp $(VENV)/texts.stamp $(VENV)/bin/kwip

setup-dev: setup $(VENV)/dev.stamp

$(VENV)/runtime.stamp: requirements.txt $(VENV)/python.stamp
	@echo "Installing the pinned packages …"
	@$(PIP) -r requirements.txt
	@touch $@

# What the runtime has too is left out, so that both may be installed at once.
$(VENV)/dev.stamp: requirements-dev.txt requirements.txt $(VENV)/python.stamp
	@echo "Installing the pinned tools …"
	@awk 'NR == FNR { has[$$1]; next } /^[^ ]/ { skip = $$1 in has } !skip' \
		requirements.txt requirements-dev.txt >$(VENV)/tools.txt
	@$(PIP) --no-compile -r $(VENV)/tools.txt
	@touch $@

# What translators write, compiled for gettext.
$(VENV)/texts.stamp: $(wildcard kwip/translations/*/LC_MESSAGES/kwip.po) $(VENV)/runtime.stamp
	@$(BABEL) compile --directory kwip/translations --domain kwip
	@touch $@

# The first Python of 3.11 or newer that can make environments; `make PYTHON=…` chooses.
$(VENV)/python.stamp: config/environment.sh
	@PYTHON="$(PYTHON)" sh config/environment.sh $(VENV)
	@touch $@

# It finds the project from where it is itself, so the project may be moved.
$(VENV)/bin/kwip: config/kwip.sh $(VENV)/python.stamp
	@cp config/kwip.sh $@
	@chmod 755 $@

# What the pages print from the code.
docs: setup
	@$(PY) -m docs.generate

# Takes new texts into what translators write, and removes those that are gone.
texts: setup-dev
	@$(BABEL) extract --mapping-file babel.cfg --add-location file \
		--keywords lazy_gettext --keywords lazy_ngettext:1,2 --output-file $(VENV)/kwip.pot .
	@for language in kwip/translations/*/; do \
		$(BABEL) update --domain kwip --input-file $(VENV)/kwip.pot \
			--output-dir kwip/translations --locale $$(basename $$language) \
			--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date \
			--width 88 || exit; \
	done
	@$(MAKE) --no-print-directory setup

lock:
	$(UV) pip compile -q -p 3.11.0 --generate-hashes --no-annotate --no-header \
		requirements.in -o requirements.txt
	$(UV) pip compile -q -p 3.11.0 --generate-hashes --no-annotate --no-header \
		requirements-dev.in -o requirements-dev.txt

# What was stored (`var/`) stays.
clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
