"""The same code on every device: each kind of learner trains there, and what it saved predicts the same on the CPU.

A machine without a GPU runs the half of these tests that needs none.
"""

import pandas as pd
import pytest
import torch
from drawn import classes, discs, held, mask_source, multi_source, point_source
from torch import nn

import coursekit as ck

GPU = pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine"))
DEVICES = pytest.mark.parametrize("device", ["cpu", GPU])
TABLE = pd.DataFrame(
    {"size": [float(i) for i in range(40)], "shop": ["a", "b"] * 20, "sold": [i % 7 for i in range(40)]}
)
RATINGS = pd.DataFrame([(i % 7, i % 5, 1.0 + i % 5) for i in range(40)], columns=["userId", "movieId", "rating"])
TEXTS = ["a good film , a good one", "a bad film , a bad one", "good", "bad"] * 6
LABELS = ["pos", "neg"] * 12


def pictures(folder, device):
    source = classes(folder).split(held("dark_0", "light_0", "middle_0"))
    data = source.loaders(16, augment=ck.Augment(), batch_size=8, device=device)
    return ck.vision_learner(data, ck.resnet_tiny, pretrained=False, metrics=[ck.accuracy])


def labels(folder, device):
    data = multi_source(folder).split(held("3-blue+green")).loaders(16, batch_size=4, device=device)
    return ck.vision_learner(data, ck.resnet_tiny, pretrained=False, metrics=[ck.fbeta])


def masks(folder, device):
    discs(folder, 8, 32)
    data = mask_source(folder).split(held("1")).loaders(32, augment=ck.Augment(), batch_size=4, device=device)
    return ck.unet_learner(data, ck.resnet_tiny, pretrained=False, metrics=[ck.pixel_accuracy])


def points(folder, device):
    source = point_source(folder, discs(folder)).split(held("1"))
    return ck.vision_learner(source.loaders(16, batch_size=4, device=device), ck.resnet_tiny, pretrained=False)


def table(_, device):
    columns = {"categorical": ["shop"], "continuous": ["size"], "target": "sold"}
    data = ck.TableLoaders(TABLE[:32], TABLE[32:], batch_size=8, device=device, **columns)
    return ck.tabular_learner(data, metrics=[ck.rmse])


def ratings(_, device):
    data = ck.RatingLoaders(RATINGS[:32], RATINGS[32:], batch_size=8, rating_range=(0, 5.5), device=device)
    return ck.collab_learner(data, 4, metrics=[ck.rmse])


def language(_, device):
    data = ck.LanguageLoaders(TEXTS, TEXTS[:8], batch_size=4, seq_len=6, device=device)
    return ck.language_model_learner(data, 8, 12, 2, metrics=[ck.perplexity])


def windows(_, device):
    data = ck.GPTLoaders(TEXTS, TEXTS[:8], vocab_size=270, batch_size=4, seq_len=6, device=device)
    return ck.gpt_learner(data, 8, 2, 2, metrics=[ck.perplexity])


def sentiment(_, device):
    data = ck.TextLoaders((TEXTS, LABELS), (TEXTS[:6], LABELS[:6]), batch_size=8, device=device)
    return ck.text_classifier_learner(data, 8, 12, 2, metrics=[ck.accuracy])


@pytest.mark.parametrize("make", [pictures, labels, masks, points, table, ratings, language, windows, sentiment])
@DEVICES
def test_every_kind_of_learner_trains_there_and_predicts_the_same_on_the_cpu(make, device, tmp_path):
    learn = make(tmp_path / "data", device)
    learn.lr_find(batches=5)
    learn.fit_one_cycle(2, 1e-3)
    assert {p.device.type for p in learn.model.parameters()} == {device}
    assert all(torch.tensor([row["train_loss"], row["valid_loss"]]).isfinite().all() for row in learn.recorder.epochs)
    predictions, targets = learn.predictions()
    assert predictions.device.type == targets.device.type == "cpu"
    learn.save(tmp_path / "weights")
    again = make(tmp_path / "data", "cpu")
    again.load(tmp_path / "weights")
    elsewhere, same_targets = again.predictions()
    assert torch.equal(targets, same_targets)
    torch.testing.assert_close(predictions, elsewhere, atol=0.02, rtol=0.02)  # a GPU multiplies with fewer digits


@DEVICES
def test_pictures_are_turned_for_a_better_answer_and_predicted_one_by_one_there(device, tmp_path):
    learn = pictures(tmp_path, device)
    learn.fit(1, 1e-3)
    assert learn.tta()[0].shape == learn.predictions()[0].shape == (3, 3)
    for predict in (learn.predict, learn.predictor().predict):
        assert predict(tmp_path / "dark_0.png").probabilities.keys() == {"dark", "light", "middle"}


@DEVICES
def test_a_text_is_written_and_told_there(device):
    learn = language(None, device)
    assert learn.generate("a good", 5, seed=1) == learn.generate("a good", 5, seed=1)
    assert sentiment(None, device).predict("good").label in {"pos", "neg"}


@pytest.fixture
def trained(rows, new_model):
    """Trains a small network on the rows; gives the learner."""

    def train(device, *callbacks):
        data = ck.Loaders(*rows, batch_size=16, device=device)
        learn = ck.Learner(data, new_model(), progress=False, callbacks=callbacks)
        torch.manual_seed(3)
        learn.fit(3, 1e-2)
        return learn

    return train


def weights(learn):
    return nn.utils.parameters_to_vector(learn.model.parameters()).detach().cpu()


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
@DEVICES
def test_16_bits_train_there_and_leave_weights_of_32(trained, device, dtype):
    learn = trained(device, ck.MixedPrecision(dtype))
    losses = [row["train_loss"] for row in learn.recorder.epochs]
    assert losses[-1] < losses[0] and weights(learn).dtype == torch.float32


@pytest.mark.parametrize("device", [GPU])  # on the CPU all rows are where they are needed
def test_rows_that_do_not_fit_on_the_device_are_fetched_batch_by_batch(trained, device, monkeypatch):
    resident = trained(device)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda *_: (0, 0))
    torch.testing.assert_close(weights(trained(device)), weights(resident))


class Killed(Exception):
    pass


class Kill:
    def after_epoch(self, learn):
        if learn.epoch == 1:
            raise Killed


@DEVICES
def test_a_fit_that_was_stopped_goes_on_there(trained, device, tmp_path):
    with pytest.raises(Killed):
        trained(device, ck.Checkpoint(tmp_path / "fit"), Kill())
    resumed = trained(device, ck.Checkpoint(tmp_path / "fit", resume=True))
    torch.testing.assert_close(weights(resumed), weights(trained(device)))
