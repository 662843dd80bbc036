"""embeddings.xlsx: every formula against PyTorch, lookups and gradients against nn.Embedding, its model against ck."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from workbooks import EXCEL, EveryWorkbook, assert_bounded, assert_equal, inputs_of, recalculates, typed_in

import coursekit as ck
from coursekit.classroom import sheets

PATH = EXCEL / "embeddings.xlsx"
COUNTS = ["count_rows", "count_values", "count_size"]
INPUTS = ["matrix", "days", *COUNTS, "gradients", "lr", "state_matrix", "table_days", "table_states", "table_numbers",
          "hidden_weights", "hidden_bias", "last_weights", "last_bias", "sales", "predicted"]  # fmt: skip


def lookup(inputs):
    """The sheets "lookup" and "gradients", by nn.Embedding and its backward pass."""
    days, matrix = inputs["days"].long(), inputs["matrix"].double()
    hot = F.one_hot(days, len(matrix)).double()
    weight = matrix.clone().requires_grad_()
    found = F.embedding(days, weight)
    (gradient,) = torch.autograd.grad(found, weight, inputs["gradients"].double())
    rows, values, size = (inputs[name] for name in COUNTS)
    return {
        "one_hot": hot, "products": hot @ matrix, "looked_up": found.detach(), "difference": torch.zeros_like(found),
        "multiplications": rows * values * size, "useful": rows * size, "useful_fraction": 1 / values,
        "days_again": days.double(), "gradient_by_product": hot.T @ inputs["gradients"], "gradient_by_lookup": gradient,
        "times": torch.bincount(days, minlength=len(matrix)).double(), "after_step": matrix - inputs["lr"] * gradient,
    }  # fmt: skip


def table_model(inputs):
    found = [F.embedding(inputs[f"table_{name}s"].long(), inputs[matrix].double())
             for name, matrix in (("day", "matrix"), ("state", "state_matrix"))]  # fmt: skip
    joined = torch.cat([*found, inputs["table_numbers"]], 1)
    hidden = (joined @ inputs["hidden_weights"] + inputs["hidden_bias"]).relu()
    logs = hidden @ inputs["last_weights"] + inputs["last_bias"]
    return {"joined": joined, "hidden": hidden, "log_sales": logs, "sales_predicted": logs.exp()}


def ratios(inputs):
    y, p = inputs["sales"], inputs["predicted"]
    halves = [ck.rmspe(p[part], y[part]) for part in (slice(3), slice(3, 6))]
    return {
        "errors": y - p, "relative_errors": (y - p) / y, "squared_relative_errors": ((y - p) / y).square(),
        "log_errors": (y / p).log(), "squared_logs": (y / p).log().square(), "rmspe": ck.rmspe(p, y),
        "rmse_of_logs": ck.rmse(p.log(), y.log()), "root_first": halves[0], "root_second": halves[1],
        "mean_of_roots": (halves[0] + halves[1]) / 2,
    }  # fmt: skip


def distances(inputs):
    apart = torch.cdist(inputs["matrix"][1:].double(), inputs["matrix"][1:].double())
    among, away = nn.functional.pdist(inputs["matrix"][1:6]).mean(), apart[5:, :5].mean()
    return {"distances": apart, "among_weekdays": among, "to_weekend": away, "weekend_ratio": away / among}


def twin(inputs):
    """All that the workbook works out, from its inputs."""
    return lookup(inputs) | table_model(inputs) | ratios(inputs) | distances(inputs)


class TestWorkbook(EveryWorkbook):
    path, inputs = PATH, INPUTS
    sheets = ["lookup", "gradients", "table model", "ratio errors", "distances"]
    twin = staticmethod(twin)

    def changed(self, inputs):
        whole = {"days": [0, 7, 7, 3, 4, 7], "table_days": [0, 5, 2, 4], "table_states": [2, 0, 1, 3]}
        whole |= {"count_rows": 128, "count_values": 1116, "count_size": 50}
        moved = {name: value + torch.rand_like(value) / 3 for name, value in inputs.items() if name not in whole}
        return moved | {name: torch.tensor(value) for name, value in whole.items()}


@pytest.fixture(scope="module")
def given():
    return inputs_of(PATH, INPUTS)


def test_with_the_sheets_weights_the_model_of_the_package_gives_the_sheets_numbers(given):
    """`ck.TableModel` without its batch normalisation is the sheet "table model"."""
    model = ck.TableModel([8, 4], 2, 1, (3,), embedding_dropout=0, dropout=0).double()
    model.layers[2] = nn.Identity()
    weights = [given["matrix"], given["state_matrix"], given["hidden_weights"].T, given["hidden_bias"],
               given["last_weights"][None], given["last_bias"][None]]  # fmt: skip
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), weights, strict=True):
            parameter.copy_(value)
        codes = torch.stack([given["table_days"], given["table_states"]], 1).long()
        found = model(codes, given["table_numbers"])[:, 0]
    assert_equal({"log_sales": found}, {"log_sales": sheets.read(PATH, "log_sales")})


@pytest.mark.parametrize("days", [[1, 2, 3, 4, 5, 6], [7, 7, 7, 7, 7, 7], [0, 1, 0, 1, 0, 1]])
def test_a_day_that_nobody_looked_up_has_no_gradient_and_stays(given, days):
    found = sheets.calculate(PATH, {"days": days}, ["gradient_by_lookup", "gradient_by_product", "after_step"])
    absent = [day for day in range(8) if day not in days]
    assert found["gradient_by_lookup"].equal(found["gradient_by_product"])
    assert (found["gradient_by_lookup"][absent] == 0).all() and found["after_step"][absent].equal(
        given["matrix"][absent]
    )
    assert (found["gradient_by_lookup"][days].abs().sum(1) > 0).all()


def test_what_the_words_say(given):
    """The weekend stands apart; a random matrix knows none; the root of each batch averages to less."""
    assert sheets.read(PATH, "weekend_ratio") > 1.5
    torch.manual_seed(0)
    ratios = [sheets.calculate(PATH, {"matrix": torch.randn(8, 4)}, ["weekend_ratio"])["weekend_ratio"]
              for _ in range(20)]  # fmt: skip
    assert abs(torch.stack(ratios).mean() - 1) < 0.15
    assert sheets.read(PATH, "mean_of_roots") < sheets.read(PATH, "rmspe") - 0.02
    even = sheets.calculate(PATH, {"predicted": given["sales"] * 1.1}, ["mean_of_roots", "rmspe"])
    assert abs(even["mean_of_roots"] - even["rmspe"]) < 1e-9
    small = sheets.read(PATH, "relative_errors").abs() < 0.11
    close = (sheets.read(PATH, "relative_errors") - sheets.read(PATH, "log_errors")).abs() < 0.006
    assert (small == close).all() and small.sum() == 5
    assert sheets.read(PATH, "times").max() == 2 and sheets.read(PATH, "times").min() == 0


def test_what_may_be_typed_has_bounds():
    assert_bounded(PATH, {
        "days": ("0", "7"), "table_days": ("0", "7"), "table_states": ("0", "3"), "count_size": ("1", "1000000"),
        "lr": ("0", "100"), "sales": ("0", "0"),
    })  # fmt: skip


@recalculates(partial(typed_in, PATH, 1, {"J6": 4, "D12": 0.9, "E38": 1116}))
def test_libreoffice_follows_other_settings(recalculated):
    (copy,) = recalculated
    given = inputs_of(copy, INPUTS)
    assert given["days"][0] == 4 and given["matrix"][6, 0] == 0.9 and given["count_values"] == 1116
    expected = twin(given)
    assert_equal({name: sheets.read(copy, name) for name in expected}, expected)
