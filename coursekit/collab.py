"""Learners for ratings: who liked what, from vectors of users and items that are learned from nothing else."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from .learner import Learner
from .loaders import Loaders
from .losses import mean_squared_error
from .storage import MadeFor
from .table_prep import Categorify
from .tables import need_columns, numbers

if TYPE_CHECKING:
    import pandas as pd


class RatingLoaders(Loaders):
    """Batches of ratings: the user's and the item's number, int64 (n, 2), and the rating, float32 (n, 1).

    Args:
        train: the training ratings, one row each.
        valid: held-out ratings, or None. A user or item that has no training rating gets the number 0.
        user, item, rating: the columns.
        rating_range: (lowest, highest) that ratings can have; None takes those that occur in training.
        batch_size, device: see `Loaders`.

    Attributes:
        numbers: from users and items to their numbers, a `Categorify`.
        rating_range: as given, or found.

    Raises:
        ValueError: a column is missing, a rating is missing, no number, or outside the range; all ratings are the same,
            and no range is given.

    Used in lesson 13.
    """

    def __init__(
        self,
        train: "pd.DataFrame",
        valid: "pd.DataFrame | None" = None,
        *,
        user: str = "userId",
        item: str = "movieId",
        rating: str = "rating",
        rating_range: tuple[float, float] | None = None,
        batch_size: int = 64,
        device: str | torch.device | None = None,
    ) -> None:
        need_columns(train, [user, item, rating])
        self.user, self.item, self.rating = user, item, rating
        self.numbers = Categorify.fit(train, [user, item])
        self.rating_range = _range(numbers(train, rating), rating_range)
        parts = [None if part is None else (self.numbers.apply(part), self._ratings(part)) for part in (train, valid)]
        super().__init__(*parts, batch_size=batch_size, device=device)

    def _ratings(self, table: "pd.DataFrame") -> Tensor:
        need_columns(table, [self.rating])
        values = torch.from_numpy(numbers(table, self.rating)).float()
        low, high = self.rating_range
        if (wrong := ~((values >= low) & (values <= high))).any():  # NaN is in no range
            row = int(wrong.nonzero()[0])
            raise ValueError(
                f"{int(wrong.sum())} of {len(values)} ratings are not between {low} and {high}, first {values[row]} in "
                f"row {row}: look at them, or give rating_range=(lowest, highest)"
            )
        return values[:, None]


def _range(values: np.ndarray, given: tuple[float, float] | None) -> tuple[float, float]:
    """The range given, or that of the training ratings."""
    low, high = given or (float(np.fmin.reduce(values)), float(np.fmax.reduce(values)))
    if not low < high:
        raise ValueError(
            f"ratings from {low} to {high} leave a model nothing to choose: give rating_range=(lowest, highest) that "
            "ratings can have"
        )
    return low, high


class DotProduct(nn.Module):
    """The rating as a dot product of two vectors, plus a bias of the user and one of the item, held in a range.

    Args:
        users, items: how many numbers each can have; number 0, for strangers, keeps a vector and a bias of zero.
        factors: the vectors' length.
        output_range: (low, high) of a sigmoid; a little wider than the ratings, since it never quite reaches them.
        mean: the mean rating, at which the model starts.

    Y. Koren et al., "Matrix factorization techniques for recommender systems", 2009. Built in lesson 13.
    """

    def __init__(self, users: int, items: int, factors: int, output_range: tuple[float, float], mean: float) -> None:
        super().__init__()
        self.user_factors, self.item_factors = (nn.Embedding(n, factors, padding_idx=0) for n in (users, items))
        self.user_bias, self.item_bias = (nn.Embedding(n, 1, padding_idx=0) for n in (users, items))
        self.output_range = output_range
        low, high = output_range
        self.bias = nn.Parameter(torch.tensor((mean - low) / (high - low)).logit())
        for table, std in (
            (self.user_factors, 0.1),
            (self.item_factors, 0.1),
            (self.user_bias, 0),
            (self.item_bias, 0),
        ):
            nn.init.normal_(table.weight, std=std)
            with torch.no_grad():
                table.weight[0] = 0

    def forward(self, pairs: Tensor) -> Tensor:
        """int64 (n, 2), users and items, to ratings (n, 1)."""
        users, items = pairs[:, 0], pairs[:, 1]
        score = (self.user_factors(users) * self.item_factors(items)).sum(1, keepdim=True)
        score = score + self.user_bias(users) + self.item_bias(items) + self.bias
        low, high = self.output_range
        return low + (high - low) * score.sigmoid()


class DeepRatings(nn.Module):
    """The rating from both vectors side by side, through linear layers.

    X. He et al., "Neural collaborative filtering", 2017. Built in lesson 13.
    """

    def __init__(
        self, users: int, items: int, factors: int, output_range: tuple[float, float], layers: Sequence[int] = (100, 50)
    ) -> None:
        super().__init__()
        self.user_factors, self.item_factors = nn.Embedding(users, factors), nn.Embedding(items, factors)
        for table in (self.user_factors, self.item_factors):
            nn.init.normal_(table.weight, std=0.1)
        widths = [2 * factors, *layers]
        hidden = [
            part for i, o in zip(widths, layers, strict=False) for part in (nn.Linear(i, o), nn.ReLU(), nn.Dropout(0.1))
        ]
        self.layers, self.output_range = nn.Sequential(*hidden, nn.Linear(widths[-1], 1)), output_range

    def forward(self, pairs: Tensor) -> Tensor:
        """int64 (n, 2), users and items, to ratings (n, 1)."""
        both = torch.cat([self.user_factors(pairs[:, 0]), self.item_factors(pairs[:, 1])], 1)
        low, high = self.output_range
        return low + (high - low) * self.layers(both).sigmoid()


class RatingLearner(MadeFor, Learner):
    """A `Learner` of ratings; made by `collab_learner`."""

    def predict_ratings(self, table: "pd.DataFrame") -> Tensor:
        """A rating for each row's user and item, float32 (n,); strangers get what their partner's bias says."""
        return self.predict(self.data.numbers.apply(table))[:, 0]

    def made_for(self) -> dict[str, list]:
        """What the numbers stand for: the users and items that were seen in training, and the bounds of a rating."""
        return {"users": self.known(self.data.user), "items": self.known(self.data.item)} | super().made_for()

    def known(self, column: str) -> list:
        """The users or items that were seen in training, in the order of their numbers 1, 2 ..."""
        return self.data.numbers.levels[column]

    def item_table(self, names: dict | None = None) -> "pd.DataFrame":
        """Bias and factors of each item that was seen in training, by its name where one is given.

        Args:
            names: from item to title.

        Raises:
            ValueError: the model has no factors of its own for items.
        """
        import pandas as pd

        items, model = self.known(self.data.item), self.model
        if not hasattr(model, "item_factors"):
            raise ValueError(f"{type(model).__name__} has no factors of items to read")
        factors = model.item_factors.weight[1:].detach().cpu()
        titles = [(names or {}).get(item, item) for item in items]
        table = pd.DataFrame(factors.numpy(), index=pd.Index(titles, name="item")).add_prefix("factor ")
        if hasattr(model, "item_bias"):
            table.insert(0, "bias", model.item_bias.weight[1:, 0].detach().cpu().numpy())
        return table

    def nearest(self, item: object, n: int = 5) -> list[tuple[object, float]]:
        """The items whose vectors point most nearly the same way: (item, cosine), the nearest first.

        Raises:
            ValueError: the item has no training rating, so that nothing is known of it.
        """
        items = self.known(self.data.item)
        if item not in items:
            raise ValueError(f"{item!r} has no rating in training: nothing was learned of it (a cold start)")
        vectors = nn.functional.normalize(self.model.item_factors.weight[1:].detach().cpu(), dim=1)
        alike = vectors @ vectors[items.index(item)]
        alike[items.index(item)] = -2
        best = alike.topk(min(n, len(items) - 1))
        return [(items[i], value) for i, value in zip(best.indices.tolist(), best.values.tolist(), strict=True)]


def collab_learner(
    data: RatingLoaders,
    factors: int = 50,
    *,
    layers: Sequence[int] | None = None,
    output_range: tuple[float, float] | None = None,
    **options: object,
) -> RatingLearner:
    """A learner of ratings: a dot product with biases, or with `layers` a deeper net.

    Args:
        data: see `RatingLoaders`.
        factors: length of the vectors of users and items.
        layers: widths of the deeper net's hidden layers.
        output_range: (low, high) of the outputs; None goes a tenth beyond the ratings' range, at both ends.
        options: of `Learner`, such as `metrics`.

    Used in lesson 13.
    """
    low, high = data.rating_range
    output_range = output_range or (low - 0.1 * (high - low), high + 0.1 * (high - low))
    users, items = data.numbers.sizes
    if layers is None:
        model = DotProduct(users, items, factors, output_range, float(data.train.tensors[-1].mean()))
    else:
        model = DeepRatings(users, items, factors, output_range, layers)
    return RatingLearner(data, model, **{"loss": mean_squared_error} | options)
