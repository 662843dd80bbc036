"""Hooks: the moments of a fit at which callbacks are called, and how the callbacks are looked up and called."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .learner import Learner

EVENTS = ("before_fit", "before_epoch", "before_batch", "after_backward", "after_batch", "after_epoch", "after_fit")
Hook = Callable[["Learner"], None]


def check_callbacks(callbacks: Sequence[object]) -> tuple[object, ...]:
    """The callbacks as a tuple.

    Raises:
        ValueError: no list, a class in place of an object, or an object with none of the methods in `EVENTS`.
    """
    if not isinstance(callbacks, (list, tuple)):
        raise ValueError(f"callbacks come as a list, such as [ck.MixedPrecision()]; found {callbacks!r}")
    for callback in callbacks:
        if isinstance(callback, type):
            raise ValueError(f"the callback {callback.__name__} is a class: give an object, {callback.__name__}(...)")
        if not any(hasattr(callback, event) for event in EVENTS):
            raise ValueError(
                f"the callback {callback!r} would never be called: it has none of the methods {', '.join(EVENTS)}"
            )
    return tuple(callbacks)


def find_hooks(callbacks: Sequence[object]) -> dict[str, list[Hook]]:
    """For each event, the methods of the callbacks that have one, in the callbacks' order.

    Built in lesson 09.
    """
    return {event: [getattr(c, event) for c in callbacks if hasattr(c, event)] for event in EVENTS}


def call(hooks: Sequence[Hook], learn: "Learner") -> None:
    """Call one after the other."""
    for hook in hooks:
        hook(learn)


def call_all(hooks: Sequence[Hook], learn: "Learner") -> None:
    """Call all of them, even if one fails; then raise the first error."""
    errors = []
    for hook in hooks:
        try:
            hook(learn)
        except BaseException as error:
            errors.append(error)
    if errors:
        raise errors[0]
