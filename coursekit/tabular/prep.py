"""What a table goes through before a model: categories to numbers, gaps filled, numbers to one scale.

All is learned from the training rows, applied to any later table, and saved with the model.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from .tables import need_columns, numbers

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Categorify:
    """Category columns as class numbers: 1, 2 ... for the values seen in training, 0 for any other and for gaps.

    Attributes:
        levels: column to its values, in order.

    Built in lesson 11.
    """

    levels: dict[str, list] = field(default_factory=dict)

    @classmethod
    def fit(cls, table: "pd.DataFrame", columns: Sequence[str]) -> "Categorify":
        """Learn the values of the columns from the training rows.

        Raises:
            ValueError: a column is missing, all empty, or holds values of types that have no order among them.
        """
        need_columns(table, columns)
        return cls({column: _levels(table, column) for column in columns})

    def apply(self, table: "pd.DataFrame") -> Tensor:
        """int64 (rows, columns).

        Raises:
            ValueError: a column is missing, or holds text where training had numbers, or numbers where it had text.
        """
        import pandas as pd

        need_columns(table, list(self.levels))
        numbers = [torch.empty(len(table), 0, dtype=torch.int64)]
        for column, levels in self.levels.items():
            places, found = pd.factorize(table[column])  # a gap's place is -1
            values = [_plain(value) for value in found]
            if values and isinstance(levels[0], str) != isinstance(values[0], str):
                raise ValueError(
                    f"the column {column!r} held values such as {levels[0]!r} in training and {values[0]!r} here: "
                    "bring both to one type"
                )
            known = pd.Index(levels, dtype=object).get_indexer(pd.Index(values, dtype=object)) + 1
            numbers.append(torch.from_numpy(np.append(known, 0)[places])[:, None])
        return torch.cat(numbers, 1)

    @property
    def sizes(self) -> list[int]:
        """How many numbers each column can have, the 0 among them."""
        return [len(levels) + 1 for levels in self.levels.values()]


def _plain(value: object) -> bool | int | float | str:
    """A value as what JSON can hold: dates, intervals and the like as text."""
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def _levels(table: "pd.DataFrame", column: str) -> list:
    values = table[column].dropna()
    if values.empty:
        raise ValueError(f"the column {column!r} is empty in all {len(table)} training rows: leave it out")
    kinds = {type(value).__name__ for value in values.head(1000)} | {type(values.iloc[-1]).__name__}
    try:
        return sorted(map(_plain, values.unique()))
    except TypeError as error:
        raise ValueError(f"the column {column!r} mixes types ({', '.join(sorted(kinds))}): bring it to one") from error


@dataclass(frozen=True)
class FillMissing:
    """Gaps in columns of numbers get the training median; a column with gaps in training gets a flag column as well.

    Attributes:
        medians: column to the median of its training rows.
        flagged: the columns with a flag, 1 where there was a gap.

    Built in lesson 11.
    """

    medians: dict[str, float] = field(default_factory=dict)
    flagged: list[str] = field(default_factory=list)

    @classmethod
    def fit(cls, table: "pd.DataFrame", columns: Sequence[str]) -> "FillMissing":
        """Learn medians, and where gaps are to be expected, from the training rows.

        Raises:
            ValueError: a column is missing, all empty, infinite somewhere, or holds no numbers.
        """
        need_columns(table, columns)
        values = {column: numbers(table, column) for column in columns}
        if empty := [column for column, value in values.items() if np.isnan(value).all()]:
            raise ValueError(f"the column {empty[0]!r} is empty in all {len(table)} training rows: leave it out")
        medians = {column: float(np.nanmedian(value)) for column, value in values.items()}
        return cls(medians, [column for column, value in values.items() if np.isnan(value).any()])

    def apply(self, table: "pd.DataFrame") -> tuple[Tensor, Tensor]:
        """The columns without gaps, float64 (rows, columns), and the flags, int64 (rows, flagged columns)."""
        need_columns(table, list(self.medians))
        values = {column: numbers(table, column) for column in self.medians}
        flags = [np.isnan(values[column]) for column in self.flagged]
        filled = [np.where(np.isnan(value), self.medians[column], value) for column, value in values.items()]
        rows = len(table)
        return (
            torch.from_numpy(np.stack(filled, 1) if filled else np.zeros((rows, 0))),
            torch.from_numpy(np.stack(flags, 1) if flags else np.zeros((rows, 0))).long(),
        )


@dataclass(frozen=True)
class Normalize:
    """Columns of numbers brought to mean 0 and standard deviation 1 of the training rows; a constant one becomes 0.

    Built in lesson 11.
    """

    means: list[float]
    stds: list[float]

    @classmethod
    def fit(cls, values: Tensor) -> "Normalize":
        """Learn from (rows, columns) of float64."""
        if not values.numel():
            return cls([], [])
        stds = values.std(0, correction=0)
        return cls(values.mean(0).tolist(), torch.where(stds > 1e-12 * values.abs().amax(0), stds, 1.0).tolist())

    def apply(self, values: Tensor) -> Tensor:
        """float32 (rows, columns)."""
        return ((values - torch.tensor(self.means).double()) / torch.tensor(self.stds).double()).float()


@dataclass(frozen=True)
class TablePrep:
    """The three steps together: from a table to a model's inputs.

    Built in lesson 11.
    """

    categorify: Categorify
    fill: FillMissing
    normalize: Normalize

    @classmethod
    def fit(cls, table: "pd.DataFrame", categorical: Sequence[str], continuous: Sequence[str]) -> "TablePrep":
        """Learn all three from the training rows.

        Raises:
            ValueError: no rows, no columns, a column given twice, or what the steps refuse.
        """
        names = [*categorical, *continuous]
        if not len(table) or not names:
            raise ValueError(f"there are {len(table)} training rows and {len(names)} columns: both are needed")
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"the column {min(twice)!r} is given twice: it is categorical or continuous, not both")
        fill = FillMissing.fit(table, continuous)
        return cls(Categorify.fit(table, categorical), fill, Normalize.fit(fill.apply(table)[0]))

    def apply(self, table: "pd.DataFrame") -> tuple[Tensor, Tensor]:
        """Class numbers, int64 (rows, categories and flags), and numbers, float32 (rows, continuous columns)."""
        filled, flags = self.fill.apply(table)
        return torch.cat([self.categorify.apply(table), flags], 1), self.normalize.apply(filled)

    @property
    def categories(self) -> dict[str, int]:
        """Column of class numbers to how many it has; flags, with two, last."""
        sizes = dict(zip(self.categorify.levels, self.categorify.sizes, strict=True))
        return sizes | {f"{column}_missing": 2 for column in self.fill.flagged}

    def notes(self) -> dict:
        """All of it as what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_notes(cls, notes: dict) -> "TablePrep":
        """What `notes` gave."""
        return cls(Categorify(**notes["categorify"]), FillMissing(**notes["fill"]), Normalize(**notes["normalize"]))
