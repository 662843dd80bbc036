"""Tables and ratings: features, preparation, and what learns from them."""
