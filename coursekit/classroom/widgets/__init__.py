"""Figures to play with in a running notebook. Each answers at once: it redraws small HTML tables, not images."""

# ruff: noqa: F401 (imported to be given on)
from .cleaning import cleaner
from .curves import ball_on_curve, layer_spread, softmax_sliders, threshold_slider
from .diffusion import denoise
from .matrices import dropout_map, filter_stepper, product_stepper, result_shape, shape_matcher
from .words import attention
