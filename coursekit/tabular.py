"""Learners for tables: an embedding for each category, the numbers beside them, then a few linear layers.

C. Guo and F. Berkhahn, "Entity embeddings of categorical variables", 2016.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from .kinds import Categories
from .learner import Learner
from .loaders import Loaders
from .losses import cross_entropy, mean_squared_error
from .storage import MadeFor, check_same
from .table_prep import TablePrep
from .tables import need_columns, numbers

if TYPE_CHECKING:
    import pandas as pd


def embedding_size(values: int) -> int:
    """The usual rule for how many numbers stand for one category: half as many as it has values, at most 50.

    Built in lesson 12.
    """
    return min(50, (values + 1) // 2)


class TableLoaders(Loaders):
    """Batches of a table's rows: class numbers, numbers, target; prepared by what the training rows teach.

    Args:
        train: the training rows.
        valid: held-out rows, or None.
        categorical: columns of categories.
        continuous: columns of numbers.
        target: the column to predict: numbers, or with `classes=True` categories.
        classes: predict one of the target's values.
        prep: a preparation learned before, a saved model's say, in place of the columns: None learns one.
        batch_size, device: see `Loaders`.

    Attributes:
        prep: the preparation, a `TablePrep`.
        kind: the classes, or None for numbers.

    Raises:
        ValueError: a column is missing, or holds what its use cannot take; a target is missing or infinite; a held-out
            row has a class that no training row has; both a preparation and columns are given.

    Built in lesson 11.
    """

    def __init__(
        self,
        train: "pd.DataFrame",
        valid: "pd.DataFrame | None" = None,
        *,
        categorical: Sequence[str] = (),
        continuous: Sequence[str] = (),
        target: str,
        classes: bool = False,
        prep: TablePrep | None = None,
        batch_size: int = 64,
        device: str | torch.device | None = None,
    ) -> None:
        if prep and (categorical or continuous):
            raise ValueError("a preparation knows its columns: give either prep, or categorical and continuous columns")
        self.prep, self.target = prep or TablePrep.fit(train, categorical, continuous), target
        if target in (*self.prep.categorify.levels, *self.prep.fill.medians):
            raise ValueError(f"the target {target!r} is among the inputs: the model would read the answer")
        need_columns(train, [target])
        self.kind = Categories.of(train[target].dropna().tolist()) if classes else None
        parts = [None if part is None else (*self.prep.apply(part), self._targets(part)) for part in (train, valid)]
        super().__init__(*parts, batch_size=batch_size, device=device)

    def _targets(self, table: "pd.DataFrame") -> Tensor:
        need_columns(table, [self.target])
        if (gaps := table[self.target].isna()).any():
            raise ValueError(f"{gaps.sum()} of {len(table)} rows have no {self.target!r}: leave them out")
        if self.kind is None:
            return torch.from_numpy(numbers(table, self.target)).float()[:, None]
        values = table[self.target].astype(str)
        if unknown := sorted(set(values) - set(self.kind.names)):
            raise ValueError(f"the held-out rows have the class {unknown[0]!r}, which no training row has")
        return self.kind.targets(values.tolist())


def check_prep(there: TablePrep, here: TablePrep, origin: str) -> None:
    """Raise a ValueError if a file's preparation gives a model other numbers for a row than the one here.

    Medians, means and deviations may differ by what is lost in rounding on another machine.
    """
    advice = 'give the data prep=ck.TablePrep.from_notes(ck.load_tensors(path)[1]["prep"]), instead of their columns'
    check_same(_discrete(there), _discrete(here), origin, advice)
    for column, found, own in zip(here.fill.medians, _scales(there), _scales(here), strict=True):
        if max(abs(a - b) for a, b in zip(found, own, strict=True)) > 1e-5 * own[-1]:
            what = f"numbers in {column!r} (median, mean, standard deviation)"
            check_same({what: found}, {what: own}, origin, advice)


def _discrete(prep: TablePrep) -> dict[str, list]:
    """The columns in their order, and the values of each category."""
    levels = {f"values of {column!r}": values for column, values in prep.categorify.levels.items()}
    return {"columns": [*map(str, prep.categories), *map(str, prep.fill.medians)]} | levels


def _scales(prep: TablePrep) -> list[list[float]]:
    """Median, mean and standard deviation of each column of numbers."""
    medians = prep.fill.medians.values()
    return [list(scale) for scale in zip(medians, prep.normalize.means, prep.normalize.stds, strict=True)]


class TableModel(nn.Module):
    """Embeddings of the categories, and the normalised numbers, through linear layers.

    Args:
        categories: how many values each category has.
        continuous: columns of numbers.
        outputs: numbers that come out.
        layers: widths of the hidden layers.
        embedding_dropout, dropout: on the embeddings, and after each hidden layer.
        output_range: (low, high) that a sigmoid holds the outputs between, or None.

    Built in lesson 12.
    """

    def __init__(
        self,
        categories: Sequence[int],
        continuous: int,
        outputs: int,
        layers: Sequence[int] = (200, 100),
        *,
        embedding_dropout: float = 0.05,
        dropout: float = 0.1,
        output_range: tuple[float, float] | None = None,
    ) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(nn.Embedding(n, embedding_size(n)) for n in categories)
        for embedding in self.embeddings:
            nn.init.trunc_normal_(embedding.weight, std=0.01)
        self.embedding_dropout = nn.Dropout(embedding_dropout)
        widths = [sum(e.embedding_dim for e in self.embeddings) + continuous, *layers]
        hidden = []
        for inputs, width in zip(widths, widths[1:], strict=False):
            hidden += [nn.Linear(inputs, width), nn.ReLU(), nn.BatchNorm1d(width), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*hidden, nn.Linear(widths[-1], outputs))
        self.output_range = output_range

    def forward(self, categories: Tensor, continuous: Tensor) -> Tensor:
        """int64 (n, categories) and float32 (n, continuous) to (n, outputs)."""
        found = [embedding(categories[:, i]) for i, embedding in enumerate(self.embeddings)]
        parts = [self.embedding_dropout(torch.cat(found, 1))] if found else []
        outputs = self.layers(torch.cat([*parts, continuous], 1))
        if self.output_range is None:
            return outputs
        low, high = self.output_range
        return low + (high - low) * outputs.sigmoid()


class TableLearner(MadeFor, Learner):
    """A `Learner` of tables; made by `tabular_learner`. Saved with its preparation, and loaded for the same one."""

    def predict_table(self, table: "pd.DataFrame") -> Tensor:
        """The model's outputs for the rows of a table, prepared as in training; float32 (rows, outputs)."""
        return self.predict(*self.data.prep.apply(table))

    def made_for(self) -> dict[str, list]:
        """What the numbers stand for: the target's column, its classes, the bounds of what comes out."""
        return {"targets": [str(self.data.target)]} | super().made_for()

    def save(self, path: Path | str, **notes: object) -> Path:
        """Write the weights and the preparation to one safetensors file; see `Learner.save`."""
        return super().save(path, **notes | {"prep": self.data.prep.notes()})

    def check_notes(self, notes: dict, origin: str) -> None:
        """Raise a ValueError if the file holds no preparation, another one than the data's, or other classes."""
        if "prep" not in notes:
            raise ValueError(f"{origin} holds no preparation of a table: it was not written by a table's learner")
        check_prep(TablePrep.from_notes(notes["prep"]), self.data.prep, origin)
        super().check_notes(notes, origin)

    def embedding(self, column: str) -> tuple[list, Tensor]:
        """What was learned of a category: its values, the unknown first as None, and their vectors (values, size).

        Raises:
            ValueError: the column is no category of this model.
        """
        names = list(self.data.prep.categories)
        if column not in names:
            raise ValueError(f"{column!r} is no category here; there are {', '.join(map(repr, names)) or 'none'}")
        values = [None, *self.data.prep.categorify.levels.get(column, [True])]
        return values, self.model.embeddings[names.index(column)].weight.detach().cpu().clone()


def tabular_learner(
    data: TableLoaders,
    layers: Sequence[int] = (200, 100),
    *,
    embedding_dropout: float = 0.05,
    dropout: float = 0.1,
    output_range: tuple[float, float] | None = None,
    **options: object,
) -> TableLearner:
    """A learner for a table; the loss is the cross-entropy for classes, the squared error for numbers.

    Args:
        data: see `TableLoaders`.
        layers, embedding_dropout, dropout, output_range: see `TableModel`.
        options: of `Learner`, such as `metrics`.

    Used in lesson 12.
    """
    model = TableModel(
        list(data.prep.categories.values()),
        len(data.prep.fill.medians),
        data.kind.outputs if data.kind else 1,
        layers,
        embedding_dropout=embedding_dropout,
        dropout=dropout,
        output_range=output_range,
    )
    loss = cross_entropy if data.kind else mean_squared_error
    return TableLearner(data, model, **{"loss": loss} | options)
