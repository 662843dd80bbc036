#!/bin/sh
# Measures coursekit beside its peers and writes the tables in benchmarks/README.md.
set -eu
cd "$(dirname "$0")/.."
venv=.venv-bench
[ -x $venv/bin/uv ] || { python3 -m venv $venv && $venv/bin/pip install --quiet uv; }
$venv/bin/uv pip install --quiet --python $venv/bin/python -r benchmarks/requirements.txt
$venv/bin/python benchmarks/epoch.py
$venv/bin/python benchmarks/imports.py
$venv/bin/python benchmarks/pictures.py
$venv/bin/python benchmarks/elapsed.py
$venv/bin/python benchmarks/shops.py
$venv/bin/python benchmarks/ratings.py
$venv/bin/python benchmarks/texts.py
$venv/bin/python benchmarks/reviews.py
$venv/bin/python benchmarks/widgets.py
$venv/bin/python benchmarks/app_load.py
