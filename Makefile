# The two commands of the README are `make demo` and `make test`. Every target makes its own .venv first.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.installed
OUT    ?= out
STACK  ?= regulated
JOBS   ?= 2

.PHONY: help demo test check test-engine test-litellm test-deep bench pin-images fmt docs golden fuzz mutation lock clean

help:  ## show this
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): requirements/dev.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than Python 3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY)  ## the main job: a regulated stack, its gate and its matrix, offline
	$(BIN)/blueprint validate -s $(STACK)
	$(BIN)/blueprint synth -s $(STACK) -o json=$(OUT)/$(STACK).graph.json
	$(BIN)/blueprint check -s $(STACK) --graph $(OUT)/$(STACK).graph.json --status fail -o json=$(OUT)/$(STACK).findings.json -o table
	$(BIN)/blueprint matrix -s $(STACK) --graph $(OUT)/$(STACK).graph.json -o table \
	  -o json=$(OUT)/$(STACK).matrix.json -o csv=$(OUT)/$(STACK).matrix.csv -o md=$(OUT)/$(STACK).matrix.md -o html=$(OUT)/$(STACK).matrix.html
	@echo "open $(OUT)/$(STACK).matrix.html"

test: $(READY)  ## the offline tier
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadgroup

check: $(READY)  ## ruff, mypy strict, import contracts, generated files and links
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tools.docs --check
	$(BIN)/mypy

test-engine: $(READY)  ## the real Pulumi engine with simulated providers; needs Go, or pulumi on PATH
	tools/engine/build
	$(BIN)/python -m pytest -q -m engine tests/engine

LITELLM := .tools/litellm
$(LITELLM)/.installed: tools/litellm/requirements.lock
	$(PYTHON) -m venv $(LITELLM)
	$(LITELLM)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/litellm/requirements.lock
	@touch $@

test-litellm: $(READY) $(LITELLM)/.installed  ## the gateway's configuration, loaded by the pinned LiteLLM itself
	$(BIN)/python -m pytest -q -m slow tests/components/gateway/test_litellm_accepts.py

test-deep: $(READY)  ## each edge of each stack taken away alone, foundations swapped, 2,000 mutated documents, the page of systems
	$(BIN)/python -m pytest -q -n $(JOBS) --dist load -m slow tests/meta/test_edges.py tests/meta/test_swap.py \
	  tests/blueprint/test_fuzz.py::test_2000_mutated_documents_are_refused_where_they_are_wrong
	$(BIN)/python -m tools.systems --check

bench: $(READY)  ## measure, ratios side by side in one run
	$(BIN)/python -m tools.bench

fuzz: $(READY)  ## 20,000 mutations of the documents
	$(BIN)/python -m pytest -q -m slow tests/blueprint/test_fuzz.py

mutation: $(READY)  ## 200 seeded weakenings of what outside scanners read
	$(BIN)/python -m pytest -q -s -m slow tests/meta/test_mutation.py

pin-images: $(READY)  ## ask registries for the digests of pinned tags, where they can be reached
	$(BIN)/python -m tools.pin_images

fmt: $(READY)  ## format and repair what can be repaired
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY)  ## write the generated reference again
	$(BIN)/python -m tools.docs

golden: $(READY)  ## write the golden files again; review the difference like code
	$(BIN)/python -m pytest -q --golden tests

lock: $(READY)  ## resolve requirements/dev.lock again
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --no-emit-find-links --python-version 3.11 --universal --output-file requirements/dev.lock

clean:  ## remove what was made
	rm -rf $(VENV) $(OUT) .mypy_cache .ruff_cache .pytest_cache
