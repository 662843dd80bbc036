"""Learners of tables: they learn what was built in, treat later tables alike, and are saved with what they learned."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import coursekit as ck
from coursekit import TableLoaders, TableModel, embedding_size, tabular_learner


@pytest.fixture(scope="module")
def sales():
    """Sales by weekday and shop, with an effect of each, of the price, and a little noise."""
    random = np.random.default_rng(0)
    n = 1500
    table = pd.DataFrame({"Shop": random.integers(1, 9, n), "Day": random.integers(0, 7, n), "Price": random.random(n)})
    effect = np.array([0, 0.1, 0.2, 0.3, 0.4, 2.0, 2.2])  # Saturday and Sunday
    table["Sales"] = table.Shop * 0.2 + effect[table.Day] - table.Price + random.normal(scale=0.05, size=n)
    table.loc[::50, "Price"] = np.nan
    return table


COLUMNS = dict(categorical=["Shop", "Day"], continuous=["Price"], target="Sales")


@pytest.fixture(scope="module")
def learner(sales):
    torch.manual_seed(0)
    data = TableLoaders(sales[:1200], sales[1200:], **COLUMNS)
    learner = tabular_learner(data, (64, 32), progress=False)
    learner.fit_one_cycle(12, 1e-2)
    return learner


def test_it_learns_what_was_built_in(sales, learner):
    assert learner.validate()["loss"] < 0.1 * sales.Sales.var()


def test_the_embedding_of_days_finds_the_weekend(learner):
    days, vectors = learner.embedding("Day")
    assert days == [None, 0, 1, 2, 3, 4, 5, 6]
    apart = torch.cdist(vectors[1:], vectors[1:])
    assert apart[5, 6] < apart[5, :5].min() and apart[0, 1] < apart[0, 5:].min()


def test_a_later_table_is_prepared_like_the_training_rows(sales, learner):
    whole, _ = learner.predictions()
    assert torch.allclose(learner.raw_outputs(sales[1200:]), whole, atol=1e-6)
    strange = pd.DataFrame({"Shop": [99], "Day": [5], "Price": [np.nan]})
    assert learner.raw_outputs(strange).isfinite().all()


def test_weights_and_preparation_are_saved_together(sales, learner, tmp_path):
    file = learner.save(tmp_path / "sales", epochs=12)
    prep = ck.TablePrep.saved(file)
    for data in (
        TableLoaders(sales[:1200], sales[1200:], **COLUMNS),
        TableLoaders(sales[:300], sales[1200:], prep=prep, target="Sales"),
    ):
        other = tabular_learner(data, (64, 32), progress=False)
        assert other.load(file)["epochs"] == 12
        assert torch.equal(other.raw_outputs(sales[1200:]), learner.raw_outputs(sales[1200:]))
    assert other.validate() == learner.validate()


OTHERS = {
    "values": (
        lambda t: t.assign(Shop=t.Shop + 1),
        {},
        r"values of 'Shop': 8 .* number 0 on \(\[1, 2, 3\] there, \[2, 3",
    ),
    "numbers": (lambda t: t.assign(Price=1 + t.Price), {}, r"median, mean and deviation of 'Price': 3"),
    "order": (lambda t: t, {"categorical": ["Day", "Shop"]}, r"columns: .*\(\['Shop', 'Day', .* \['Day', 'Shop', "),
    "target": (lambda t: t.assign(Profit=t.Sales), {"target": "Profit"}, r"target: .*\['Sales'\] there, \['Profit'\]"),
}


@pytest.mark.parametrize("change, columns, message", OTHERS.values(), ids=OTHERS.keys())
def test_weights_for_other_tables_are_refused_and_nothing_is_changed(
    sales, learner, tmp_path, change, columns, message
):
    file = learner.save(tmp_path / "sales")
    data = TableLoaders(change(sales)[:1200], **COLUMNS | columns)
    other, prep = tabular_learner(data, (64, 32), progress=False), data.prep
    before = other.model.layers[0].weight.clone()
    with pytest.raises(ValueError, match=f"sales.safetensors was made for other {message}"):
        other.load(file)
    assert torch.equal(before, other.model.layers[0].weight) and data.prep is prep


def test_a_preparation_of_another_machine_may_differ_in_the_last_digits(sales, learner, tmp_path):
    prep = ck.TablePrep.saved(learner.save(tmp_path / "ours"))
    prep.normalize.means[0] *= 1 + 1e-12
    theirs = ck.tabular_learner(TableLoaders(sales[:1200], prep=prep, target="Sales"), (64, 32), progress=False)
    theirs.save(tmp_path / "theirs")
    learner.load(tmp_path / "theirs")


def test_weights_for_other_classes_are_refused(sales, tmp_path):
    def made(names):
        table = sales.assign(Good=np.where(sales.Sales > 1, *names))
        data = TableLoaders(table, **COLUMNS | {"target": "Good"}, classes=True)
        return tabular_learner(data, (8,), progress=False)

    file = made(("yes", "no")).save(tmp_path / "good")
    made(("yes", "no")).load(file)
    with pytest.raises(ValueError, match=r"made for other classes: .*\['no', 'yes'\] there, \['aye', 'nay'\] here"):
        made(("aye", "nay")).load(file)


def test_weights_without_a_preparation_are_refused(sales, learner, tmp_path):
    ck.save_tensors(tmp_path / "bare", learner.model.state_dict(), {})
    with pytest.raises(ValueError, match="was made for other target: 0 there, 1 here"):
        learner.load(tmp_path / "bare")


def test_classes_are_learned_by_cross_entropy(sales):
    table = sales.assign(Good=np.where(sales.Sales > 1, "yes", "no"))
    torch.manual_seed(0)
    data = TableLoaders(table[:1200], table[1200:], **(COLUMNS | {"target": "Good"}), classes=True)
    learner = tabular_learner(data, (32,), metrics=[ck.accuracy], progress=False)
    learner.fit_one_cycle(6, 1e-2)
    assert data.target_type.names == ("no", "yes") and learner.validate()["accuracy"] > 0.9


def test_the_model_is_lookups_beside_numbers_through_layers():
    model = TableModel([4, 3], 2, 1, (5,), embedding_dropout=0, dropout=0, output_range=(1.0, 3.0)).eval()
    categories, numbers = torch.tensor([[3, 0], [1, 2]]), torch.randn(2, 2)
    one_hot = [
        nn.functional.one_hot(categories[:, i], n).float() @ model.embeddings[i].weight for i, n in ((0, 4), (1, 3))
    ]
    by_hand = 1 + 2 * model.layers(torch.cat([*one_hot, numbers], 1)).sigmoid()
    assert torch.allclose(model(categories, numbers), by_hand)


@pytest.mark.parametrize("values, size", [(2, 1), (3, 2), (7, 4), (100, 50), (10_000, 50)])
def test_the_rule_for_sizes(values, size):
    assert embedding_size(values) == size


def test_numbers_alone_and_categories_alone_work(sales):
    for columns in (dict(continuous=["Price"]), dict(categorical=["Day"])):
        learner = tabular_learner(TableLoaders(sales[:200], target="Sales", **columns), (8,), progress=False)
        learner.fit(1)
        assert learner.recorder.losses


def test_a_row_or_a_table_is_predicted(sales, learner):
    rows = sales[1200:1203]
    raw = learner.raw_outputs(rows)
    assert [p.values.item() for p in learner.predict(rows)] == raw[:, 0].tolist()
    one = learner.predict(rows.iloc[0].to_dict())
    assert one.values.item() == pytest.approx(raw[0].item(), abs=1e-6) and one.label == f"{one.values.item():.4g}"
    assert learner.predict({"Shop": 3, "Day": None, "Price": None}).values.isfinite().all()
    for wrong, message in {"found Series": sales.iloc[0], "no column 'Price'": {"Shop": 3, "Day": 1}}.items():
        with pytest.raises(ValueError, match=wrong):
            learner.predict(message)


def test_classes_are_in_the_order_of_their_values_whatever_their_type(sales):
    table = sales.assign(Stars=sales.Shop + 3)
    data = TableLoaders(
        table[:1200], table[1200:].astype({"Stars": float}), **COLUMNS | {"target": "Stars"}, classes=True
    )
    assert data.target_type.names == tuple(map(str, range(4, 12)))
    assert data.valid.tensors[-1].tolist() == (table.Stars[1200:] - 4).tolist()
    learner = tabular_learner(data, (8,), progress=False)
    assert sum(learner.predict(table[:2])[1].probabilities.values()) == pytest.approx(1)


TWO = pd.Series(["2024-05-01", "2024-05-02"])
PAIRS = {
    "ints and floats": ([1, 2], [1.0, 2.0]),
    "floats and 32 bits": ([0.1, 0.7], np.array([0.1, 0.7], np.float32)),
    "32 bits and whole numbers with gaps": (np.array([1, 2], np.float32), pd.array([1, 2], "Int64")),
    "dates": (pd.to_datetime(TWO), pd.to_datetime(TWO).dt.date),
    "truths and ints": ([False, True], [0, 1]),
}


@pytest.mark.parametrize("train, valid", PAIRS.values(), ids=PAIRS.keys())
def test_classes_are_known_again_in_another_type(sales, train, valid):
    tables = [sales[:40].assign(Sales=pd.Series(values)[[0, 1] * 20].to_numpy()) for values in (train, valid)]
    data = TableLoaders(*tables, **COLUMNS, classes=True, device="cpu")
    assert data.train.targets.tolist() == data.valid.targets.tolist() == [0, 1] * 20


UNITS = {
    "1000 y": lambda y: 1000 * y, "y + 1e6": lambda y: y + 1e6, "y / 10,000": lambda y: y / 1e4,
    "200,000 + 100,000 y": lambda y: 200_000 + 100_000 * y,
}  # fmt: skip


def error_of(sales, change, optimizer_fn, loss_fn):
    """The root mean squared error in deviations of the target, the same numbers learned in another unit."""
    table = sales.assign(Sales=change((sales.Sales - sales.Sales.mean()) / sales.Sales.std()))
    torch.manual_seed(0)
    data = TableLoaders(table[:1200], table[1200:], **COLUMNS, device="cpu")
    learner = tabular_learner(
        data, (32,), metrics=[ck.rmse], progress=False, optimizer_fn=optimizer_fn, loss_fn=loss_fn
    )
    learner.fit_one_cycle(3, 1e-2)
    return learner.validate()["rmse"] / table.Sales.std()


@pytest.mark.filterwarnings("ignore:the target 'Sales' is so far from 0")
@pytest.mark.parametrize("loss_fn", [ck.mean_squared_error, nn.L1Loss()], ids=["squares", "absolutes"])
@pytest.mark.parametrize("optimizer_fn", [torch.optim.AdamW, torch.optim.SGD], ids=["AdamW", "SGD"])
def test_the_unit_of_the_target_does_not_matter(sales, optimizer_fn, loss_fn):
    """The same rows in other units are the same task: whatever is learned of y is learned of a y + b."""
    if optimizer_fn is torch.optim.SGD and loss_fn is not ck.mean_squared_error:
        pytest.skip("plain gradient steps of an absolute error are as long as its unit is")
    expected = error_of(sales, lambda y: y, optimizer_fn, loss_fn)
    assert expected < (0.3 if optimizer_fn is torch.optim.AdamW else 0.9)
    within = (
        0.05 if loss_fn is ck.mean_squared_error else 0.25
    )  # the sign of a small difference is a matter of rounding
    for name, change in UNITS.items():
        assert error_of(sales, change, optimizer_fn, loss_fn) == pytest.approx(expected, rel=within, abs=0.02), name


def test_an_untrained_model_is_about_the_mean_of_the_training_rows_and_is_saved_with_its_scale(sales, tmp_path):
    table = sales.assign(Sales=200_000 + 29_000 * sales.Sales)
    data = TableLoaders(table[:1200], table[1200:], **COLUMNS, device="cpu")
    learner = tabular_learner(data, (8,), metrics=[ck.rmse], progress=False)
    assert learner.validate()["rmse"] < 2 * table.Sales.std()
    outputs = learner.raw_outputs(table[1200:])
    scale = learner.model.output_scale
    assert scale == pytest.approx((table.Sales[:1200].mean(), table.Sales[:1200].std(ddof=0)), rel=1e-6)
    prep = ck.TablePrep.saved(learner.save(tmp_path / "dollars"))
    other = tabular_learner(TableLoaders(table[:50], prep=prep, target="Sales", device="cpu"), (8,), progress=False)
    other.load(tmp_path / "dollars")
    assert other.model.output_scale == scale and torch.equal(other.raw_outputs(table[1200:]), outputs)


@pytest.mark.parametrize("output_range", [None, (0, 400_000)], ids=["no range", "a range"])
def test_outputs_have_32_bits_in_mixed_precision_too(sales, output_range):
    """bfloat16 has 8 digits: between 131,072 and 262,144 its numbers are 1,024 apart."""
    table = sales.assign(Sales=200_000 + 10_000 * sales.Sales)
    learner = tabular_learner(TableLoaders(table, **COLUMNS, device="cpu"), (8,), output_range=output_range)
    learner.autocast = lambda: torch.autocast("cpu", torch.bfloat16)
    outputs = learner.raw_outputs(table)
    assert outputs.dtype == torch.float32 and (outputs % 1024 != 0).double().mean() > 0.9


def test_numbers_that_may_be_meant_otherwise_or_are_rounded_are_warned_of(sales):
    for message, values in {
        "give classes=True": (sales.Sales > 1).astype(int),
        "in float32, .*: subtract a constant": sales.Sales + 1e9,
    }.items():
        with pytest.warns(UserWarning, match=message):
            TableLoaders(sales.assign(Sales=values), **COLUMNS)


def test_the_validation_figure_is_the_same_for_every_batch_size_and_order(sales, learner):
    learner = tabular_learner(learner.data, (64, 32), metrics=[ck.rmse, ck.rmspe], progress=False)
    expected, valid = learner.validate(), sales[1200:]
    for batch_size, part in ((1, valid), (7, valid.sample(frac=1, random_state=0)), (500, valid.iloc[::-1])):
        data = TableLoaders(sales[:1200], part, **COLUMNS, batch_size=batch_size)
        assert learner.validate(data.valid) == pytest.approx(expected, rel=1e-5)


def test_looking_changes_nothing_of_the_next_fit(sales):
    def fits(look):
        torch.manual_seed(0)
        data = TableLoaders(sales[:200], sales[1200:], **COLUMNS, device="cpu")
        learner = tabular_learner(data, (8,), progress=False)
        learner.fit(1)
        if look:
            learner.validate(), learner.predictions(), learner.predict(sales[:3]), learner.summary(), repr(learner)
            learner.lr_find(batches=5), learner.embedding("Day"), learner.raw_outputs(sales)
        learner.fit(1)
        return learner.raw_outputs(sales)

    assert torch.equal(fits(False), fits(True))


def test_data_of_other_categories_columns_or_scales_are_not_judged(sales, learner):
    for what, changed in {
        "values of 'Shop'": {"Shop": sales.Shop + 1},
        "of 'Price'": {"Price": 1 + sales.Price},
    }.items():
        other = TableLoaders(sales.assign(**changed)[:1200], sales, **COLUMNS)
        for look in (learner.validate, learner.predictions):
            with pytest.raises(ValueError, match=f"this loader was made for other .*{what}"):
                look(other.valid)
        with pytest.raises(ValueError, match=f"data was made for other .*{what}"):
            learner.use(other)


def test_each_hidden_layer_has_its_own_dropout_and_each_category_its_own_size(sales):
    data = TableLoaders(sales, **COLUMNS, device="cpu")
    sizes = {"Day": np.int64(2)}  # a whole number of NumPy's is one, too
    model = tabular_learner(data, [np.int64(30), 20], dropout=[0.5, 0], embedding_sizes=sizes).model
    assert [(part.in_features, part.out_features) for part in model.layers if isinstance(part, nn.Linear)] == [
        (5 + 2 + 1 + 1, 30),
        (30, 20),
        (20, 1),
    ]  # 9 shops and the flag as the rule says, 5 and 1; days 2; one number
    assert [part.p for part in model.layers if isinstance(part, nn.Dropout)] == [0.5, 0]
    assert [e.weight.shape for e in model.embeddings] == [(9, 5), (8, 2), (2, 1)]


def test_over_three_seeds_the_error_is_the_same_in_other_units_within_two_per_cent(sales):
    """In deviations of the target, for y (in cents, so that float32 holds y + 10^6 well), 1000 y and y + 10^6."""
    found = []
    for change in (lambda y: y, lambda y: 1000 * y, lambda y: y + 1e6):
        table, errors = sales.assign(Sales=change(100 * sales.Sales)), []
        data = TableLoaders(table[:1200], table[1200:], **COLUMNS, device="cpu")
        for seed in range(3):
            torch.manual_seed(seed)
            learner = tabular_learner(data, (32,), progress=False)
            learner.fit_one_cycle(12, 1e-2)
            errors.append(learner.validate()["loss"] ** 0.5 / table.Sales[:1200].std())
        found.append(np.mean(errors))
    assert found[0] < 0.2 and found == pytest.approx([found[0]] * 3, rel=0.02)


def test_a_further_table_is_validated_and_its_predictions_are_a_table_with_its_index(sales, learner):
    rows = sales[1200:].iloc[::-1]
    test = learner.data.test(rows)
    assert learner.validate(test)["loss"] == pytest.approx(learner.validate()["loss"], rel=1e-5)
    table = learner.prediction_table(learner.data.test(rows.drop(columns="Sales")))
    assert list(table.columns) == ["Sales"] and table.index.equals(rows.index)
    assert np.allclose(table.Sales, learner.raw_outputs(rows)[:, 0])
    assert learner.prediction_table().index.equals(sales.index[1200:])
    with pytest.raises(ValueError, match="these samples have no labels to compare with"):
        learner.validate(learner.data.test(rows.drop(columns="Sales")))
    with pytest.raises(ValueError, match="the table has no column 'Day'"):
        learner.data.test(rows.drop(columns="Day"))


def test_a_table_of_classes_has_a_column_of_probabilities_each(sales):
    data = TableLoaders(sales[:1200], sales[1200:], target="Day", continuous=["Price"], classes=True, device="cpu")
    learner = tabular_learner(data, (8,), progress=False)
    table = learner.prediction_table(data.test(sales[["Price"]][:9]))
    assert list(table.columns) == list("0123456") and np.allclose(table.sum(axis=1), 1)
    assert table.loc[3, "4"] == pytest.approx(learner.predict(sales[3:4])[0].probabilities["4"])


def test_the_worst_rows_are_a_table_with_the_rows_index(sales, learner):
    rows = sales[1200:].sample(frac=1, random_state=1)
    data = TableLoaders(sales[:1200], rows, **COLUMNS, device="cpu")
    other = tabular_learner(data, (64, 32), progress=False)
    other.model.load_state_dict(learner.model.state_dict())
    errors = (other.raw_outputs(rows)[:, 0].numpy() - rows.Sales) ** 2
    expected = errors.sort_values(ascending=False)[:5]
    table = ck.Interpretation(other).worst(5)
    assert table.index.tolist() == expected.index.tolist() and np.allclose(table.loss, expected, rtol=1e-3)
    assert table.Shop.tolist() == rows.loc[table.index].Shop.tolist()
    assert np.allclose(table.target, rows.loc[table.index].Sales)


def test_results_are_the_rows_as_they_were_with_target_and_prediction(sales, learner):
    rows = sales[1200:1260].assign(Shop=[77, *sales.Shop[1201:1260]])
    data = TableLoaders(sales[:1200], rows, **COLUMNS, device="cpu")
    other = tabular_learner(data, (64, 32), progress=False)
    other.model.load_state_dict(learner.model.state_dict())
    shown = other.show_results(60)
    assert list(shown.columns) == ["Shop", "Day", "Price", "target", "predicted"] and len(shown) == 60
    assert shown.Shop[0] is None and shown.Shop[1:].tolist() == rows.Shop[1:60].tolist()
    assert shown.Day.tolist() == rows.Day[:60].tolist() and np.allclose(shown.target, rows.Sales[:60])
    assert np.allclose(shown.Price, rows.Price[:60], atol=1e-4, equal_nan=True) and shown.Price.isna().sum() == 2
    assert np.allclose(shown.predicted, other.raw_outputs(rows[:60])[:, 0])
    assert (
        learner.predict([{"Shop": 1, "Day": 2, "Price": 0.5}] * 2)[1]
        == learner.predict([{"Shop": 1, "Day": 2, "Price": 0.5}])[0]
    )


BAD = {
    "a metric of classes": (
        lambda t: tabular_learner(TableLoaders(t, **COLUMNS), metrics=[ck.accuracy]),
        r"accuracy is no metric of numbers, as 'Sales' is: say TableLoaders\(classes=True\)"),
    "another metric of classes": (
        lambda t: tabular_learner(TableLoaders(t, **COLUMNS), metrics=[ck.f1]), "f1 is no metric of numbers"),
    "a metric of numbers": (
        lambda t: tabular_learner(
            TableLoaders(t, target="Day", continuous=["Price"], classes=True), metrics=[ck.rmse]),
        "rmse is no metric of classes"),
    "three dropouts": (lambda t: tabular_learner(TableLoaders(t, **COLUMNS), dropout=[0.1, 0.2, 0.3]),
        r"for all hidden layers or for each of the 2; found \[0.1, 0.2, 0.3\]"),
    "a dropout that is none": (lambda t: tabular_learner(TableLoaders(t, **COLUMNS), dropout=[0.1, 1.0]),
        r"found \[0.1, 1.0\]"),
    "the size of no category": (lambda t: tabular_learner(TableLoaders(t, **COLUMNS), embedding_sizes={"Price": 3}),
        r"from a category \('Shop', 'Day', 'Price_missing'\) to a size, at least 1; found 'Price': 3"),
    "a size of nothing": (lambda t: tabular_learner(TableLoaders(t, **COLUMNS), embedding_sizes={"Shop": 0}),
        "found 'Shop': 0"),
    "one layer": (lambda t: tabular_learner(TableLoaders(t, **COLUMNS), 200), r"such as \(200, 100\); found 200"),
    "a layer of nothing": (lambda t: tabular_learner(TableLoaders(t, **COLUMNS), [0]), r"found \[0\]"),
    "a range that is too narrow": (
        lambda t: tabular_learner(TableLoaders(t, **COLUMNS), output_range=(0, 1)),
        "do not reach all training targets"),
    "another learner's data": (lambda t: tabular_learner(ck.Loaders((torch.ones(3), torch.ones(3)))),
        "tabular_learner learns from TableLoaders; found Loaders"),
    "no table": (lambda t: TableLoaders([1, 2], **COLUMNS), "a table is a pandas DataFrame; found list"),
    "no held-out table": (lambda t: TableLoaders(t, t.to_numpy(), **COLUMNS), "DataFrame; found ndarray"),
    "a target beyond float32": (lambda t: TableLoaders(t.assign(Sales=1e39), **COLUMNS), "too large for float32"),
    "several targets": (lambda t: TableLoaders(t, **COLUMNS | {"target": ["Sales"]}), r"no column \['Sales'\]"),
    "a path for a preparation": (lambda t: TableLoaders(t, prep="sales", target="Sales"), "a TablePrep knows"),
    "classes of another type": (
        lambda t: TableLoaders(t, t.assign(Day=t.Day.astype(str)), target="Day", continuous=["Price"], classes=True),
        r"\(numbers, text\)"),
    "one class": (
        lambda t: TableLoaders(t.assign(Sales="x"), target="Sales", continuous=["Price"], classes=True), "needs two"),
    "classes that are not said": (
        lambda t: TableLoaders(t.assign(Sales="x"), target="Sales", continuous=["Price"]), "give classes=True"),
    "the target among the inputs": (lambda t: TableLoaders(t, target="Price", continuous=["Price"]), "read the answer"),
    "no such target": (lambda t: TableLoaders(t, target="Profit", continuous=["Price"]), "no column 'Profit'"),
    "a target that is missing": (
        lambda t: TableLoaders(t.assign(Sales=t.Sales.where(t.index > 3)), target="Sales", continuous=["Price"]),
        "4 of 1500 rows have no 'Sales'"),
    "an infinite target": (
        lambda t: TableLoaders(t.assign(Sales=np.inf), target="Sales", continuous=["Price"]), "infinite"),
    "a class that training has not": (
        lambda t: TableLoaders(t[t.Day < 6], t, target="Day", continuous=["Price"], classes=True), "class '6'"),
    "a preparation and columns": (
        lambda t: TableLoaders(t, **COLUMNS, prep=TableLoaders(t, **COLUMNS).prep), "knows its columns"),
    "the target among the preparation's columns": (
        lambda t: TableLoaders(t, prep=TableLoaders(t, **COLUMNS).prep, target="Price"), "read the answer"),
    "no such embedding": (
        lambda t: tabular_learner(TableLoaders(t, **COLUMNS)).embedding("City"), "no category here; there are 'Shop'"),
}  # fmt: skip


@pytest.mark.parametrize("act, message", BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_in_words(sales, act, message):
    with pytest.raises(ValueError, match=message):
        act(sales)
