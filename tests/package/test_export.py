"""Every sort of learner is exported, and in a fresh process, without its data, predicts what it predicted before."""

import json
import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest
import torch
from drawn import classes, discs, mask_source, point_source, save
from lab import ROOT
from torch import nn

import coursekit as ck

FRESH = """
import json, pathlib, sys
import torch
import coursekit as ck

folder = pathlib.Path(sys.argv[1])
for name, x in json.loads((folder / "inputs.json").read_text(encoding="utf-8")).items():
    learn = ck.load(folder / name, device="cpu")
    x = ck.load_tensors(folder / "x")[0]["x"] if x is None else x
    found = learn.predict(x)
    tensors = {"outputs": learn.raw_outputs(x), "values": torch.stack([one.values for one in found])}
    said = [one.label for one in found], [list(one.names) for one in found]
    ck.save_tensors(folder / f"{name}-again", tensors, {"said": said, "type": type(learn).__name__})
"""


def of_images(folder, make, source):
    data = source.split(ck.at_random(0.3)).loaders(size=16, batch_size=4, device="cpu")
    return make(data, pretrained=False, progress=False)


def of_tables(classes):
    table = pd.DataFrame({"Store": [1, 2, 3, 1] * 8, "Far": [1.0, None, 7.5, 2.0] * 8, "Type": list("abab") * 8})
    table["Sales"] = 1000.0 * table["Store"] + table.index
    options = {"target": "Type", "classes": True} if classes else {"target": "Sales"}
    data = ck.TableLoaders(table, table, categorical=["Store"], continuous=["Far"], device="cpu", **options)
    return ck.tabular_learner(data, progress=False), [{"Store": 2, "Far": 4.0}, {"Store": 77, "Far": 1.0}]


def of_ratings(layers):
    ratings = pd.DataFrame({"userId": [1, 2, 3] * 4, "movieId": list("xxyyzzxyxyzz"), "rating": [1.0, 2, 5, 4] * 3})
    learn = ck.collab_learner(ck.RatingLoaders(ratings, ratings, device="cpu"), 4, layers=layers, progress=False)
    return learn, [{"userId": 1, "movieId": "y"}, {"userId": 9, "movieId": "z"}]


def of_texts(language):
    texts = ["One two three.", "Two three four!", "three four five", "five six one"] * 6
    if language == "gpt":
        data = ck.GPTLoaders(texts, texts, vocab_size=270, batch_size=2, seq_len=6, device="cpu")
        return ck.gpt_learner(data, 8, 2, 2, progress=False), texts[:3]
    if language:
        data = ck.LanguageLoaders(texts, texts, min_frequency=1, batch_size=2, seq_len=6, device="cpu")
        return ck.language_model_learner(data, 8, 8, 2, progress=False), texts[:3]
    labels = ["good", "bad", "bad", "good"] * 6
    data = ck.TextLoaders((texts, labels), (texts, labels), min_frequency=1, device="cpu")
    return ck.text_classifier_learner(data, 8, 8, 2, progress=False), texts[:3]


def of_tensors(x):
    y = x[:, 0].gt(0).long()
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.GELU(), nn.TransformerEncoderLayer(6, 2, 8))
    model.append(nn.Linear(6, 2))
    return ck.Learner(ck.Loaders((x, y), (x, y), device="cpu"), model, progress=False), None


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """What each learner predicted, by its name, and the folder of what a fresh process then said."""
    folder, images = tmp_path_factory.mktemp("exported"), tmp_path_factory.mktemp("images")
    x, before, centres = torch.randn(40, 4), {}, discs(images / "discs", 8, 20)
    kept = [save(folder / f"{i}.png", torch.randint(256, (20, 20, 3), dtype=torch.uint8).numpy()) for i in range(3)]
    files = list(map(str, kept))
    made = {
        "image": (of_images(images, ck.vision_learner, classes(images / "classes", 4, 20, 3)), files),
        "mask": (of_images(images, ck.unet_learner, mask_source(images / "discs")), files),
        "keypoint": (of_images(images, ck.vision_learner, point_source(images / "discs", centres)), files),
        "table": of_tables(False), "table of classes": of_tables(True), "ratings": of_ratings(None),
        "deep ratings": of_ratings((8,)), "text": of_texts(False), "language": of_texts(True), "gpt": of_texts("gpt"),
        "tensors": of_tensors(x),
    }  # fmt: skip
    ck.save_tensors(folder / "x", {"x": x}, {})
    for name, (learn, given) in made.items():
        learn.fit(1)
        assert learn.export(folder / name) == folder / f"{name}.safetensors"
        given = x if given is None else given
        before[name] = learn.raw_outputs(given), learn.predict(given), type(learn).__name__
    inputs = {name: given for name, (_, given) in made.items()}
    (folder / "inputs.json").write_text(json.dumps(inputs), encoding="utf-8")
    shutil.rmtree(images)
    alone = [sys.executable, "-c", FRESH, str(folder)]
    options = {"env": os.environ | {"PYTHONPATH": str(ROOT)}, "capture_output": True, "encoding": "utf-8"}
    done = subprocess.run(alone, cwd=folder, **options)
    assert done.returncode == 0, done.stderr
    return before, folder


NAMES = ["image", "mask", "keypoint", "table", "table of classes", "ratings", "deep ratings", "text", "language",
         "gpt", "tensors"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_in_a_fresh_process_it_predicts_the_same(exported, name):
    before, folder = exported
    outputs, predicted, learner = before[name]
    tensors, told = ck.load_tensors(folder / f"{name}-again")
    assert told["type"] == learner
    assert torch.allclose(tensors["outputs"], outputs, rtol=1e-6, atol=1e-6)
    values = torch.stack([one.values for one in predicted])
    assert torch.allclose(tensors["values"], values, rtol=1e-6, atol=1e-6)
    assert told["said"] == [[one.label for one in predicted], [list(one.names) for one in predicted]]
