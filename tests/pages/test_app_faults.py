"""Faults of vision in the web app: sizes, metadata, damaged files, and labels that read alike."""

import io
import unicodedata

import numpy as np
import pytest
import torch
from drawn import classes, noise, png
from fastapi import HTTPException, UploadFile
from fastapi.testclient import TestClient
from PIL import Image
from starlette.datastructures import Headers

import coursekit as ck
from lessons.app.limits import Limits
from lessons.app.server import create_app
from lessons.app.uploads import decode


def upload(data):
    return UploadFile(io.BytesIO(data), headers=Headers({"content-type": "image/png"}))


@pytest.mark.parametrize("size", [(1, 25_000_000), (20_000_000, 1), (30, 7_000)], ids=str)
def test_strips_are_refused_before_decoding(size, monkeypatch):
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda image: pytest.fail("decoded"))
    with pytest.raises(HTTPException) as caught:
        decode(upload(png(*size, 0, color=0, bits=1)), 3, Limits())
    assert caught.value.status_code == 413 and "too large or too narrow" in caught.value.detail


def test_a_picture_that_ends_early_is_refused():
    with pytest.raises(HTTPException) as caught:
        decode(upload(png(20, 100, 10)), 3, Limits())
    assert caught.value.status_code == 422


def test_odd_notes_do_not_keep_a_photograph_out():
    note, buffer = Image.Exif(), io.BytesIO()
    note[0x0112], note[0x829A] = 6, "no number"
    Image.fromarray(noise(4, 6)).save(buffer, "JPEG", exif=note)
    assert decode(upload(buffer.getvalue()), 3, Limits()).shape == (3, 6, 4)


def test_hidden_colors_do_not_change_the_answer():
    array = noise(8, 8, 4)
    array[:, :, 3] = 0
    found = []
    for hidden in (0, 200):
        array[:, :, :3] = hidden
        buffer = io.BytesIO()
        Image.fromarray(array).save(buffer, "PNG")
        found.append(decode(upload(buffer.getvalue()), 3, Limits()))
    assert torch.equal(*found) and found[0].eq(255).all()


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_label_is_found_however_it_is_spelt(tmp_path, form):
    source = classes(tmp_path / "images", 3, 8, names=("café", "thé")).split(ck.at_random(0.4))
    predictor = ck.vision_learner(source.loaders(8, device="cpu"), pretrained=False, progress=False).predictor()
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(buffer, "PNG")
    with TestClient(create_app(predictor, tmp_path / "kept")) as client:
        label = f" {unicodedata.normalize(form, 'café')} "
        answer = client.post("/corrections", files={"file": ("a.png", buffer.getvalue())}, data={"label": label})
    assert answer.status_code == 201 and answer.json()["label"] == "café"
    kept = ck.ImageSource(tmp_path / "kept" / "images")
    assert kept.labelled_by(ck.list_labels([["café"]])).files
    assert ck.csv_labels(tmp_path / "kept" / "corrections.csv").of(kept.files) == ["café"]
