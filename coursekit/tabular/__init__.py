"""Tables and ratings: features, preparation, and what learns from them."""

from . import collab, features, learner, prep  # noqa: F401 (a room is loaded whole)
