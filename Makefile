# Every task of the course; `make help` lists them. The first use of any makes .venv with what the course needs; what a task
# needs beside that, an extra of pyproject.toml, is added to it when the task is first used.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
WITH := .venv/with-
# uv installs; UV=uv takes the one that you have
UV ?= $(BIN)/uv
# the address of an index that is looked into beside your own, such as PyTorch's for CPUs or for a version of CUDA
TORCH_INDEX ?=
INSTALL = $(if $(TORCH_INDEX),UV_INDEX="$(TORCH_INDEX) $$UV_INDEX" UV_INDEX_STRATEGY=unsafe-best-match) \
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python -c constraints.txt
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
.PHONY: help lab teach reset app hub test run full rehearse new slides pdf site student instructor class translate front-door excel data bench gpu lint

help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

lab: $(READY) ## open your copies of the lessons in JupyterLab; ARGS="--no-browser --port 8899" passes options on
	@exec $(BIN)/python -m coursekit lab $(ARGS)

teach: $(WITH)teach ## the same with a button in JupyterLab that presents a lesson as live slides
	@exec $(BIN)/python -m coursekit lab $(ARGS)

reset: $(READY) ## give a fresh copy of a lesson, LESSON=02, and keep yours beside it
	@$(BIN)/python -m coursekit reset $(LESSON)

app: $(WITH)app ## serve lesson 18's pet classifier; ARGS="--model FILE --port 8000" passes options on
	@exec $(BIN)/python -m coursekit app $(ARGS)

hub: $(WITH)hub ## serve the course to a class; as root to strangers, else HUB_TRUST=1 is asked for: hub/README.md
	@exec $(BIN)/jupyterhub --config=hub/jupyterhub_config.py $(ARGS)

test: $(WITH)test ## prove it: every test, and every lesson executed and compared, one to a core; ROOM=text takes tests/text alone
	@OMP_NUM_THREADS=1 PYTHONWARNDEFAULTENCODING=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ROOM:%=tests/%) $(ARGS)

run: $(READY) ## execute every lesson and save its outputs; LESSON=02 takes one
	@$(QUIETLY) $(BIN)/python -m lessons.make.run $(LESSON)

full: $(READY) ## run a lesson on the full data and record it, LESSON=05; NOTE="..." says what is to be known of the data
	@$(QUIETLY) $(BIN)/python -m lessons.make.record full "$$LESSON" "$$NOTE"

rehearse: $(READY) ## run every full-size path on small stand-ins of the data, without a network; LESSON=01 takes one
	@$(QUIETLY) $(BIN)/python -m lessons.make.rehearse $(LESSON)

new: $(READY) ## make the skeleton of a lesson; NAME=20_attention TITLE="Attention by hand"
	@$(BIN)/python -m lessons.make.new "$$NAME" "$$TITLE"

slides: $(WITH)site ## make the slides of every lesson, in build/slides; LESSON=02 takes one
	@$(BIN)/python -m lessons.make.slides $(LESSON)

pdf: $(WITH)site ## print lessons to build/pdf, answers unfolded, by Chromium; LESSON=03 takes one
	@$(BIN)/python -m lessons.make.pdf $(LESSON)

site: $(WITH)site ## build the web site with the slides in it, in build/site
	@$(BIN)/python -m lessons.make.site

student: $(READY) ## write the lessons to hand out, without outputs, notes and answers, to DIR=...
	@$(BIN)/python -m lessons.make.editions student "$$DIR"

instructor: $(READY) ## write the lessons to teach from, with a solution after each exercise, to DIR=...
	@$(BIN)/python -m lessons.make.editions instructor "$$DIR"

class: $(WITH)grading ## write assignments for nbgrader, with hidden tests, to DIR=...; LESSON="03 07" takes some; see site/teach.md
	@$(BIN)/python -m lessons.make.classes "$$DIR" $(LESSON)

translate: $(WITH)site ## give a lesson's prose to translators, ARGS="out 03 lessons-de de", or take it back, ARGS="into 03 lessons-de"
	@$(BIN)/python -m lessons.make.translate $(ARGS)

front-door: $(READY) ## write badges, addresses and the notebooks for Colab and Kaggle, REPO=https://... TAG=v1.0.0; also ISSUES, SITE
	@$(BIN)/python -m lessons.make.front_door --repo="$$REPO" --tag="$$TAG" --package="$$PACKAGE" --issues="$$ISSUES" \
		--discussions="$$DISCUSSIONS" --site="$$SITE" $(ARGS)

excel: $(READY) ## build the workbooks and let LibreOffice calculate them
	@$(BIN)/python -m excel.make.build

data: $(READY) ## write the sample data sets and their sums anew
	@for set in digits pets satellite streets faces stores movies reviews own manifest; do $(BIN)/python -m data.make.$$set || exit 1; done

bench: $(READY) ## measure coursekit beside its peers, in an environment of their own
	@benchmarks/run.sh

gpu: $(WITH)test ## prove it on a GPU, without a network: tests, three lessons, an epoch; ARGS=--rehearse plays it on a CPU
	@$(QUIETLY) $(BIN)/python -m benchmarks.gpu $(ARGS)

lint: $(WITH)test ## check the style of code and notebooks
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

$(READY): pyproject.toml setup.py constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 10) or sys.exit("the course needs Python 3.10 or newer; $(PYTHON) is %d.%d. Say which to use: make PYTHON=python3.12" % v[:2])'
	@echo "making .venv (once, a few minutes at most)"
	@$(PYTHON) -m venv .venv
	@command -v $(UV) >/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(CPU_BUILD) $(INSTALL) -e . $$build
	@for part in apputils-extension:announcements mathjax3-extension; do $(BIN)/jupyter labextension disable --level=sys_prefix @jupyterlab/$$part 2>/dev/null; done
	@mkdir -p .venv/share/jupyter/lab/settings && cp lessons/make/jupyterlab.json .venv/share/jupyter/lab/settings/overrides.json
	@cp -r lessons/make/labextensions .venv/share/jupyter/
	@touch $@

# PyTorch for Linux comes with gigabytes of CUDA. Where there is no GPU, and an index offers the same version built for CPUs
# (2.15.0+cpu), that is taken. NVIDIA's driver, AMD's and Windows's (in WSL) show themselves as these files.
HAS_GPU ?= $(wildcard /dev/nvidiactl /dev/kfd /dev/dxg)
CPU_BUILD = build=; if [ -z "$(HAS_GPU)" ] && [ "$$(uname -s)" = Linux ]; then \
	sed -nE 's/^(torch|torchvision)==([^ ]+)/&+cpu/p' constraints.txt > .venv/cpu.txt; \
	if $(INSTALL) --dry-run --no-deps -r .venv/cpu.txt 2>/dev/null; then build='-r .venv/cpu.txt'; fi; fi;

$(WITH)%: $(READY)
	@echo "adding what '$*' needs to .venv"
	@$(INSTALL) -e '.[$*]'
	@touch $@
