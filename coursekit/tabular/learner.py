"""Learners for tables: an embedding for each category, the numbers beside them, then a few linear layers.

C. Guo and F. Berkhahn, "Entity embeddings of categorical variables", 2016.
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ..arguments import in_words
from ..learner import Learner, with_learner_options
from ..loaders import Loaders, TensorLoader
from ..losses import check_shapes, lower_is_better
from ..metrics import accuracy, accuracy_threshold, after_mean, error_rate, f1, fbeta, metric_name, r2, rmse, roc_auc
from ..targets import Categories, Numbers
from .features import need_columns, to_floats
from .prep import Categorify, TablePrep

if TYPE_CHECKING:
    import pandas as pd


def squared_percentage_error(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """The sum of ((target - output) / target)^2, and over how many; targets of 0 have no percentage: left out."""
    check_shapes(outputs, targets)
    known = targets != 0
    errors = ((targets - outputs) / torch.where(known, targets, 1)).square()
    return torch.where(known, errors, 0).sum(), known.sum()


@lower_is_better
@after_mean(squared_percentage_error, math.sqrt)
@in_words
def rmspe(outputs: Tensor, targets: Tensor) -> Tensor:
    """Root mean squared percentage error, as a fraction: 0.1 is ten percent. Samples whose target is 0 are left out.

    Args:
        outputs: any shape.
        targets: the same shape.

    The measure of the Kaggle competition Rossmann Store Sales, 2015. Built in lesson 12.
    """
    total, count = squared_percentage_error(outputs, targets)
    return (total / count).sqrt()


@lower_is_better
@after_mean(lambda outputs, targets: squared_percentage_error(outputs.exp(), targets.exp()), math.sqrt)
@in_words
def rmspe_of_logs(outputs: Tensor, targets: Tensor) -> Tensor:
    """`rmspe` of a model that predicts the logarithm of the target.

    Args:
        outputs: natural logarithms, any shape.
        targets: natural logarithms, the same shape.

    Built in lesson 12.
    """
    return rmspe(outputs.exp(), targets.exp())


def as_table(x: object, names: Sequence[str] = ()) -> "tuple[pd.DataFrame, bool]":
    """What is given to be predicted as a table, and whether it was one row alone.

    Args:
        x: a DataFrame; or a row, as a dictionary or a tuple of the values of `names`; or a list of rows.
        names: the columns that a tuple has.

    Raises:
        ValueError: it is something else.
    """
    import pandas as pd

    if isinstance(x, pd.DataFrame):
        return x, False
    rows = [dict(zip(names, row, strict=True)) if _fits(row, names) else row for row in (x if type(x) is list else [x])]
    if not rows or not all(isinstance(row, dict) for row in rows):
        pairs = f", or ({', '.join(names)})" if names else ""
        found = type(next((row for row in rows if not isinstance(row, dict)), x)).__name__
        raise ValueError(f"give a DataFrame, or one row as a dictionary{pairs}, or a list of them; found {found}")
    return pd.DataFrame(rows), type(x) is not list


def _fits(row: object, names: Sequence[str]) -> bool:
    return isinstance(row, tuple) and len(row) == len(names) > 0


class TableLoaders(Loaders):
    """Batches of a table's rows: codes, numbers, target; prepared by what the training rows teach.

    Args:
        train: the training rows.
        valid: held-out rows, or None.
        categorical: columns of categories.
        continuous: columns of numbers.
        target: the column to predict: numbers, or with `classes=True` categories.
        classes: predict one of the target's values.
        prep: a preparation learned before, in place of the columns, such as `TablePrep.saved(path)`; None learns one.
        batch_size, device: see `Loaders`.

    Attributes:
        prep: the preparation, a `TablePrep`.
        target_type: `Categories`, in the order of their values, or `Numbers`.

    Raises:
        ValueError: a column is missing, or holds what its use cannot take; a target is missing or infinite; a held-out
            row has a class that no training row has; both a preparation and columns are given.

    Built in lesson 11.
    """

    advice: ClassVar[str] = "give the data its preparation, prep=ck.TablePrep.saved(path), instead of the columns"

    def __init__(
        self, train: "pd.DataFrame", valid: "pd.DataFrame | None" = None, *, categorical: Sequence[str] = (),
        continuous: Sequence[str] = (), target: str, classes: bool = False, prep: TablePrep | None = None,
        batch_size: int = 64, device: str | torch.device | None = None,
    ) -> None:  # fmt: skip
        if prep is not None and (categorical or continuous or not isinstance(prep, TablePrep)):
            needed = "give either one, as prep, or categorical and continuous ones"
            raise ValueError(f"a TablePrep knows its columns: {needed}")
        self.prep, self.target = prep or TablePrep(categorical, continuous).fit(train), target
        if target in self.prep.columns:
            raise ValueError(f"the target {target!r} is among the inputs: the model would read the answer")
        self._classes = Categorify([target]).fit(train) if classes else None
        parts = [None if part is None else (*self.prep.transform(part), self._targets(part)) for part in (train, valid)]
        target_type = Categories(tuple(map(str, self._classes.known(target)))) if classes else Numbers((str(target),))
        super().__init__(*parts, batch_size=batch_size, device=device, target_type=target_type)
        if valid is not None:
            self.valid.ids = valid.index
        if not classes:
            self._warn_of(to_floats(train, target))

    def _warn_of(self, values: np.ndarray) -> None:
        """Say of the training targets what may be meant otherwise, or is lost in float32."""
        found, lost = f"the target {self.target!r} ", np.abs(values.astype(np.float32) - values).max()
        if set(np.unique(values)) == {0, 1}:
            warnings.warn(f"{found}holds 0 and 1, learned as numbers: for two classes give classes=True", stacklevel=3)
        if lost > 0.01 * values.std() > 0:
            known = f"rounded by up to {lost:g} in float32, a deviation being {values.std():g}"
            warnings.warn(f"{found}is so far from 0 that it is {known}: subtract a constant", stacklevel=3)

    def _targets(self, table: "pd.DataFrame") -> Tensor:
        need_columns(table, [self.target])
        values = table[self.target]
        if (missing := values.isna()).any():
            raise ValueError(f"{missing.sum()} of {len(table)} rows have no {self.target!r}: leave them out")
        if self._classes is None:
            return torch.from_numpy(to_floats(table, self.target, "for classes give classes=True")).float()[:, None]
        if self._classes.sizes[0] < 3:
            raise ValueError(f"all rows have the class '{values.iloc[0]}': telling classes apart needs two of them")
        codes = self._classes.transform(table)[:, 0] - 1
        if (unknown := (codes < 0).numpy()).any():
            raise ValueError(f"a held-out row has the class '{values[unknown].iloc[0]}', which no training row has")
        return codes

    def encode(self, x: "dict | list | pd.DataFrame") -> tuple[list[tuple[Tensor, ...]], bool]:
        """A row (a dictionary), a list of rows, or a DataFrame as batches of codes and numbers."""
        table, single = as_table(x)
        return super().encode(self.prep.transform(table))[0], single

    def test(self, table: "pd.DataFrame") -> TensorLoader:
        """Batches, in order, of the rows of a further table, prepared like the training rows.

        Their targets are there if the table has the column: `learn.validate(data.test(table))` says how good the model
        is. Without it they are zeros; `learn.prediction_table(data.test(table))` has the answers, with its index.

        Raises:
            ValueError: a column is missing, or holds what its use cannot take; a target is missing.
        """
        inputs = self.prep.transform(table)
        return self.further(inputs, self._targets(table) if self.target in table.columns else None, table.index)

    def input_columns(self, inputs: list[tuple[Tensor, ...]]) -> dict[object, Sequence]:
        """The rows as they were, but for unknown categories (None)."""
        return dict(self.prep.inverse_transform(*map(torch.stack, zip(*inputs, strict=True))))

    def config(self) -> dict[str, list]:
        """The target and its classes, the columns, each category's values, each number's scale.

        A scale may differ by what another machine rounds otherwise: it is given to 1/10,000 of the deviation.
        """
        prep, numbers = self.prep, self.prep.impute.columns
        columns = {"target": [str(self.target)], "columns": [*map(str, prep.categories), *map(str, numbers)]}
        values = {f"values of {column!r}": prep.categorify.known(column) for column in prep.categorify.columns}
        for column, *scale in zip(numbers, prep.impute.medians, prep.normalize.means, prep.normalize.stds, strict=True):
            digits = 4 - math.floor(math.log10(scale[-1]))
            values[f"median, mean and deviation of {column!r}"] = [round(number, digits) for number in scale]
        return super().config() | columns | values


@in_words
def embedding_size(values: int) -> int:
    """The usual rule for how many numbers stand for one category: half as many as it has values, at most 50.

    Built in lesson 12.
    """
    return min(50, (values + 1) // 2)


def hidden_layers(
    inputs: int, widths: Sequence[int], outputs: int, dropout: float | Sequence[float], batch_norm: bool
) -> nn.Sequential:
    """Linear layers of these widths, each with ReLU, batch norm if wanted, and dropout; then a linear one.

    Raises:
        ValueError: widths that are no list of whole numbers; dropouts that are no probability, for all layers or each.
    """
    if not isinstance(widths, (list, tuple)) or any(not isinstance(n, Integral) or n < 1 for n in widths):
        raise ValueError(f"hidden are the widths of the hidden layers, such as (200, 100); found {widths!r}")
    each = list(dropout) if isinstance(dropout, (list, tuple)) else [dropout] * len(widths)
    if len(each) != len(widths) or not all(isinstance(p, Real) and 0 <= p < 1 for p in each):
        needed = f"a probability, at least 0 and below 1, for all hidden layers or for each of the {len(widths)}"
        raise ValueError(f"dropout is {needed}; found {dropout!r}")
    layers, sizes = [], [inputs, *widths]
    for before, width, p in zip(sizes, widths, each, strict=False):
        norm = [nn.BatchNorm1d(width)] if batch_norm else []
        layers += [nn.Linear(before, width), nn.ReLU(), *norm, nn.Dropout(p)]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], outputs))


def check_output_range(output_range: tuple[float, float] | None, targets: Tensor) -> None:
    """Raise a ValueError where a target lies outside the range that outputs can have."""
    if output_range is not None:
        (low, high), (lowest, highest) = output_range, targets.aminmax()
        if not low < high or lowest < low or highest > high:
            found = f"outputs from {low} to {high} do not reach all training targets, {lowest:g} to {highest:g}"
            raise ValueError(f"{found}: give a wider output_range=(low, high)")


def in_range(outputs: Tensor, output_range: tuple[float, float] | None) -> Tensor:
    """The outputs in 32 bits at least, held between (low, high) by a sigmoid if there is such a range."""
    outputs = outputs.to(torch.promote_types(outputs.dtype, torch.float32))  # bfloat16 has no number near 200,100
    if output_range is None:
        return outputs
    low, high = output_range
    return low + (high - low) * outputs.sigmoid()


class TableModel(nn.Module):
    """Embeddings of the categories, and the normalized numbers, through linear layers.

    Args:
        categories: how many codes each category has.
        continuous: columns of numbers.
        outputs: numbers that come out.
        hidden: widths of the hidden layers.
        embedding_dropout: on the embeddings.
        dropout: after each hidden layer; one for all, or a list, one each.
        embedding_sizes: how many numbers stand for each category; None: as `embedding_size` says of all.
        output_range: (low, high) that a sigmoid holds the outputs between, or None.
        output_scale: (mean, deviation) of the target; without a range the outputs count deviations from the mean.

    Built in lesson 12.
    """

    def __init__(
        self, categories: Sequence[int], continuous: int, outputs: int, hidden: Sequence[int] = (200, 100), *,
        embedding_dropout: float = 0.05, dropout: float | Sequence[float] = 0.1,
        output_range: tuple[float, float] | None = None, output_scale: tuple[float, float] = (0.0, 1.0),
        embedding_sizes: Sequence[int] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.output_scale = output_scale
        sizes = [embedding_size(n) for n in categories] if embedding_sizes is None else embedding_sizes
        self.embeddings = nn.ModuleList(nn.Embedding(n, size) for n, size in zip(categories, sizes, strict=True))
        for embedding in self.embeddings:
            nn.init.trunc_normal_(embedding.weight, std=0.01)
        self.embedding_dropout = nn.Dropout(embedding_dropout)
        inputs = sum(e.embedding_dim for e in self.embeddings) + continuous
        self.layers, self.output_range = hidden_layers(inputs, hidden, outputs, dropout, True), output_range

    def forward(self, categories: Tensor, continuous: Tensor) -> Tensor:
        """int64 (n, categories) and float32 (n, continuous) to (n, outputs)."""
        found = [embedding(categories[:, i]) for i, embedding in enumerate(self.embeddings)]
        parts = [self.embedding_dropout(torch.cat(found, 1))] if found else []
        outputs = in_range(self.layers(torch.cat([*parts, continuous], 1)), self.output_range)
        if self.output_range is not None:
            return outputs
        mean, deviation = self.output_scale
        scaled = outputs / deviation  # its gradient is that of a squared error between numbers of deviation 1
        return (mean + deviation * outputs).detach() + (scaled - scaled.detach())

    def get_extra_state(self) -> Tensor:
        """The scale of the outputs, saved with the weights."""
        return torch.tensor(self.output_scale, dtype=torch.float64)

    def set_extra_state(self, state: Tensor) -> None:
        """Take over a saved scale."""
        self.output_scale = tuple(state.tolist())


class TableLearner(Learner):
    """A `Learner` of tables; made by `tabular_learner`. Saved with its preparation, and loaded for the same one."""

    def save(self, path: Path | str, **metadata: object) -> Path:
        """Write the weights and the preparation to one safetensors file; see `Learner.save`."""
        return super().save(path, **metadata | {"prep": self.data.prep.config()})

    def embedding(self, column: str) -> tuple[list, Tensor]:
        """What was learned of a category: its values, the unknown first as None, and their vectors (values, size).

        Raises:
            ValueError: the column is no category of this model.
        """
        prep, names = self.data.prep.categorify, list(self.data.prep.categories)
        if column not in names:
            raise ValueError(f"{column!r} is no category here; there are {', '.join(map(repr, names)) or 'none'}")
        values = prep.known(column) if column in prep.columns else [True]  # of a flag
        return [None, *values], self.model.embeddings[names.index(column)].weight.detach().cpu().clone()


@with_learner_options
@in_words
def tabular_learner(
    data: TableLoaders, hidden: Sequence[int] = (200, 100), *, embedding_dropout: float = 0.05,
    dropout: float | Sequence[float] = 0.1, output_range: tuple[float, float] | None = None,
    embedding_sizes: Mapping[str, int] | None = None, **options: object,
) -> TableLearner:  # fmt: skip
    """A learner for a table; the loss is the cross-entropy for classes, the squared error for numbers.

    Args:
        data: see `TableLoaders`.
        hidden, embedding_dropout, dropout, output_range: see `TableModel`.
        embedding_sizes: how many numbers stand for a category, by its column: {"Store": 10}; for the others, and the
            flags of missing values, it is as `embedding_size` says.
        options: of `Learner`, such as `metrics`.

    Numbers are predicted as deviations from the training mean (see `TableModel`), so that their unit does not matter.

    Raises:
        ValueError: a metric of classes for numbers, or the other way round; a training target outside `output_range`;
            the size of a column that is no category, or a size below 1.

    Used in lesson 12.
    """
    numbers, metrics = isinstance(data.target_type, Numbers), options.get("metrics") or ()
    of_classes = (accuracy, error_rate, accuracy_threshold, f1, fbeta, roc_auc)
    others = of_classes if numbers else (rmse, rmspe, rmspe_of_logs, r2)
    if wrong := [metric for metric in metrics if getattr(metric, "func", metric) in others]:
        found = f"{metric_name(wrong[0])} is no metric of {'numbers' if numbers else 'classes'}, as {data.target!r} is"
        raise ValueError(f"{found}: say TableLoaders(classes={numbers}), or choose another")
    categories, given = data.prep.categories, embedding_sizes or {}
    for column, size in given.items():
        if column not in categories or not isinstance(size, Integral) or size < 1:
            needed = f"from a category ({', '.join(map(repr, categories)) or 'there are none'}) to a size, at least 1"
            raise ValueError(f"embedding_sizes go {needed}; found {column!r}: {size!r}")
    sizes = [given.get(column, embedding_size(values)) for column, values in categories.items()]
    scale, targets = (0.0, 1.0), data.train.targets.cpu().double()
    if numbers:
        check_output_range(output_range, targets)
        scale = float(targets.mean()), float(targets.std(correction=0)) or 1.0
    shape = list(categories.values()), len(data.prep.impute.columns), data.target_type.outputs, hidden
    made = {"embedding_dropout": embedding_dropout, "dropout": dropout, "embedding_sizes": sizes}
    model = TableModel(*shape, **made, output_range=output_range, output_scale=scale)
    return TableLearner(data, model, **{"loss_fn": data.target_type.loss_fn} | options)
