"""Figures to play with in a running notebook. Each answers at once: it redraws small HTML tables, not images."""

from .broadcasting import product_stepper, result_shape, shape_matcher
from .convolution import filter_stepper
from .descent import ball_on_curve
from .dropout import dropout_map
from .probabilities import softmax_sliders, threshold_slider

__all__ = [
    "ball_on_curve",
    "dropout_map",
    "filter_stepper",
    "product_stepper",
    "result_shape",
    "shape_matcher",
    "softmax_sliders",
    "threshold_slider",
]
