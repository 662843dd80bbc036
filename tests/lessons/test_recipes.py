"""The recipe cells ("Copy this for a new data set") run alone: in a new process, on a copy of the sample elsewhere."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from lab import ROOT

import coursekit as ck

LESSONS = {path.stem[:2]: path for path in sorted((ROOT / "lessons").glob("[0-9][0-9]_*.ipynb"))}
SOURCE = re.compile(r'^(?P<variable>\w+) = ck\.fetch\("(?P<data>\w+)"(?:, "sample")?\)(?P<rest>.*)$', re.M)


def recipes() -> dict[str, str]:
    """The source of every cell tagged `recipe`, by lesson."""
    found = {}
    for number, path in LESSONS.items():
        cells = [cell for cell in nbformat.read(path, 4).cells if "recipe" in cell.metadata.get("tags", [])]
        assert len(cells) <= 1, f"lesson {number} has two recipes"
        if cells:
            found[number] = cells[0].source
    return found


RECIPES = recipes()


def test_the_lessons_of_applications_have_one():
    assert {"01", "04", "05", "06", "12", "13", "15"} == RECIPES.keys()


@pytest.mark.parametrize("number", RECIPES)
def test_it_stands_at_the_end_of_the_sections_under_its_heading(number):
    cells = nbformat.read(LESSONS[number], 4).cells
    place = next(i for i, cell in enumerate(cells) if "recipe" in cell.metadata.get("tags", []))
    above = "\n".join(cell.source for cell in cells[:place] if cell.cell_type == "markdown")
    assert re.findall(r"^## (.+)$", above, re.M)[-1] == "Copy this for a new data set"
    after = "\n".join(cell.source for cell in cells[place:] if cell.cell_type == "markdown")
    assert re.findall(r"^## (.+)$", after, re.M)[0] == "Your turn"


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Run a lesson's recipe once, alone; give the copied data and the folder that it wrote."""
    done: dict[str, tuple[Path, Path]] = {}

    def run(number: str) -> tuple[Path, Path]:
        if number not in done:
            here = tmp_path_factory.mktemp(f"recipe_{number}")
            (line,) = SOURCE.finditer(RECIPES[number])
            assert RECIPES[number][: line.start()].count("\n") <= 10, "the data's folder stands in its first lines"
            data = here / "my own data"
            shutil.copytree(ck.fetch(line["data"], "sample"), data)
            own = f"{line['variable']} = __import__('pathlib').Path({str(data)!r}){line['rest']}"
            (here / "recipe.py").write_text(SOURCE.sub(lambda _: own, RECIPES[number]), encoding="utf-8")
            environment = os.environ | {"PYTHONPATH": str(ROOT), "COURSEKIT_HOME": str(here / "home")}
            environment |= {"MPLBACKEND": "agg", "PYTHONIOENCODING": "utf-8"}
            environment.pop("COURSEKIT_SIZE", None)
            command = [sys.executable, "-c", MAIN, "recipe.py"]
            made = subprocess.run(
                command, cwd=here, env=environment, capture_output=True, encoding="utf-8", timeout=600
            )
            assert made.returncode == 0, made.stderr[-3000:]
            done[number] = data, here / "outputs"
        return done[number]

    return run


# As a file, but guarded: a recipe may start processes that read images.
MAIN = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='recipe')"


@pytest.mark.parametrize("number", RECIPES)
def test_it_runs_alone_and_leaves_files(ran, number):
    _, outputs = ran(number)
    assert any(outputs.iterdir())


def test_images_probabilities_of_classes(ran):
    data, outputs = ran("01")
    table = pd.read_csv(outputs / "my-answers.csv.gz")
    listed = (data / "annotations" / "test.txt").read_text(encoding="utf-8").splitlines()
    assert sorted(table["id"]) == sorted(line.split()[0] for line in listed)
    breeds = sorted({line.split()[0].rsplit("_", 1)[0] for line in listed})
    assert list(table.columns) == ["id", *breeds]
    assert table[breeds].to_numpy().min() >= 0 and np.allclose(table[breeds].sum(axis=1), 1, atol=1e-5)
    right = table["id"].str.rsplit("_", n=1).str[0] == table[breeds].idxmax(axis=1)
    assert right.mean() > 0.6  # guessing: 1 in 12
    learn = ck.load(outputs / "my-classifier.safetensors")
    assert list(learn.data.target_type.names) == breeds
    assert learn.predict(data / "images" / f"{table['id'][0]}.jpg").label in breeds


