# Every task of the course; `make help` lists them. The first use of any makes .venv.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
# threads that wait for work by spinning slow each other down many times over when the cores are shared
QUIETLY := OMP_WAIT_POLICY=PASSIVE
LESSON ?=
ROOM ?=
DIR ?=
NAME ?=
TITLE ?=
NOTE ?=
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help lab reset app hub test run full rehearse new slides pdf site student instructor translate excel data bench gpu lint

help: ## list the tasks
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | while IFS="$$(printf '\t')" read -r task what; do printf 'make %-10s %s\n' "$$task" "$$what"; done

lab: $(READY) ## open your copies of the lessons in JupyterLab; ARGS="--no-browser --port 8899" passes options on
	@exec $(BIN)/python -m coursekit lab $(ARGS)

reset: $(READY) ## give a fresh copy of a lesson, LESSON=02, and keep yours beside it
	@$(BIN)/python -m coursekit reset $(LESSON)

app: $(READY) ## serve lesson 18's pet classifier; ARGS="--model FILE --port 8000" passes options on
	@exec $(BIN)/python -m coursekit app $(ARGS)

hub: $(READY) ## serve the course to a class; as root to strangers, else HUB_TRUST=1 is asked for: hub/README.md
	@exec $(BIN)/jupyterhub --config=hub/jupyterhub_config.py $(ARGS)

test: $(READY) ## prove it: every test, and every lesson executed and compared, one to a core; ROOM=text takes tests/text alone
	@OMP_NUM_THREADS=1 PYTHONWARNDEFAULTENCODING=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ROOM:%=tests/%) $(ARGS)

run: $(READY) ## execute every lesson and save its outputs; LESSON=02 takes one
	@$(QUIETLY) $(BIN)/python -m lessons.make.run $(LESSON)

full: $(READY) ## run a lesson on the full data and record it, LESSON=05; NOTE="..." says what is to be known of the data
	@$(QUIETLY) $(BIN)/python -m lessons.make.record full "$(LESSON)" "$(NOTE)"

rehearse: $(READY) ## run every full-size path on small stand-ins of the data, without a network; LESSON=01 takes one
	@$(QUIETLY) $(BIN)/python -m lessons.make.rehearse $(LESSON)

new: $(READY) ## make the skeleton of a lesson; NAME=20_attention TITLE="Attention by hand"
	@$(BIN)/python -m lessons.make.new "$(NAME)" "$(TITLE)"

slides: $(READY) ## make the slides of every lesson, in build/slides; LESSON=02 takes one
	@$(BIN)/python -m lessons.make.slides $(LESSON)

pdf: $(READY) ## print lessons to build/pdf, answers unfolded, by Chromium; LESSON=03 takes one
	@$(BIN)/python -m lessons.make.pdf $(LESSON)

site: $(READY) ## build the web site with the slides in it, in build/site
	@$(BIN)/python -m lessons.make.site

student: $(READY) ## write the lessons to hand out, without outputs, notes and answers, to DIR=...
	@$(BIN)/python -m lessons.make.editions student "$(DIR)"

instructor: $(READY) ## write the lessons to teach from, with a solution after each exercise, to DIR=...
	@$(BIN)/python -m lessons.make.editions instructor "$(DIR)"

translate: $(READY) ## give a lesson's prose to translators, ARGS="out 03 lessons-de de", or take it back, ARGS="into 03 lessons-de"
	@$(BIN)/python -m lessons.make.translate $(ARGS)

excel: $(READY) ## build the workbooks and let LibreOffice calculate them
	@$(BIN)/python -m excel.make.build

data: $(READY) ## write the sample data sets and their sums anew
	@for set in digits pets satellite streets faces stores movies reviews own manifest; do $(BIN)/python -m data.make.$$set || exit 1; done

bench: $(READY) ## measure coursekit beside its peers, in an environment of their own
	@benchmarks/run.sh

gpu: $(READY) ## prove it on a GPU, without a network: tests, three lessons, an epoch; ARGS=--rehearse plays it on a CPU
	@$(QUIETLY) $(BIN)/python -m benchmarks.gpu $(ARGS)

lint: $(READY) ## check the style of code and notebooks
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

$(READY): pyproject.toml setup.py constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 10) or sys.exit("the course needs Python 3.10 or newer; $(PYTHON) is %d.%d. Say which to use: make PYTHON=python3.12" % v[:2])'
	@echo "making .venv (once, a few minutes at most)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -c constraints.txt -e '.[test]'
	@for part in apputils-extension:announcements mathjax3-extension; do $(BIN)/jupyter labextension disable --level=sys_prefix @jupyterlab/$$part 2>/dev/null; done
	@mkdir -p .venv/share/jupyter/lab/settings && cp lessons/make/jupyterlab.json .venv/share/jupyter/lab/settings/overrides.json
	@cp -r lessons/make/labextensions .venv/share/jupyter/
	@touch $@
