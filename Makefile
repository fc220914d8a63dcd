# make demo   install into .venv, analyze a bundled incident, say where the report is
# make test   install with the development tools, then ruff, mypy and pytest
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m

.PHONY: demo test lint types bench clean

$(VENV)/demo.stamp: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(RUN) pip install --quiet --upgrade pip
	$(RUN) pip install --quiet --editable .
	touch $@

$(VENV)/dev.stamp: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(RUN) pip install --quiet --upgrade pip
	$(RUN) pip install --quiet --editable '.[dev]'
	touch $@ $(VENV)/demo.stamp

demo: $(VENV)/demo.stamp
	$(VENV)/bin/ridelog analyze sample_logs/cut_under_load/*.csv sample_logs/cut_under_load/*.xls -o demo_report.html
	@echo "Open demo_report.html in a browser."

test: $(VENV)/dev.stamp
	sh scripts/install_chromium.sh
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) pytest

lint: $(VENV)/dev.stamp
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

types: $(VENV)/dev.stamp
	$(RUN) mypy

bench: $(VENV)/dev.stamp
	$(RUN) benchmarks.main_job

clean:
	rm -rf $(VENV) build dist *.egg-info
