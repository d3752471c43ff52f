# make          lint, types and fast tests
# make run      set up, then a live dashboard with an example website
# make test     set up, then all that CI runs
# make docs     set up, then the documentation's site, in site/
# make wheel    the wheel, in dist/
# make release  the files of a release, in dist/
PYTHON ?= python3
BIN := .venv/bin
DASHBOARD := src/footfall/static/dashboard/index.html
TRACKER := src/footfall/static/tracker/f.js
COUNTRY := src/footfall/data/country.mmdb
REFERENCE := src/footfall/static/docs/swagger-ui/swagger-ui-bundle.js
NODE := node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && npm --version >/dev/null 2>&1 \
  || { echo "the dashboard and the tracker are built with Node 20 or newer and npm, which are not here: install both (https://nodejs.org has them), and give the command again" >&2; exit 1; }
VENV := -m venv --help >/dev/null 2>&1 && $(PYTHON) -c 'import ensurepip' 2>/dev/null \
  || { echo "environments of Python are made by its module venv, which is not here: sudo apt-get install python3-venv" >&2; exit 1; }

.PHONY: check setup run test torture bench docs pictures lock clean chromium pages wrk servers goaccess assets wheel release
.DEFAULT_GOAL := check

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 -m "not slow and not torture" --durations=25

setup: .venv/ready assets

# What the wheel holds that needs Node to be made.
assets: $(DASHBOARD) $(TRACKER) $(COUNTRY) $(REFERENCE)

run: setup
	$(BIN)/footfall serve --demo

test: check chromium pages servers goaccess tests/clients/ready tests/aws/ready tests/aws/ministack/ready tests/frameworks/ready tests/tracker/real/ready
	cd dashboard && npm run --silent check
	cd tracker && npm run --silent check
	$(BIN)/pytest -n 2 --dist loadfile -m "slow and not torture" --durations=25

torture: setup chromium pages servers goaccess tests/clients/ready tests/aws/ready tests/tracker/real/ready
	$(BIN)/pytest -m torture -s --timeout 1800

bench: setup wrk goaccess chromium bench/trackers/ready tests/aws/ready
	$(BIN)/python -m bench

docs: setup
	$(BIN)/mkdocs build --strict
	@echo "open site/index.html"

pictures: setup chromium
	$(BIN)/python -m tests.end_to_end.pictures docs/pictures

wheel: setup
	$(BIN)/python -m hatchling build -t wheel -d dist

release: setup
	$(BIN)/python -m release

.venv/ready: requirements-dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "there is no $(PYTHON): sudo apt-get install python3, or make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Footfall needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@$(PYTHON) $(VENV)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

node_modules/ready: package.json package-lock.json dashboard/package-lock.json tracker/package-lock.json
	@$(NODE)
	npm ci --no-audit --no-fund --silent
	npm --prefix dashboard ci --no-audit --no-fund --silent
	npm --prefix tracker ci --no-audit --no-fund --silent
	touch $@

$(DASHBOARD): node_modules/ready $(shell find dashboard/src dashboard/public dashboard/index.html dashboard/vite.config.ts 2>/dev/null)
	npm --prefix dashboard run --silent build

$(TRACKER): node_modules/ready $(shell find tracker/src tracker/vite.config.ts 2>/dev/null)
	npm --prefix tracker run --silent build
	touch $@

$(COUNTRY): node_modules/ready
	mkdir -p $(@D)
	cp node_modules/@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb $@
	touch $@

$(REFERENCE): node_modules/ready
	mkdir -p $(@D)
	cp $(addprefix node_modules/swagger-ui-dist/,swagger-ui-bundle.js swagger-ui-bundle.js.LICENSE.txt swagger-ui.css LICENSE NOTICE) $(@D)
	touch $@

tests/clients/ready: tests/clients/package-lock.json tests/clients/requirements.txt
	@$(NODE)
	$(PYTHON) -m venv tests/clients/.venv
	tests/clients/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/clients/requirements.txt
	npm --prefix tests/clients ci --no-audit --no-fund --silent
	touch $@

