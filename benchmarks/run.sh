#!/bin/sh
# Measures coursekit beside its peers and writes the tables in benchmarks/README.md.
set -eu
cd "$(dirname "$0")/.."
venv=.venv-bench
[ -x $venv/bin/uv ] || { python3 -m venv $venv && $venv/bin/pip install --quiet uv; }
$venv/bin/uv pip install --quiet --python $venv/bin/python -r benchmarks/requirements.txt
$venv/bin/python -m benchmarks.epoch
$venv/bin/python -m benchmarks.imports
$venv/bin/python -m benchmarks.digits
$venv/bin/python -m benchmarks.streets
$venv/bin/python -m benchmarks.pictures
$venv/bin/python -m benchmarks.loading
$venv/bin/python -m benchmarks.elapsed
$venv/bin/python -m benchmarks.shops
$venv/bin/python -m benchmarks.census
$venv/bin/python -m benchmarks.ratings
$venv/bin/python -m benchmarks.texts
$venv/bin/python -m benchmarks.reviews
$venv/bin/python -m benchmarks.growth
$venv/bin/python -m benchmarks.widgets
$venv/bin/python -m benchmarks.app_load
