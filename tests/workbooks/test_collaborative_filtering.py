"""collaborative_filtering.xlsx: every step against torch.optim.SGD, and its ratings against the sample's."""

from functools import partial

import pandas as pd
import pytest
import torch
from lab import ROOT
from workbooks import EXCEL, EveryWorkbook, assert_equal, inputs_of, recalculates, typed_in

from coursekit.classroom import sheets

PATH = EXCEL / "collaborative_filtering.xlsx"
STEPS = 40
USERS, FILMS = [16, 28, 50, 114, 152, 201, 228, 286], [629, 3119, 4976, 9031, 927, 1980, 8896, 9151]
INPUTS = ["ratings", "user_start", "film_start", "lr", "decay", "shown", "step"]


def twin(inputs):
    """All that the workbook works out, from its inputs: autograd's gradients, and the steps of torch.optim.SGD."""
    ratings = inputs["ratings"]
    known = ratings > 0
    mean = ratings[known].mean()
    users, films = (inputs[name].clone().requires_grad_() for name in ("user_start", "film_start"))
    sgd = torch.optim.SGD([users, films], lr=inputs["lr"].item(), weight_decay=inputs["decay"].item())
    rows = {name: [] for name in ("user_weights", "film_weights", "predictions", "errors", "loss")}
    for _ in range(STEPS + 1):
        predictions = mean + users[:, :1] + films[:1] + users[:, 1:] @ films[1:]
        loss = torch.nn.functional.mse_loss(predictions[known], ratings[known])
        errors = torch.where(known, predictions - ratings, 0)
        for name, value in zip(rows, (users, films, predictions, errors, loss), strict=True):
            rows[name].append(value.detach().clone())
        sgd.zero_grad()
        loss.backward()
        sgd.step()
    found = {name: torch.stack(values) for name, values in rows.items()}
    at = int(inputs["shown"])
    shown = {f"shown_{name}": found[key][at] for name, key in
             [("users", "user_weights"), ("films", "film_weights"), ("predictions", "predictions")]}  # fmt: skip
    extra = {"mean": mean, "known": known.sum(), "losses": found["loss"], "map": shown["shown_films"][1:].T}
    return found | shown | extra


def other(inputs):
    """Every input changed, within what a reader may type."""
    changed = {name: value + 0.3 * torch.rand_like(value) for name, value in inputs.items() if name.endswith("start")}
    ratings = torch.where(torch.rand_like(inputs["ratings"]) < 0.3, 0.0, inputs["ratings"].clamp(min=1) - 0.5)
    return changed | {
        "ratings": ratings, "lr": torch.tensor(0.7), "decay": torch.tensor(0.05), "shown": torch.tensor(17),
        "step": inputs["step"],
    }  # fmt: skip


class TestWorkbook(EveryWorkbook):
    path, inputs, charts = PATH, INPUTS, 2
    sheets = ["overview", "steps"]
    twin = staticmethod(twin)
    white = ["step"]

    def changed(self, inputs):
        return other(inputs)


def test_the_ratings_are_those_of_the_sample():
    table = pd.read_csv(ROOT / "data" / "movies" / "ratings.csv").pivot(index="userId", columns="movieId")["rating"]
    expected = torch.tensor(table.loc[USERS, FILMS].fillna(0).to_numpy())
    assert_equal({"ratings": sheets.read(PATH, "ratings")}, {"ratings": expected})
    titles = pd.read_csv(ROOT / "data" / "movies" / "movies.csv").set_index("movieId").title[FILMS]
    top = [cell.value for cell in sheets.load(PATH)["overview"][5]]
    assert [text for text in top if text and "(" in str(text)] == titles.tolist()
    truth = pd.read_csv(ROOT / "data" / "movies" / "truth.csv").set_index("movieId").action_quiet[FILMS]
    assert truth[:4].min() > 1 and truth[4:].max() < -1  # four of action, four quiet ones


def test_what_the_words_say():
    losses = sheets.read(PATH, "losses")
    falls = losses[:-1] - losses[1:]
    assert (falls > 0).all() and falls.argmax() > 2 and losses[-1] < 0.1 * losses[0]
    predictions, map_ = sheets.read(PATH, "shown_predictions"), sheets.read(PATH, "map")
    holes = sheets.read(PATH, "ratings") == 0
    assert (predictions[holes] < 0.5).any() and (predictions[holes] > 5).any()
    assert map_[:4, 1].min() > 0.2 and map_[4:, 1].max() < -0.2  # the two kinds lie apart
    assert holes.sum() == 64 - 49 and sheets.read(PATH, "known") == 49


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lr": 0.1}, lambda loss, usual: loss[-1] > 4 * usual[-1]),  # crawls
        ({"lr": 2}, lambda loss, usual: (loss[1:] < usual[1:]).all()),  # faster
        ({"lr": 3}, lambda loss, usual: (loss[1:] > loss[:-1]).sum() > 5),  # jumps
        ({"decay": 0.1}, lambda loss, usual: loss[-1] > 3 * usual[-1]),
        ({"user_start": torch.zeros(8, 3), "film_start": torch.zeros(3, 8)}, lambda loss, usual: loss[-1] > 1),
    ],
)
def test_other_settings_do_what_the_words_say(changes, words):
    found = sheets.calculate(PATH, changes, ["losses", "shown_films"])
    assert words(found["losses"], sheets.read(PATH, "losses"))
    if "film_start" in changes:
        assert (found["shown_films"][1:] == 0).all()  # factors of 0 stay 0


@recalculates(partial(typed_in, PATH, 1, {"D22": 0.5, "F22": 0.02, "H22": 9, "E6": 3.5, "N6": 0.4}))
def test_libreoffice_follows_other_settings(recalculated):
    (copy,) = recalculated
    given = inputs_of(copy, INPUTS)
    assert given["lr"] == 0.5 and given["shown"] == 9 and given["ratings"][0, 1] == 3.5
    expected = twin(given)
    assert_equal({name: sheets.read(copy, name) for name in expected}, expected)
