"""What a table goes through before a model: categories to codes, missing values imputed, numbers to one scale.

All is learned from the training rows by `fit`, used on any later table by `transform`, as in scikit-learn, and saved
with the model.
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..storage import load_tensors
from .features import as_list, check_digits, need_columns, to_floats, value_type

if TYPE_CHECKING:
    import pandas as pd


class _Preparation:
    """What can be fitted and can transform."""

    def fit_transform(self, table: "pd.DataFrame | Tensor") -> Tensor | tuple[Tensor, Tensor]:
        """Learn from the training rows, and transform them."""
        return self.fit(table).transform(table)


@dataclass
class Categorify(_Preparation):
    """Category columns as codes: 1, 2 ... for the values seen in training, 0 for any other and for missing ones.

    Attributes:
        columns: their names.
        levels: for each column its values in order, once fitted; dates and the like as text.
        types: for each column what they are: "numbers", "text", "dates" ...

    Built in lesson 11.
    """

    columns: list[str]
    levels: list[list] = field(default_factory=list)
    types: list[str] = field(default_factory=list)

    def fit(self, table: "pd.DataFrame") -> "Categorify":
        """Learn the values of the columns from the training rows.

        Raises:
            ValueError: a column is missing, all empty, mixes types, or holds floats beyond 2**53, where whole numbers
                are no longer told apart.
        """
        found = [_distinct(table, column) for column in need_columns(table, self.columns)]
        for column, (_, values, _) in zip(self.columns, found, strict=True):
            if not values:
                raise ValueError(f"the column {column!r} is empty in all {len(table)} training rows: leave it out")
        self.levels, self.types = [sorted(set(values)) for _, values, _ in found], [held for *_, held in found]
        return self

    def transform(self, table: "pd.DataFrame") -> Tensor:
        """Codes, int64 (n, columns).

        Raises:
            ValueError: a column is missing, or holds values of another type than in training.
        """
        import pandas as pd

        need_columns(table, self.columns)
        codes = [torch.empty(len(table), 0, dtype=torch.int64)]
        for i, (column, levels) in enumerate(zip(self.columns, _fitted(self.levels, self.columns), strict=True)):
            positions, values, held = _distinct(table, column)
            before = self.types[i] if self.types else "text" if isinstance(levels[0], str) else "numbers"
            if values and held != before and (self.types or "numbers" in (held, before)):
                seen = f"values such as {levels[0]!r} in training and {values[0]!r} here ({before}, {held})"
                raise ValueError(f"the column {column!r} held {seen}: bring both to one type")
            known = pd.Index(levels, dtype=object).get_indexer(pd.Index(values, dtype=object)) + 1
            codes.append(torch.from_numpy(np.append(known, 0)[positions])[:, None])
        return torch.cat(codes, 1)

    def inverse_transform(self, codes: Tensor) -> "pd.DataFrame":
        """The values of codes, int64 (n, columns); None for the code 0."""
        import pandas as pd

        columns = zip(self.columns, self.levels, codes.T.tolist(), strict=True)
        values = {name: np.array([None, *levels], object)[found] for name, levels, found in columns}
        return pd.DataFrame(values, dtype=object)

    @property
    def sizes(self) -> list[int]:
        """How many codes each column has, the 0 among them."""
        return [len(levels) + 1 for levels in self.levels]

    def known(self, column: str) -> list:
        """The values of a column that were seen in training, in the order of their codes 1, 2 ..."""
        return self.levels[self.columns.index(column)]


def _fitted(learned: list, columns: list[str]) -> list:
    """What was learned of each column; a ValueError if nothing was."""
    if len(learned) < len(columns):
        raise ValueError(f"nothing was learned of {', '.join(map(repr, columns))} yet: call fit(training rows) first")
    return learned


def _distinct(table: "pd.DataFrame", column: str) -> tuple[np.ndarray, list, str]:
    """Each row's position among a column's distinct values (a missing one's is -1), those values, and their type."""
    import pandas as pd

    try:
        positions, found = pd.factorize(table[column])
        held = value_type(found)
    except TypeError:  # of lists
        found, held = table[column], "mixed types"
    if held == "mixed types":
        types = ", ".join(sorted({type(value).__name__ for value in found}))
        raise ValueError(f"the column {column!r} mixes types ({types}): bring it to one, such as text")
    if found.dtype.name.lower() in ("float16", "float32"):
        found = [float(str(value)) for value in found.to_numpy()]  # 0.1, not the float32 that is next to it
    values = [_plain(value) for value in found]
    check_digits(values, column)
    return positions, values, held


def _plain(value: object) -> bool | int | float | str:
    """A value as what JSON can hold: dates, intervals and the like as text; equal values alike, whatever their type."""
    import pandas as pd

    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, date):
        value = pd.Timestamp(value)
        return str(value if value.tzinfo is None else value.tz_convert("UTC"))
    value = value.item() if isinstance(value, np.generic) else float(value) if isinstance(value, Decimal) else value
    return value if isinstance(value, (bool, int, float)) else str(value)


