# Every task by name; `make` alone lists them. Settings: PYTHON=python3.12, PORT=8000.

VENV  := .venv
PY    := $(VENV)/bin/python
READY := $(VENV)/.ready
HTML  := _build/html
PORT  ?= 8000
URL   ?=
JUDGES ?= classifier-digits classifier-mnist regressor-faces-32 regressor-faces-64

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Silence TensorFlow, and keep its arithmetic the same wherever stored outputs are compared.
export TF_CPP_MIN_LOG_LEVEL  := 3
export TF_ENABLE_ONEDNN_OPTS := 0
export TF_NUM_INTRAOP_THREADS := 2
KERAS_BACKEND ?= tensorflow
export KERAS_BACKEND
# Stored outputs are those of the short profile, also on a machine with a GPU.
export VAEGAN_EDU_PROFILE := cpu
export HYPOTHESIS_STORAGE_DIRECTORY := _build/hypothesis
unexport PYTHONHASHSEED

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help book check test fuzz gpu-profile gpu-study mutants matrix execute exercises handin grade slides results classifiers colab figures serve zip lint lock address clean

help: ## List the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

book: $(READY) ## Build the book and say where to open it
	@$(call build_book) && echo "The book is built. Open $(CURDIR)/$(HTML)/index.html"

check: $(READY) ## Run what holds within a minute: style, types, the fast tests
	$(PY) -m ruff check --quiet . && $(PY) -m ruff format --check --quiet .
	$(PY) -m mypy
	$(PY) -m pytest -q -n 2 --dist worksteal -m "not slow" tests

test: $(READY) ## Run everything that must hold
	$(PY) -m ruff check --quiet . && $(PY) -m ruff format --check --quiet .
	$(PY) -m mypy
	$(PY) -m pytest -q -n 2 --dist worksteal tests
	$(PY) -m pytest -q -n 2 --dist loadfile --nbval --nbval-current-env --nbval-cell-timeout=600 \
	  --nbval-sanitize-with=tests/nbval_sanitize.cfg notebooks

fuzz: $(READY) ## Give the package what nobody would, by chance (EXAMPLES=300 of each kind)
	EXAMPLES=$(or $(EXAMPLES),300) $(PY) -m pytest -q -n 2 tests/fuzz.py

gpu-profile: $(READY) ## Run the notebooks' code for a GPU, one epoch on little data
	$(PY) -m pytest -q -n 2 tests/gpu_profile.py

mutants: $(READY) ## Break the code on purpose and see whether a test fails (COUNT=200)
	@PIP_USER=0 $(PY) -m pip install --quiet -c constraints.txt cosmic-ray
	@$(PY) -m tools.mutants $(if $(COUNT),--count $(COUNT)) $(if $(MODULE),--module $(MODULE))

matrix: $(READY) ## Test each Python, oldest and newest versions, each backend (ONLY="3.12 jax")
	@PIP_USER=0 $(PY) -m pip install --quiet uv
	@$(PY) tools/matrix.py --only "$(ONLY)" $(if $(PIN),--pin $(PIN)) $(if $(AGAIN),--again)

execute: $(READY) ## Execute the notebooks whose code changed (all: ALL=1, one: NOTEBOOK=02_vae)
	@$(PY) tools/execute.py $(if $(ALL),--all) $(NOTEBOOK)

exercises: $(READY) ## Write the exercise and solution cells from notebooks/exercises/
	@$(PY) tools/exercises.py

handin: $(READY) ## Write the notebooks to hand out, stubs only, into _build/handin
	@$(PY) tools/handin.py

grade: $(READY) ## Grade notebooks that were handed in: HANDIN=folder (a table: CSV=scores.csv)
	@$(PY) -m vaegan_edu.exercises "$(HANDIN)" $(if $(CSV),--csv "$(CSV)")

slides: $(READY) ## Make slides from the chapters, in _build/slides/
	@$(PY) -m tools.slides

results: $(READY) ## Make the records that are missing (only list them: LIST=1, a rehearsal: QUICK=1)
	@env -u TF_ENABLE_ONEDNN_OPTS $(PY) tools/results.py $(if $(LIST),--list) $(if $(QUICK),--quick)

gpu-study: $(READY) ## Train the original project's experiments in full on a GPU (rehearsal: QUICK=1)
	@PIP_USER=0 $(if $(QUICK),true,$(PY) -m pip install --quiet "jax[cuda12]")
	@env -u TF_ENABLE_ONEDNN_OPTS $(if $(QUICK),,KERAS_BACKEND=jax) \
	  $(PY) tools/results.py --full $(if $(QUICK),--quick) $(ARM)

classifiers: $(READY) ## Train the networks that judge images (needs MNIST; one: JUDGES=regressor-faces-32)
	@for name in $(JUDGES); do \
	  case $$name in regressor-faces-*) size="--image-size $${name##*-}"; experiment=regressor-faces;; \
	    *) size=; experiment=$$name;; esac; \
	  rm -rf _build/$$name && \
	  $(PY) -m vaegan_edu train $$experiment $$size --output _build/$$name && \
	  rm -rf vaegan_edu/weights/$$name && mv _build/$$name vaegan_edu/weights/ || exit 1; \
	done

figures: $(READY) ## Draw the figures of faces
	@$(PY) tools/face_figures.py

colab: $(READY) ## Run the notebooks as on Colab (one: NOTEBOOK=02_vae; needs Python 3.12 or 3.13)
	@$(PY) tools/colab.py $(NOTEBOOK)

serve: book ## Serve the book on this machine (PORT=8000)
	@$(PY) -m http.server --bind 127.0.0.1 --directory $(HTML) $(PORT)

zip: $(READY) ## Pack the book for offline reading
	@rm -rf $(HTML) _build/.doctrees # no page of an earlier build may slip in
	@$(call build_book)
	@cd _build && ln -sfn html vaegan-edu-book && rm -f vaegan-edu-book.zip && \
	  "$(CURDIR)/$(PY)" -m zipfile -c vaegan-edu-book.zip vaegan-edu-book
	@echo "Packed: $(CURDIR)/_build/vaegan-edu-book.zip (open vaegan-edu-book/index.html in it)"

lint: $(READY) ## Check the style of the Python code
	$(PY) -m ruff check . && $(PY) -m ruff format --check .

lock: $(READY) ## Resolve the dependencies anew and write constraints.txt
	@PIP_USER=0 $(PY) -m pip install --quiet uv
	@$(PY) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --fork-strategy fewest \
	  --all-extras --no-annotate --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" pyproject.toml requirements.txt -o constraints.txt

address: $(READY) ## Point every link at a fork: URL=https://github.com/you/your-fork
	@$(PY) tools/address.py "$(URL)"

clean: ## Remove what was built and installed here
	rm -rf _build $(VENV)

# A failed build forgets its cache: a page that warned once would pass the next time unread.
define build_book
{ mkdir -p _build && $(PY) tools/lab.py && { \
  $(VENV)/bin/jupyter-book build . -W -n --keep-going -q > _build/log 2>&1 || \
  { cat _build/log; rm -rf _build/.doctrees; exit 1; }; }; }
endef

# The environment: made once, brought up to date when one of these files changes.
$(READY): pyproject.toml requirements.txt constraints.txt tools/venv.sh
	@PYTHON="$(PYTHON)" sh tools/venv.sh $(VENV)
	@touch $@