tests/aws/ready: tests/aws/package-lock.json tests/aws/requirements.txt
	@$(NODE)
	$(PYTHON) -m venv tests/aws/.venv
	tests/aws/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/aws/requirements.txt
	npm --prefix tests/aws ci --no-audit --no-fund --silent
	touch $@

tests/aws/ministack/ready: tests/aws/ministack/requirements.txt
	$(PYTHON) -m venv tests/aws/ministack/.venv
	tests/aws/ministack/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/aws/ministack/requirements.txt
	touch $@

tests/tracker/real/ready: tests/tracker/real/package-lock.json $(shell find tests/tracker/real/app -not -path '*/dist*' -not -path '*/cache*' -type f)
	@$(NODE)
	npm --prefix tests/tracker/real ci --no-audit --no-fund --silent
	npm --prefix tests/tracker/real run --silent build >/dev/null
	touch $@

bench/trackers/ready: bench/trackers/package-lock.json
	@$(NODE)
	npm --prefix bench/trackers ci --no-audit --no-fund --silent
	touch $@

tests/frameworks/ready: tests/frameworks/package-lock.json
	@$(NODE)
	npm --prefix tests/frameworks ci --no-audit --no-fund --silent
	touch $@

chromium:
	@command -v chromium >/dev/null || { echo "installing Debian's chromium for the browser tests"; apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
	  || { echo "the browser tests need Debian's package chromium: sudo apt-get install chromium" >&2; exit 1; }

pages:
	@test -f /usr/share/doc/python3.11/html/index.html -a -x /usr/bin/firefox-esr || { echo "installing Debian's python3.11-doc and firefox-esr for the tests of the tracker"; apt-get update -qq && apt-get install -y -qq -o Dpkg::Options::=--path-include=/usr/share/doc/python3.11/* python3.11-doc firefox-esr >/dev/null; } \
	  || { echo "the tests of the tracker need Debian's packages python3.11-doc and firefox-esr: sudo apt-get install python3.11-doc firefox-esr" >&2; exit 1; }

servers:
	@test -x /usr/sbin/nginx -a -x /usr/bin/caddy -a -x /usr/sbin/haproxy -a -x /usr/bin/systemd-analyze -a -x /usr/sbin/ip -a -x /usr/bin/curl \
	  || { echo "installing Debian's nginx, caddy, haproxy, systemd, iproute2 and curl for the tests of installing"; apt-get update -qq && apt-get install -y -qq nginx caddy haproxy systemd iproute2 curl >/dev/null; } \
	  || { echo "the tests of installing need Debian's packages nginx, caddy, haproxy, systemd, iproute2 and curl: sudo apt-get install nginx caddy haproxy systemd iproute2 curl" >&2; exit 1; }

wrk:
	@command -v wrk >/dev/null || { echo "installing Debian's wrk for the load"; apt-get update -qq && apt-get install -y -qq wrk >/dev/null; } \
	  || { echo "the benchmarks need Debian's package wrk: sudo apt-get install wrk" >&2; exit 1; }

goaccess:
	@command -v goaccess >/dev/null || { echo "installing Debian's goaccess to compare imports with"; apt-get update -qq && apt-get install -y -qq goaccess >/dev/null; } \
	  || { echo "the tests of imports need Debian's package goaccess: sudo apt-get install goaccess" >&2; exit 1; }

lock:
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --extra aws -c requirements-dev.txt pyproject.toml -o requirements-aws.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --group clients -o tests/clients/requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --group emulators -o tests/aws/requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --group build -c requirements-dev.txt -o requirements-build.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --group ministack -o tests/aws/ministack/requirements.txt

clean:
	rm -rf .venv node_modules dashboard/node_modules tracker/node_modules tests/clients/.venv tests/clients/node_modules tests/clients/ready tests/aws/.venv tests/aws/node_modules tests/aws/ready tests/aws/ministack/.venv tests/aws/ministack/ready tests/frameworks/node_modules tests/frameworks/ready bench/trackers/node_modules bench/trackers/ready tests/tracker/real/node_modules tests/tracker/real/app/dist tests/tracker/real/ready src/footfall/static/dashboard $(dir $(TRACKER)) $(COUNTRY) $(dir $(REFERENCE)) dist site
