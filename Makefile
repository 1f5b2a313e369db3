# Everything a newcomer needs: make demo, make test. VENV and PYTHON may be set from outside.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
DEMO := work_dirs/demo
DATA := data/synth_oc_demo
TRAIN_DEMO := work_dirs/train_demo
TRAIN_DATA := data/synth_oc_train_demo
export OMP_NUM_THREADS ?= 2

.PHONY: help install install-tests detectors demo train-demo test lint docs clean

help:
	@echo 'make install    create $(VENV) and install the package into it'
	@echo 'make demo       measure and draw the small DPMesh of this repository'
	@echo 'make train-demo generate data, train a small DPMesh, test it, draw the results'
	@echo 'make test       run ruff and the test suite'
	@echo 'make docs       build the pages of docs/ into docs/_build/html; warnings are errors'
	@echo 'make detectors  add mmpose and mmdet (2D keypoint and person detectors)'
	@echo 'make clean      remove what the demos wrote'

$(VENV)/installed: setup.py requirements/mminstall.txt requirements/runtime.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip setuptools wheel
	$(BIN)/pip install --quiet torch torchvision
	$(BIN)/pip install --quiet -r requirements/mminstall.txt
	$(BIN)/pip install --quiet -r requirements/runtime.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/installed-tests: $(VENV)/installed requirements/tests.txt
	$(BIN)/pip install --quiet -r requirements/tests.txt
	touch $@

install: $(VENV)/installed

install-tests: $(VENV)/installed-tests

detectors: $(VENV)/installed
	$(BIN)/pip install -r requirements/detectors_dependencies.txt
	$(BIN)/pip install --no-deps -r requirements/detectors.txt
	$(BIN)/pip install --no-build-isolation --no-binary xtcocotools xtcocotools==1.14.3

$(VENV)/installed-docs: $(VENV)/installed requirements/docs.txt
	$(BIN)/pip install --quiet -r requirements/docs.txt
	touch $@

docs: $(VENV)/installed-docs
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo 'docs/_build/html/index.html'

lint: $(VENV)/installed-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

demo: $(VENV)/installed
	PYTHON=$(BIN)/python DATA=$(DATA) OUT=$(DEMO) bash tools/demo.sh

train-demo: $(VENV)/installed
	PYTHON=$(BIN)/python DATA=$(TRAIN_DATA) OUT=$(TRAIN_DEMO) bash tools/train_demo.sh

clean:
	rm -rf $(DEMO) $(DATA) $(TRAIN_DEMO) $(TRAIN_DATA)