@dataclass
class Impute(_Preparation):
    """Missing values in columns of numbers get the training median; where training missed some, a flag tells so, too.

    It is scikit-learn's `SimpleImputer(strategy="median", add_indicator=True)`.

    Attributes:
        columns: their names.
        medians: of the training rows, for each column, once fitted.
        flagged: the columns that have a flag, 1 where a value was missing.

    Built in lesson 11.
    """

    columns: list[str]
    medians: list[float] = field(default_factory=list)
    flagged: list[str] = field(default_factory=list)

    def fit(self, table: "pd.DataFrame") -> "Impute":
        """Learn medians, and where values are missing, from the training rows.

        Raises:
            ValueError: a column is missing, all empty, infinite somewhere, or holds no numbers.
        """
        values = self._values(table)
        if empty := [column for column, value in values.items() if np.isnan(value).all()]:
            raise ValueError(f"the column {empty[0]!r} is empty in all {len(table)} training rows: leave it out")
        self.medians = [float(np.nanmedian(value)) for value in values.values()]
        self.flagged = [column for column, value in values.items() if np.isnan(value).any()]
        return self

    def _values(self, table: "pd.DataFrame") -> dict[str, np.ndarray]:
        need_columns(table, self.columns)
        return {column: to_floats(table, column) for column in self.columns}

    def transform(self, table: "pd.DataFrame") -> tuple[Tensor, Tensor]:
        """The columns with nothing missing, float64 (n, columns), and the flags, int64 (n, flagged columns)."""
        values, none = self._values(table), np.zeros((len(table), 0))
        pairs = zip(values.values(), _fitted(self.medians, self.columns), strict=True)
        filled = [np.where(np.isnan(value), median, value)[:, None] for value, median in pairs]
        flags = [np.isnan(values[column])[:, None] for column in self.flagged]
        return torch.from_numpy(np.hstack([none, *filled])), torch.from_numpy(np.hstack([none, *flags])).long()


@dataclass
class Normalize(_Preparation):
    """Columns of numbers brought to mean 0 and standard deviation 1 of the training rows; a constant one becomes 0.

    Built in lesson 11.
    """

    means: list[float] = field(default_factory=list)
    stds: list[float] = field(default_factory=list)

    def fit(self, values: Tensor) -> "Normalize":
        """Learn from float64 (n, columns)."""
        means = values.mean(0)
        stds = (values - means).square().mean(0).sqrt()
        constant = stds <= 1e-12 * values.abs().amax(0)
        self.means, self.stds = means.tolist(), stds.masked_fill(constant, 1).tolist()
        return self

    def transform(self, values: Tensor) -> Tensor:
        """float32 (n, columns)."""
        means, stds = torch.tensor([self.means, self.stds], dtype=torch.float64)
        return ((values - means) / stds).float()


