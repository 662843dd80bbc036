"""Images: where they are, how they are labelled and split, and what learns from them."""
