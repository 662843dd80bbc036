"""Learners for ratings: who liked what, from vectors of users and items that are learned from nothing else."""

from collections.abc import Sequence
from functools import partial
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from ..arguments import in_words
from ..learner import Learner, with_learner_options
from ..loaders import Loaders, TensorLoader
from ..targets import Numbers
from .features import need_columns, to_floats
from .learner import as_table, check_output_range, hidden_layers, in_range
from .prep import Categorify

if TYPE_CHECKING:
    import pandas as pd


class RatingLoaders(Loaders):
    """Batches of ratings: the codes of user and item, int64 (n, 2), and the rating, float32 (n, 1).

    Args:
        train: the training ratings, one row each.
        valid: held-out ratings, or None. A user or item that has no training rating gets the code 0.
        user, item, rating: the columns.
        rating_range: (lowest, highest) that ratings can have; None takes those that occur in training.
        batch_size, device: see `Loaders`.

    Attributes:
        categorify: from users and items to their codes, a `Categorify`.
        rating_range: as given, or found.

    Raises:
        ValueError: a column is missing; a user, item or rating is missing; a rating is no number, or outside the range;
            all ratings are the same, and no range is given.

    Used in lesson 13.
    """

    def __init__(
        self, train: "pd.DataFrame", valid: "pd.DataFrame | None" = None, *, user: str = "userId",
        item: str = "movieId", rating: str = "rating", rating_range: tuple[float, float] | None = None,
        batch_size: int = 64, device: str | torch.device | None = None,
    ) -> None:  # fmt: skip
        need_columns(train, [user, item, rating])
        self.user, self.item, self.rating = user, item, rating
        self.categorify = Categorify([user, item]).fit(train)
        self.rating_range = _range(to_floats(train, rating), rating_range)
        parts = [None if t is None else (self.categorify.transform(t), self._ratings(t)) for t in (train, valid)]
        super().__init__(*parts, batch_size=batch_size, device=device, target_type=Numbers((rating,)))
        if valid is not None:
            self.valid.ids = valid.index

    def _ratings(self, table: "pd.DataFrame") -> Tensor:
        need_columns(table, [self.rating])
        if missing := int(table[self.categorify.columns].isna().any(axis=1).sum()):
            found = f"{missing} of {len(table)} ratings have no {self.user!r} or {self.item!r}"
            raise ValueError(f"{found}: leave them out")
        values = torch.from_numpy(to_floats(table, self.rating)).float()
        low, high = self.rating_range
        if (wrong := ~((values >= low) & (values <= high))).any():  # NaN is in no range
            row = int(wrong.nonzero()[0])
            found = f"{int(wrong.sum())} of {len(values)} ratings are not between {low} and {high}, first {values[row]}"
            raise ValueError(f"{found} in row {row}: look at them, or give rating_range=(lowest, highest)")
        return values[:, None]

    def encode(self, x: "tuple | dict | list | pd.DataFrame") -> tuple[list[tuple[Tensor, ...]], bool]:
        """A pair, (user, item) or a dictionary, or several, in a list or a DataFrame, as batches of codes."""
        table, single = as_table(x, self.categorify.columns)
        return super().encode(self.categorify.transform(table))[0], single

    def test(self, table: "pd.DataFrame") -> TensorLoader:
        """Batches, in order, of further pairs of users and items, and of their ratings if the table has the column.

        Raises:
            ValueError: a column is missing, or a rating that is no number or outside the range.
        """
        ratings = self._ratings(table) if self.rating in table.columns else None
        return self.further((self.categorify.transform(table),), ratings, table.index)

    def input_columns(self, inputs: list[tuple[Tensor, ...]]) -> dict[object, Sequence]:
        """User and item; None: unseen in training."""
        return dict(self.categorify.inverse_transform(torch.stack([pair for (pair,) in inputs])))

    def config(self) -> dict[str, list]:
        """The users and items that were seen in training, in the order of their codes."""
        users, items = self.categorify.levels
        return super().config() | {"users": users, "items": items}


def _range(values: np.ndarray, given: tuple[float, float] | None) -> tuple[float, float]:
    """The range given, or that of the training ratings."""
    low, high = given or (float(np.fmin.reduce(values)), float(np.fmax.reduce(values)))
    if not low < high:
        advice = "give rating_range=(lowest, highest) that ratings can have"
        raise ValueError(f"ratings from {low} to {high} leave a model nothing to choose: {advice}")
    return low, high


def _vectors(codes: int, size: int, std: float = 0.1) -> nn.Embedding:
    """A vector for each code; that of the code 0, the unseen, is zero and remains so."""
    weight = std * torch.randn(codes, size)
    weight[0] = 0
    return nn.Embedding.from_pretrained(weight, freeze=False, padding_idx=0)


class DotProduct(nn.Module):
    """The rating as a dot product of two vectors, plus a bias of the user and one of the item, held in a range.

    Args:
        users, items: how many codes there are of each; vector and bias of code 0, of the unseen, stay zero.
        factors: the vectors' length.
        output_range: (low, high) of a sigmoid; a little wider than the ratings, since it never quite reaches them.
        mean: the mean rating, at which the model starts.

    Y. Koren et al., "Matrix factorization techniques for recommender systems", 2009. Built in lesson 13.
    """

    def __init__(self, users: int, items: int, factors: int, output_range: tuple[float, float], mean: float) -> None:
        super().__init__()
        self.user_factors, self.item_factors = _vectors(users, factors), _vectors(items, factors)
        self.user_bias, self.item_bias = _vectors(users, 1, std=0), _vectors(items, 1, std=0)
        low, high = self.output_range = output_range
        self.bias = nn.Parameter(torch.tensor((mean - low) / (high - low)).logit())

    def forward(self, pairs: Tensor) -> Tensor:
        """int64 (n, 2), users and items, to ratings (n, 1)."""
        users, items = pairs[:, 0], pairs[:, 1]
        score = (self.user_factors(users) * self.item_factors(items)).sum(1, keepdim=True)
        return in_range(score + self.user_bias(users) + self.item_bias(items) + self.bias, self.output_range)


