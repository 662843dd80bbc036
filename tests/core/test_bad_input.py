"""Bad input ends in one exception that says what was found, where, and what to do."""

import math

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

import coursekit as ck

X, Y = torch.randn(12, 4), torch.arange(12) % 3


# Data


LOADERS = {
    "no rows": ((X[:0], Y[:0]), {}, "the data set is empty"),
    "no items": (TensorDataset(X[:0], Y[:0]), {}, "the data set is empty"),
    "an empty list": ([[], []], {}, "the data set is empty"),
    "nothing": ((), {}, "found the shapes nothing"),
    "no batch": ((X, Y), {"batch_size": 0}, "a batch needs at least one sample; the batch size is 0"),
    "less than none": ((X, Y), {"batch_size": -3}, "the batch size is -3"),
    "another length": ((X, Y[:5]), {}, r"same number of samples; found the shapes \(12, 4\), \(5,\)"),
    "one target": ((X, torch.tensor(1)), {}, r"found the shapes \(12, 4\), \(\)"),
    "single numbers": ((torch.tensor(1.0), torch.tensor(1)), {}, r"found the shapes \(\), \(\)"),
    "nothing to hold out": ((X, Y), {"valid": (X[:0], Y[:0])}, "the data set is empty"),
}


@pytest.mark.parametrize("train, options, message", LOADERS.values(), ids=LOADERS.keys())
def test_loaders(train, options, message):
    with pytest.raises(ValueError, match=message):
        ck.Loaders(train, device="cpu", **options)


# Losses and labels

OUTPUTS = torch.randn(4, 3)
TARGETS = {
    "too large": (
        torch.tensor([0, 1, 7, 2]),
        r"target 7 of sample 2 is outside the 3 classes .* \(0 to 2\): check the lab",
    ),
    "negative": (torch.tensor([0, -1, 1, 2]), "target -1 of sample 1 is outside the 3 classes"),
    "int32": (torch.tensor([0, 1, 2, 1], dtype=torch.int32), r"found targets of torch.int32: convert them with .long"),
    "floats": (torch.tensor([0.0, 1.0, 2.0, 1.0]), r"found targets of torch.float32: convert them with .long"),
    "a column": (
        torch.zeros(4, 1, dtype=torch.int64),
        r"\(4, 3\) need class numbers of shape \(4,\); found .* \(4, 1\)",
    ),
    "too few": (torch.zeros(3, dtype=torch.int64), r"found targets of shape \(3,\)"),
    "one": (torch.tensor(1), r"found targets of shape \(\)"),
}


@pytest.mark.parametrize("targets, message", TARGETS.values(), ids=TARGETS.keys())
def test_cross_entropy(targets, message):
    with pytest.raises(ValueError, match=message):
        ck.cross_entropy(OUTPUTS, targets)


def test_cross_entropy_says_where_in_an_image():
    targets = torch.zeros(2, 4, 5, dtype=torch.int64)
    targets[1, 2, 3] = 9
    with pytest.raises(ValueError, match=r"target 9 of sample \(1, 2, 3\) is outside the 3 classes"):
        ck.cross_entropy(torch.randn(2, 3, 4, 5), targets)


@pytest.mark.parametrize(
    "targets", [torch.tensor([0, 2, 1, -100]), torch.tensor([0, 2, 1, 1]).byte(), OUTPUTS.softmax(1)]
)
def test_cross_entropy_takes_what_pytorch_takes(targets):
    assert torch.equal(ck.cross_entropy(OUTPUTS, targets), nn.functional.cross_entropy(OUTPUTS, targets))


@pytest.mark.parametrize("loss", [ck.mean_squared_error, ck.binary_cross_entropy])
@pytest.mark.parametrize("shape", [(4,), (4, 2), (1, 1), ()])
def test_losses_never_broadcast(loss, shape):
    outputs, targets = torch.randn(4, 1), torch.rand(shape)
    with pytest.raises(ValueError, match=r"outputs \(4, 1\) and targets .* must have one shape"):
        loss(outputs, targets)
    expected = {"mean_squared_error": nn.MSELoss(), "binary_cross_entropy": nn.BCEWithLogitsLoss()}[loss.__name__]
    assert torch.equal(loss(outputs, outputs.sigmoid()), expected(outputs, outputs.sigmoid()))


def test_check_labels_looks_at_all_of_them():
    ck.check_labels(torch.tensor([0, 2, -100]), 3)
    with pytest.raises(ValueError, match="target 3 of sample 1 is outside the 3 classes"):
        ck.check_labels(torch.tensor([0, 3]), 3)