class TablePrep(_Preparation):
    """The three steps together: from a table to a model's inputs.

    Args:
        categorical: columns of categories.
        continuous: columns of numbers.

    Attributes:
        categorify, impute, normalize: the steps.

    Raises:
        ValueError: no columns, one given twice, or a name that is neither text nor a whole number.

    Built in lesson 11.
    """

    def __init__(self, categorical: Sequence[str], continuous: Sequence[str]) -> None:
        self.categorify, self.impute = Categorify(as_list(categorical)), Impute(as_list(continuous))
        self.normalize, names = Normalize(), self.columns
        if not names:
            raise ValueError("there are 0 columns: give categorical or continuous ones")
        if odd := [name for name in names if not isinstance(name, (str, int))]:
            raise ValueError(f"a column's name is text or a whole number, to be saved; found {odd[0]!r}: rename it")
        if twice := [name for name, times in Counter(names).items() if times > 1]:
            raise ValueError(f"the column {twice[0]!r} is given twice: it is categorical or continuous, not both")

    @property
    def columns(self) -> list[str]:
        """All of them, the categories first."""
        return [*self.categorify.columns, *self.impute.columns]

    def fit(self, table: "pd.DataFrame") -> "TablePrep":
        """Learn all three from the training rows.

        Raises:
            ValueError: no rows, what the steps refuse, or a category that is called as the flag of a number.
        """
        if not len(table):
            raise ValueError("there are 0 training rows: nothing can be learned from them")
        self.categorify.fit(table)
        self.normalize.fit(self.impute.fit_transform(table)[0])
        if len(self.categories) < len(self.categorify.columns) + len(self.impute.flagged):
            raise ValueError("a category is called as the flag of a number with missing values, X_missing: rename it")
        return self

    def transform(self, table: "pd.DataFrame") -> tuple[Tensor, Tensor]:
        """Codes, int64 (n, categories and flags), and numbers, float32 (n, continuous columns)."""
        filled, flags = self.impute.transform(table)
        return torch.cat([self.categorify.transform(table), flags], 1), self.normalize.transform(filled)

    def inverse_transform(self, codes: Tensor, numbers: Tensor) -> "pd.DataFrame":
        """The columns that `transform` was given, numbers to 1/10,000 of their deviation; NaN where one was missing."""
        table = self.categorify.inverse_transform(codes[:, : len(self.categorify.columns)])
        scales = zip(self.impute.columns, numbers.T.tolist(), self.normalize.means, self.normalize.stds, strict=True)
        for column, values, mean, std in scales:
            table[column] = [round(mean + std * value, 4 - math.floor(math.log10(std))) for value in values]
        for column, flags in zip(self.impute.flagged, codes.T[len(self.categorify.columns) :], strict=True):
            table.loc[flags.bool().numpy(), column] = float("nan")
        return table

    @property
    def categories(self) -> dict[str, int]:
        """From each column of codes to how many it has; flags, with two, last."""
        sizes = dict(zip(self.categorify.columns, self.categorify.sizes, strict=True))
        return sizes | {f"{column}_missing": 2 for column in self.impute.flagged}

    def config(self) -> dict[str, dict]:
        """All of it as what JSON can hold."""
        return {step: asdict(made) for step, made in vars(self).items()}

    @classmethod
    def saved(cls, path: Path | str) -> "TablePrep":
        """The preparation of a model that a learner of tables saved.

        Raises:
            ValueError: the file holds none.
        """
        metadata = load_tensors(path)[1]
        if "prep" not in metadata:
            raise ValueError(f"{path} holds no preparation of a table: it was not written by a learner of tables")
        steps = metadata["prep"]
        prep = cls(steps["categorify"]["columns"], steps["impute"]["columns"])
        for step, made in vars(prep).items():
            setattr(prep, step, type(made)(**steps[step]))
        return prep
