"""How long the lessons' figures to play with take to answer: from a control's change to the new HTML, in milliseconds.

No browser takes part: what Jupyter needs to carry the HTML to the page, and the page to draw it, comes on top.
"""

import itertools
import random
import statistics
from time import perf_counter

import ipywidgets
import torch

import coursekit as ck

from .report import machine, table, write

CHANGES = 300  # of each control
SHAPES = ["8, 1, 6, 1", "7, 1, 5", "3, 1", "3", "", "8, 8, 3", "3, 8, 8", "4, 3", "three", "1, 2, 3, 4, 5, 6, 7"]


def hills(weight):
    """The loss of lesson 08: two valleys, the deeper one on the right."""
    return (weight**2 - 4) ** 2 / 16 - 0.15 * weight + 0.35


def figures():
    """Each figure by name, with what it shows in its lesson."""
    pictures, labels = ck.read_digits(ck.fetch("digits", "sample"))[1]
    five, two = (16 * pictures[labels == digit][0, 0] for digit in (5, 2))
    top_edge = torch.tensor([[-1.0, -1, -1], [0, 0, 0], [1, 1, 1]])
    activations = torch.nn.functional.conv2d(two[None, None], top_edge[None, None])[0, 0].relu()
    first = torch.tensor([[1.0, 2, 3], [4, 5, 6], [7, 8, 9], [2, 0, 1]])
    second = torch.tensor([[10.0, 1], [1, 0], [-1, 2]])
    logits = torch.tensor([1.3, 3.1, -1.0, 0.2, 2.0])
    labels_of_a_tile = tuple(f"label {number + 1}" for number in range(17))  # as many as in lesson 04
    probabilities = torch.rand(1000, 17, generator=torch.Generator().manual_seed(0))
    targets = (probabilities > 0.5).float()
    ball = ck.widgets.ball_on_curve(hills, -4, 4, start=-3.2)
    step = next(control for control in controls(ball) if control.description == "step")
    step.value = step.max  # the whole path is then computed for every answer
    return {
        "02 filter_stepper": ck.widgets.filter_stepper(five, top_edge),
        "03 softmax_sliders": ck.widgets.softmax_sliders(["cat", "dog", "plane", "fish", "building"], logits),
        "04 threshold_slider": ck.widgets.threshold_slider(probabilities, targets, labels_of_a_tile),
        "07 shape_matcher": ck.widgets.shape_matcher(),
        "07 product_stepper": ck.widgets.product_stepper(first, second),
        "08 ball_on_curve": ball,
        "10 dropout_map": ck.widgets.dropout_map(activations),
        "20 layer_spread": ck.widgets.layer_spread(),
        "23 denoise": ck.widgets.denoise(torch.tensor([[-1.0, 1.2], [1, 1.2], [-1.3, -0.6], [0, -1.2], [1.3, -0.6]])),
    }


def controls(part):
    """The controls of a figure, those in boxes too."""
    if isinstance(part, ipywidgets.HTML):
        return []
    if isinstance(part, ipywidgets.Box):
        return [control for child in part.children for control in controls(child)]
    return [part]


def values(control, draw):
    """Without end, values that the control may take, in random order."""
    if isinstance(control, ipywidgets.Text):
        every = SHAPES
    elif isinstance(control, ipywidgets.Dropdown):
        every = control.options
    elif isinstance(control, ipywidgets.FloatText):
        every = range(-4, 5)
    else:
        ends = control.min, control.max
        whole = isinstance(control, (ipywidgets.IntSlider, ipywidgets.Play))
        every = range(ends[0], ends[1] + 1) if whole else torch.linspace(*ends, 50).tolist()
        if isinstance(control, ipywidgets.FloatLogSlider):
            every = [control.base**exponent for exponent in every]
    return (draw.choice(every) for _ in itertools.count())


def answers(figure, control):
    """Milliseconds of each of CHANGES changes of a control.

    Raises:
        RuntimeError: the figure showed the same whatever the control said.
    """
    draw, taken, seen = random.Random(0), [], set()
    linked = [control]
    if isinstance(control, ipywidgets.Play):  # in the browser it moves the slider of the same length, and both answer
        linked += [c for c in controls(figure) if isinstance(c, ipywidgets.IntSlider) and c.max == control.max]
    stream = itertools.repeat(None) if isinstance(control, ipywidgets.Button) else values(control, draw)
    while len(taken) < CHANGES:
        value = next(stream)
        if value is not None and value == control.value:
            continue
        start = perf_counter()
        if value is None:
            control.click()
        else:
            for moved in linked:
                moved.value = value
        taken.append(1000 * (perf_counter() - start))
        seen.add(figure.figure.value)
    if len(seen) < 2:
        raise RuntimeError(f"{control.description!r} changes nothing in its figure")
    return taken


def main():
    rows = []
    for name, figure in figures().items():
        taken = {}
        for control in controls(figure):
            before = getattr(control, "value", None)
            label = f"play: {control.description}" if isinstance(control, ipywidgets.Play) else control.description
            label = "the filter's nine numbers" if isinstance(control, ipywidgets.FloatText) else label
            taken.setdefault(label, []).extend(answers(figure, control))
            if before is not None:
                control.value = before
        for label, times in taken.items():
            rows.append([f"`{name}`", label, str(len(times)), f"{statistics.median(times):.2f}", f"{max(times):.2f}"])
    heads = ["", "control", "changes", "median, ms", "worst, ms"]
    write("widgets", f"{machine()}.\n\n{table(heads, rows)}")


if __name__ == "__main__":
    main()