@pytest.mark.parametrize("targets", [[0, 1], [False, True]], ids=["whole numbers", "truths"])
def test_targets_of_a_binary_cross_entropy_may_be_whole_numbers_or_truths(targets):
    outputs = torch.tensor([0.3, -0.7])
    expected = (math.log1p(math.exp(0.3)) + math.log1p(math.exp(0.7))) / 2  # -log(1 - p) of the first, -log p
    assert ck.binary_cross_entropy(outputs, torch.tensor(targets)).item() == pytest.approx(expected, abs=1e-6)
    assert torch.equal(
        ck.binary_cross_entropy(outputs, torch.tensor(targets)),
        ck.binary_cross_entropy(outputs, torch.tensor(targets).float()),
    )


@pytest.mark.parametrize("wrong", [2, -1, 1.5, math.nan])
def test_targets_of_a_binary_cross_entropy_are_probabilities(learner, wrong):
    with pytest.raises(ValueError, match=f"0 or 1, or a probability between; found {wrong}: check the labels"):
        ck.binary_cross_entropy(torch.zeros(2), torch.tensor([0.5, wrong]))
    targets = torch.full((12, 3), float(wrong))
    with pytest.raises(ValueError, match="a probability between"):
        learner(train=(X, targets), loss_fn=ck.binary_cross_entropy).fit(1)


# Training


def test_a_label_outside_the_classes_ends_the_fit_in_words(learner):
    with pytest.raises(ValueError, match=r"target 3 of sample \d is outside the 3 classes that the model tells apart"):
        learner(train=(X, torch.arange(12) % 4)).fit(1)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("step, batch, epoch", [(0, 1, 1), (5, 2, 2), (150, 3, 38)])
def test_a_loss_that_is_not_finite_says_at_which_batch_and_learning_rate(learner, bad, step, batch, epoch):
    def loss(outputs, targets):
        return ck.cross_entropy(outputs, targets) * (bad if learn.step == step and learn.model.training else 1)

    learn = learner(loss_fn=loss)
    where = f"the loss became {bad} at batch {batch} of epoch {epoch}, at learning rate 2.0e-02"
    with pytest.raises(FloatingPointError, match=where):
        learn.fit(50, 0.02)


def test_data_that_is_not_finite_ends_fit_and_search(learner):
    train = (torch.full_like(X, math.nan), Y)
    with pytest.raises(FloatingPointError, match="missing values in the data"):
        learner(train=train).fit(1)
    with pytest.raises(FloatingPointError, match="not finite before any training"):
        learner(train=train).lr_find()


@pytest.mark.parametrize("epochs", [0, -1, 1.5])
def test_a_number_of_epochs_is_whole_and_positive(learner, epochs):
    with pytest.raises(ValueError, match=f"at least one; found {epochs}"):
        learner().fit(epochs)


BAD_LR = [0, -1e-3, math.nan, math.inf, (0, 1), (1, -1), (1, 2, 3), (), slice(1), slice(0, 1), "0.1", None]


@pytest.mark.parametrize("lr", BAD_LR, ids=str)
def test_a_learning_rate_is_a_positive_number_or_two(learner, lr):
    with pytest.raises(ValueError, match="a learning rate is a positive number, or a pair or slice of them; found"):
        learner().fit(1, lr)


@pytest.mark.parametrize("options", [{"batches": 1}, {"lowest": 0}, {"lowest": 1, "highest": 0.1}], ids=str)
def test_a_search_needs_a_range(learner, options):
    with pytest.raises(ValueError, match="a search needs 0 < lowest < highest and two batches; found"):
        learner().lr_find(**options)


@pytest.mark.parametrize("warmup", [0, 1, -0.1, 2])
def test_a_warmup_is_a_fraction(learner, warmup):
    with pytest.raises(ValueError, match="warmup is a fraction of the training"):
        learner().fit_one_cycle(1, warmup=warmup)


def test_nothing_to_train(learner):
    learn = learner()
    learn.model.requires_grad_(False)
    for train in (lambda: learn.fit(1), learn.lr_find):
        with pytest.raises(ValueError, match="every parameter is frozen"):
            train()
    with pytest.raises(ValueError, match="every parameter is frozen"):
        learner(nn.Flatten()).fit(1)


# Metrics


def test_a_metric_gives_one_number(learner):
    def right(outputs, targets):
        return outputs.argmax(1) == targets

    with pytest.raises(ValueError, match=r"metric 'right' returned a tensor of shape \(30,\); .* \(add .mean\(\)\)"):
        learner(metrics=[right]).validate()
    with pytest.raises(ValueError, match=r"metric 'right' returned a tensor of shape \(2,\)"):
        ck.RunningMean("right").add((torch.tensor(1), torch.ones(2)), 5)


