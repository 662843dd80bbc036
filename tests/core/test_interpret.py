"""The worst samples, and what is taken for what, of plain tensors; each against a count or a sum made otherwise."""

import pytest
import torch
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from torch import nn
from torch.nn import functional as F

import coursekit as ck


def test_classes_of_tensors_are_scikit_learns(learner):
    learn = learner()
    learn.fit(1)
    outputs, targets = learn.predictions()
    found, given = ck.Interpretation(learn), outputs.argmax(1)
    assert found.confusion_matrix().tolist() == confusion_matrix(targets, given, labels=range(3)).tolist()
    expected = precision_recall_fscore_support(targets, given, labels=range(3))
    for column, numbers in zip(found.scores(), expected, strict=True):
        assert found.scores()[column].tolist() == pytest.approx(list(numbers))
    wrong = {(str(t), str(g)) for t, g in zip(targets.tolist(), given.tolist(), strict=True) if t != g}
    assert {pair[:2] for pair in found.most_confused()} == wrong


def test_the_worst_samples_are_those_of_the_largest_losses(learner):
    learn = learner()
    outputs, targets = learn.predictions()
    losses = F.cross_entropy(outputs, targets, reduction="none")
    worst = losses.argsort(descending=True)[:4]
    table = ck.Interpretation(learn).worst(4)
    assert table.index.tolist() == worst.tolist() and table.loss.tolist() == pytest.approx(losses[worst].tolist())
    assert table.target.tolist() == [str(t) for t in targets[worst].tolist()]
    assert table.predicted.tolist() == [str(o) for o in outputs[worst].argmax(1).tolist()]
    assert table.probability.tolist() == pytest.approx(outputs[worst].softmax(1).amax(1).tolist())


def test_training_samples_are_looked_at_in_their_own_order(learner, rows):
    (x, y), _ = rows
    learn = learner()
    found = ck.Interpretation(learn, learn.data.train)
    learn.model.eval()
    assert torch.allclose(found.losses, F.cross_entropy(learn.model(x), y, reduction="none"), atol=1e-6)


def test_numbers_have_losses_and_a_table_and_no_confusion(rows):
    (x, _), _ = rows
    data = ck.Loaders((x, x[:, :1]), (x, x[:, :1]), device="cpu")
    found = ck.Interpretation(ck.Learner(data, nn.Linear(4, 1), ck.mean_squared_error, progress=False))
    table = found.worst(2)
    assert table.loss.tolist() == pytest.approx(((table.target - table.predicted) ** 2).tolist(), rel=1e-4)
    with pytest.raises(ValueError, match="a confusion matrix needs one class each; these are Numbers"):
        found.confusion_matrix()
    with pytest.raises(ValueError, match=r"drawn for classes of images; worst\(\) gives a table"):
        found.plot_top_losses()
