"""What figures to play with are made of: controls above HTML that is drawn anew."""

from collections.abc import Callable

import ipywidgets


class Interactive(ipywidgets.VBox):
    """Controls above a figure of HTML, which is drawn anew whenever a control moves.

    Args:
        controls: the widgets to move.
        draw: gives the figure's HTML from the controls' values; without arguments.
        what: what the figure is, for readers of a page on which it does not run.
    """

    def __init__(self, controls: list[ipywidgets.Widget], draw: Callable[[], str], what: str) -> None:
        self.figure = ipywidgets.HTML()
        self.draw, self.what = draw, what
        super().__init__([*controls, self.figure])
        for control in _leaves(controls):
            control.observe(self.redraw, "value")
        self.redraw()

    def redraw(self, change: object = None) -> None:
        """Draw the figure from the controls' present values."""
        self.figure.value = self.draw()

    def __repr__(self) -> str:
        """A line for pages on which the widget does not run."""
        return f"[Interactive figure: {self.what}. Run this cell in JupyterLab to play with it.]"

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        return super()._repr_mimebundle_(**kwargs) | {"text/plain": repr(self)}


def _leaves(controls: list[ipywidgets.Widget]) -> list[ipywidgets.Widget]:
    return [leaf for c in controls for leaf in (_leaves(list(c.children)) if hasattr(c, "children") else [c])]


def stepper(last: int, name: str, interval: int) -> tuple[ipywidgets.IntSlider, ipywidgets.HBox]:
    """A slider from 0 to `last`, and a row with a button that moves it, one step every `interval` milliseconds."""
    slider = ipywidgets.IntSlider(0, 0, last, description=name)
    play = ipywidgets.Play(max=last, interval=interval, description="step by step")
    ipywidgets.jslink((play, "value"), (slider, "value"))
    return slider, ipywidgets.HBox([play, slider])