@pytest.mark.parametrize(
    "metrics",
    [ck.accuracy, "accuracy", ["accuracy"], [ck.accuracy, 0.2], None],
    ids=["a function", "a name", "a list of names", "a number among them", "None"],
)
def test_metrics_are_a_list_of_functions(learner, metrics):
    with pytest.raises(ValueError, match=r"metrics come as a list of functions, such as \[ck.accuracy\]; found "):
        learner(metrics=metrics)


@pytest.mark.parametrize("metric", [ck.accuracy, ck.error_rate, ck.pixel_accuracy])
@pytest.mark.parametrize("shape", [(3, 1), (1,), (), (1, 3), (3, 3)], ids=str)
def test_metrics_of_classes_never_broadcast(metric, shape):
    with pytest.raises(
        ValueError, match=r"outputs of shape \(3, 3\) need class numbers of shape \(3,\); found .* shape"
    ):
        metric(torch.eye(3), torch.zeros(shape, dtype=torch.int64))
    assert metric(torch.eye(3), torch.arange(3)) is not None


@pytest.mark.parametrize("metric", [ck.accuracy_threshold, ck.fbeta, ck.keypoint_distance])
@pytest.mark.parametrize("shape", [(5,), (5, 1), (1, 2), (2,), ()], ids=str)
def test_metrics_of_numbers_never_broadcast(metric, shape):
    with pytest.raises(ValueError, match=r"outputs \(5, 2\) and targets .* must have one shape"):
        metric(torch.ones(5, 2), torch.ones(shape))
    assert metric(torch.ones(5, 2), torch.ones(5, 2)) is not None


@pytest.mark.parametrize("further", [(), (4,), (4, 5)], ids=str)
def test_accuracy_counts_every_position(further):
    outputs, targets = torch.randn(6, 3, *further), torch.randint(3, (6, *further))
    right = (outputs.argmax(1) == targets).double()
    assert ck.accuracy(outputs, targets).item() == pytest.approx(right.mean().item())
    assert ck.pixel_accuracy(outputs, targets) == (right.sum(), right.numel())


def test_two_metrics_of_one_name_are_refused(learner):
    with pytest.raises(ValueError, match="two columns would be called 'accuracy'"):
        learner(metrics=[ck.accuracy, ck.error_rate, ck.accuracy])


# Shapes that the model refuses: PyTorch's own words, which name both; types in ours


def test_inputs_of_a_shape_that_the_model_refuses(learner):
    with pytest.raises(RuntimeError, match="12x5 and 4x8"):
        learner(train=(torch.randn(12, 5), Y), batch_size=12).fit(1)


@pytest.mark.parametrize("x", [X.byte(), X.double().numpy(), X.bool(), X.half()], ids=lambda x: str(x.dtype))
def test_inputs_of_a_type_that_the_model_refuses(learner, x):
    learn = learner()
    for look in (lambda: learner(train=(x, Y)).fit(1), learner(train=(x, Y)).lr_find, lambda: learn.predict(x)):
        with pytest.raises(ValueError, match=r"inputs and model differ in their dtype .*: convert the inputs"):
            look()


# Files of another model


def test_the_file_of_another_model_changes_nothing(learner, tmp_path):
    learner(nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))).save(tmp_path / "other")
    learner(nn.Linear(4, 3)).save(tmp_path / "small")
    wide = nn.Linear(4, 5)
    torch.nn.init.zeros_(wide.weight)
    ck.Learner(ck.Loaders((X, Y), device="cpu"), wide, progress=False).save(tmp_path / "wide")
    learn = learner(nn.Linear(4, 3))
    before = learn.model.weight.clone()
    for name, message in {
        "other": "'weight' is not in the file",
        "wide": r"'weight' has shape \(5, 4\) in the file and \(3, 4\) in this model",
    }.items():
        with pytest.raises(ValueError, match=f"another model's weights: {message}. The model was not changed"):
            learn.load(tmp_path / name)
    with pytest.raises(ValueError, match="the file's 'bias' is not in this model"):
        learner(nn.Linear(4, 3, bias=False)).load(tmp_path / "small")
    assert torch.equal(learn.model.weight, before)


def test_missing_and_truncated_model_files(learner, tmp_path):
    learn = learner()
    path = learn.save(tmp_path / "model")
    with pytest.raises(FileNotFoundError, match="no saved model at .*modell.safetensors; .*model.safetensors"):
        learn.load(tmp_path / "modell")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        learn.load(path)
