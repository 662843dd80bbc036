"""What a learner shows of held-out samples, and hands in: beside what its outputs say."""

import pytest
import torch
from torch import nn

import coursekit as ck


@pytest.mark.parametrize("n", [1, 5, 20, 99])
def test_held_out_samples_are_spread_over_all_batches(learner, rows, n):
    learn, (x, y) = learner(batch_size=4), rows[1]
    shown = [(2 * i + 1) * len(x) // (2 * min(n, len(x))) for i in range(min(n, len(x)))]
    learn.fit(1)
    learn.model.train()
    table = learn.show_results(n)
    assert learn.model.training, "a part is in the mode that it was in"
    probabilities = learn.model.eval()(x).softmax(1)[shown]
    assert len(table) == min(n, len(x)) and table.target.tolist() == [str(one) for one in y[shown].tolist()]
    assert table.predicted.tolist() == [str(one) for one in probabilities.argmax(1).tolist()]
    assert table.probability.tolist() == pytest.approx(probabilities.amax(1).tolist(), abs=1e-6)


def test_classes_by_name_several_labels_and_numbers(rows):
    (x, y), _ = rows
    names = ck.Categories(("a", "b", "c"))
    learn = ck.Learner(ck.Loaders((x, y), (x, y), device="cpu", target_type=names), nn.Linear(4, 3), progress=False)
    shown = [6, 18, 31, 43]  # the middle of each quarter of 50
    assert learn.show_results(4).target.tolist() == ["abc"[one] for one in y[shown].tolist()]
    table = learn.prediction_table()
    assert list(table.columns) == ["a", "b", "c"] and table.sum(axis=1).tolist() == pytest.approx([1.0] * len(x))
    labels = nn.functional.one_hot(y, 3).float()
    data = ck.Loaders((x, labels), (x, labels), device="cpu", target_type=ck.MultiLabels(("a", "b", "c")))
    learn = ck.Learner(data, nn.Linear(4, 3), ck.binary_cross_entropy, progress=False)
    assert list(learn.show_results(4).columns) == ["target", "predicted"]
    assert torch.allclose(torch.tensor(learn.prediction_table().to_numpy()), learn.model(x).sigmoid(), atol=1e-6)
    data = ck.Loaders((x, x[:, :2]), (x, x[:, :2]), device="cpu")
    learn = ck.Learner(data, nn.Linear(4, 2), ck.mean_squared_error, progress=False)
    table = learn.prediction_table([(x[:3], x[:3, :2])])
    assert list(table.columns) == [0, 1] and torch.allclose(torch.tensor(table.to_numpy()), learn.model(x[:3]))
    assert len(learn.show_results()) == 8


def test_of_samples_that_are_sorted_by_class_each_class_is_shown(rows):
    (x, y), _ = rows
    order = y.argsort()
    data = ck.Loaders((x, y), (x[order], y[order]), batch_size=3, device="cpu")
    learn = ck.Learner(data, nn.Linear(4, 3), progress=False)
    assert set(learn.show_results(9).target) == {"0", "1", "2"}


@pytest.mark.parametrize("wrong", [0, 2.5, "8", None])
def test_how_many_is_a_whole_number(learner, wrong):
    with pytest.raises(ValueError, match="the number of samples to show is a whole number, at least one; found"):
        learner().show_results(wrong)


def test_without_held_out_data_there_is_nothing_to_show(learner):
    with pytest.raises(ValueError, match="nothing was held out"):
        learner(valid=None).show_results()