def test_names_of_several_labels(ran):
    data, outputs = ran("04")
    table = pd.read_csv(outputs / "my-tags.csv", keep_default_na=False)
    assert list(table.columns) == ["id", "labels"]
    assert sorted(table["id"]) == sorted(file.stem for file in (data / "test-jpg").iterdir())
    known = {tag for text in pd.read_csv(data / "train_v2.csv")["tags"] for tag in text.split()}
    given = [text.split() for text in table["labels"]]
    assert {tag for tags in given for tag in tags} <= known
    assert sum(map(bool, given)) > 0.9 * len(given)  # every tile has a weather
    assert set(ck.load(outputs / "my-tagger.safetensors").data.target_type.names) == known


def test_a_class_for_every_pixel(ran):
    data, outputs = ran("05")
    listed = (data / "valid.txt").read_text(encoding="utf-8").split()
    assert sorted(file.name for file in (outputs / "masks").iterdir()) == sorted(f"{name[:-4]}.png" for name in listed)
    names, right, counted = (data / "codes.txt").read_text(encoding="utf-8").split(), 0, 0
    for name in listed:
        said = ck.read_mask(outputs / "masks" / f"{name[:-4]}.png")
        true = ck.read_mask(data / "labels" / f"{name[:-4]}_P.png")
        assert said.shape == true.shape and int(said.max()) < len(names)
        counts = true != names.index("Void")
        right, counted = right + int((said == true)[counts].sum()), counted + int(counts.sum())
    assert right / counted > 0.7  # the most frequent class alone: less than a third
    assert (outputs / "my-segmenter.safetensors").is_file()


def test_positions_in_pixels(ran):
    data, outputs = ran("06")
    table = pd.read_csv(outputs / "my-points.csv")
    images = sorted((data / "07").glob("*_rgb.jpg"))
    assert list(table.columns) == ["id", "x", "y"] and list(table["id"]) == [f"07/{file.name}" for file in images]
    poses = [file.with_name(file.name.replace("rgb.jpg", "pose.txt")) for file in images]
    rows = [pose.read_text(encoding="utf-8").split()[-3:] for pose in poses]
    x, y, z = np.array(rows, float).T
    true = np.stack([129.42 * x / z + 80, 129.42 * y / z + 60.125], 1)  # the camera's matrix, in rgb.cal
    apart = np.linalg.norm(table[["x", "y"]] - true, axis=1)
    assert np.median(apart) < 0.1 * 160  # the best constant is a fifth of the width off, or more
    assert (outputs / "my-keypoints.safetensors").is_file()


def test_the_sales_of_days_to_come(ran):
    data, outputs = ran("12")
    said, test, true = (pd.read_csv(file) for file in (outputs / "my_sales.csv", data / "test.csv", data / "truth.csv"))
    assert list(said.columns) == ["Id", "Sales"] and list(said["Id"]) == list(test["Id"])
    assert ((said["Sales"] == 0) == (test["Open"] == 0)).all()
    both = said.merge(true, on="Id", suffixes=("", "_true"), validate="1:1").query("Sales_true > 0")
    assert np.sqrt(((both["Sales"] / both["Sales_true"] - 1) ** 2).mean()) < 0.2
    row = {"Store": 1, "DayOfWeek": 1, "Promo": 1, "SchoolHoliday": 0, "Month": 8, "Year": 2015, "Week": 32}
    assert 6 < float(ck.load(outputs / "my_sales.safetensors").predict(row | {"Dayofyear": 215}).values) < 12  # a log


def test_ten_items_for_each_user_that_were_not_rated(ran):
    data, outputs = ran("13")
    said, rated = pd.read_csv(outputs / "my_ratings.csv"), pd.read_csv(data / "ratings.csv")
    assert list(said.columns) == ["userId", "movieId", "predicted"]
    assert (said.groupby("userId").size() == 10).all() and set(said["userId"]) == set(rated["userId"])
    assert (
        said.merge(rated, on=["userId", "movieId"]).empty and said["predicted"].between(0, 5.5).all()
    )  # a little wider than the ratings
    first = said.iloc[0]
    loaded = ck.load(outputs / "my_ratings.safetensors").predict((int(first["userId"]), int(first["movieId"])))
    assert float(loaded.values) == pytest.approx(first["predicted"], abs=1e-4)


def test_praise_or_blame(ran):
    data, outputs = ran("15")
    said = pd.read_csv(outputs / "my_texts.csv")
    files = sorted((data / "test").rglob("*.txt"))
    assert list(said["file"]) == [file.name for file in files]
    right = said["label"] == [file.parent.name for file in files]
    assert right.mean() > 0.7  # guessing: half
    assert ck.load(outputs / "my_texts.safetensors").predict("A dull, lifeless mess.").label in ("neg", "pos")