class DeepRatings(nn.Module):
    """The rating from both vectors side by side, through linear layers; see `DotProduct`.

    X. He et al., "Neural collaborative filtering", 2017. Built in lesson 13.
    """

    def __init__(
        self, users: int, items: int, factors: int, output_range: tuple[float, float], layers: Sequence[int] = (100, 50)
    ) -> None:
        super().__init__()
        self.user_factors, self.item_factors = _vectors(users, factors), _vectors(items, factors)
        self.layers, self.output_range = hidden_layers(2 * factors, layers, 1, 0.1, False), output_range

    def forward(self, pairs: Tensor) -> Tensor:
        """int64 (n, 2), users and items, to ratings (n, 1)."""
        both = torch.cat([self.user_factors(pairs[:, 0]), self.item_factors(pairs[:, 1])], 1)
        return in_range(self.layers(both), self.output_range)


class RatingLearner(Learner):
    """A `Learner` of ratings; made by `collab_learner`. An unseen user gets what the item's bias says (cold start).

    The deeper net has no biases: there an unseen user has the vector of zeros, around which all vectors began.
    """

    def use(self, data: Loaders) -> None:
        """Go on with other data, of ratings that the outputs can reach; see `Learner.use`."""
        if isinstance(data, RatingLoaders):
            check_output_range(getattr(self.model, "output_range", None), data.train.targets)
        super().use(data)

    def item_table(self, names: dict | None = None) -> "pd.DataFrame":
        """Bias and factors of each item that was seen in training, by its name where one is given.

        Args:
            names: from item to title.

        Raises:
            ValueError: the model has no factors of its own for items.
        """
        import pandas as pd

        model = self.model
        if not isinstance(names, dict | None):
            raise ValueError(f"names are a dictionary from item to title; found {type(names).__name__}")
        if not hasattr(model, "item_factors"):
            raise ValueError(f"{type(model).__name__} has no factors of items to read")
        titles = [(names or {}).get(item, item) for item in self.data.categorify.known(self.data.item)]
        factors = model.item_factors.weight[1:].detach().cpu()
        table = pd.DataFrame(factors.numpy(), index=pd.Index(titles, name="item")).add_prefix("factor ")
        if hasattr(model, "item_bias"):
            table.insert(0, "bias", model.item_bias.weight[1:, 0].detach().cpu().numpy())
        return table

    def nearest(self, item: object, n: int = 5) -> list[tuple[object, float]]:
        """The items whose vectors point most nearly the same way: (item, cosine), the nearest first.

        Raises:
            ValueError: the item has no training rating, so that nothing is known of it.
        """
        items = self.data.categorify.known(self.data.item)
        if item not in items:
            raise ValueError(f"{item!r} has no rating in training: nothing was learned of it (a cold start)")
        vectors = nn.functional.normalize(self.model.item_factors.weight[1:].detach().cpu(), dim=1)
        alike = vectors @ vectors[items.index(item)]
        alike[items.index(item)] = -2
        best = alike.topk(min(n, len(items) - 1))
        return [(items[i], value) for i, value in zip(best.indices.tolist(), best.values.tolist(), strict=True)]


@with_learner_options
@in_words
def collab_learner(
    data: RatingLoaders, factors: int = 50, *, layers: Sequence[int] | None = None,
    output_range: tuple[float, float] | None = None, weight_decay: float = 0.3, **options: object,
) -> RatingLearner:  # fmt: skip
    """A learner of ratings: a dot product with biases, or with `layers` a deeper net.

    Args:
        data: see `RatingLoaders`.
        factors: length of the vectors of users and items.
        layers: widths of the deeper net's hidden layers.
        output_range: (low, high) of the outputs; None goes a tenth beyond the ratings' range, at both ends.
        weight_decay: of AdamW, where `optimizer_fn` is not given. Most users and items have few ratings: with AdamW's
            own 0.01 their vectors learn these by heart, and the means of users and items predict better.
        options: of `Learner`, such as `metrics`.

    Used in lesson 13.
    """
    if not isinstance(weight_decay, Real) or not weight_decay >= 0:
        raise ValueError(f"weight_decay is a number, at least 0; found {weight_decay!r}")
    low, high = data.rating_range
    output_range = output_range or (low - 0.1 * (high - low), high + 0.1 * (high - low))
    check_output_range(output_range, data.train.targets)
    users, items = data.categorify.sizes
    if layers is None:
        model = DotProduct(users, items, factors, output_range, float(data.train.tensors[-1].mean()))
    else:
        model = DeepRatings(users, items, factors, output_range, layers)
    usual = {"optimizer_fn": partial(torch.optim.AdamW, weight_decay=weight_decay)}
    return RatingLearner(data, model, **{"loss_fn": data.target_type.loss_fn} | usual | options)
