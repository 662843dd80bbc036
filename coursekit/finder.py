"""The learning-rate finder: raise the rate from batch to batch, and watch the loss."""

from itertools import chain, islice, repeat
from typing import TYPE_CHECKING

from .groups import batch_norm_explained, train_mode
from .schedule import RateSearch

if TYPE_CHECKING:
    from .learner import Learner


def search_rate(learner: "Learner", lowest: float, highest: float, batches: int) -> RateSearch:
    """`Learner.lr_find`; the model, and the state of the random generators, are as before afterwards."""
    if not (0 < lowest < highest and batches > 1):
        raise ValueError(f"a search needs 0 < lowest < highest and two batches; found {lowest}, {highest}, {batches}")
    weights = {key: value.clone() for key, value in learner.model.state_dict().items()}
    training = learner.model.training
    learner.optimizer = learner.new_optimizer(1.0)
    search = RateSearch()
    train_mode(learner.model)
    try:
        with batch_norm_explained(learner.data.train), learner.randomness_kept():
            endless = chain.from_iterable(repeat(learner.data.train))
            for i, (*inputs, targets) in enumerate(islice(endless, batches)):
                rate = lowest * (highest / lowest) ** (i / (batches - 1))
                learner.set_rates(rate, None)
                loss = learner.loss_function(learner.forward(*inputs), targets)
                if search.add(rate, loss.item()):
                    break
                learner.optimizer.zero_grad()
                loss.backward()
                learner.optimizer.step()
    finally:
        learner.model.load_state_dict(weights)
        learner.model.train(training)
        learner.optimizer.zero_grad()
    if not search.losses:
        raise FloatingPointError("the loss is not finite before any training: look at the data and the model")
    return search
