"""What figures to play with are made of: controls above HTML that is drawn anew."""

import asyncio
import re
from collections.abc import Callable
from html import escape

import ipywidgets

_PAUSE = 0.5  # seconds without a change after which it is said what the figure shows
_UNSEEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"


class Interactive(ipywidgets.VBox):
    """Controls above a figure of HTML, which is drawn anew whenever a control moves.

    Args:
        controls: the widgets to move.
        draw: gives the figure's HTML from the controls' values, and in a sentence what it shows; without arguments.
        what: what the figure is, for readers of a page on which it does not run.
    """

    def __init__(self, controls: list[ipywidgets.Widget], draw: Callable[[], tuple[str, str]], what: str) -> None:
        self.figure, self.said = ipywidgets.HTML(), _said()
        self.draw, self.what, self._later = draw, what, None
        super().__init__([*controls, ipywidgets.VBox([self.figure, self.said])])
        for control in _leaves(controls):
            control.observe(self.redraw, "value")
        self.redraw()

    def redraw(self, change: object = None) -> None:
        """Draw the figure from the controls' present values; screen readers say what it shows once all is still."""
        self.figure.value, text = self.draw()
        self.announce(text, change is not None)

    def announce(self, text: str, later: bool = False) -> None:
        """Have screen readers say this, at once or after a pause, unless something else is to be said until then."""
        if self._later:
            self._later.cancel()
        html = f'<div role="status" style="{_UNSEEN}">{escape(spoken(text))}</div>'
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no kernel, so nobody drags a handle
            later = False
        if later:
            self._later = loop.call_later(_PAUSE, setattr, self.said, "value", html)
        else:
            self.said.value = html

    def __repr__(self) -> str:
        """A line for pages on which the widget does not run."""
        return f"[Interactive figure: {self.what}. Run this cell in JupyterLab to play with it.]"

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        return super()._repr_mimebundle_(**kwargs) | {"text/plain": repr(self)}


def _leaves(controls: list[ipywidgets.Widget]) -> list[ipywidgets.Widget]:
    return [leaf for c in controls for leaf in (_leaves(list(c.children)) if hasattr(c, "children") else [c])]


def _said() -> ipywidgets.HTML:
    """A text that is not seen and that screen readers say whenever it changes."""
    return ipywidgets.HTML(layout=ipywidgets.Layout(height="1px", margin="0", overflow="hidden"))


def spoken(text: str) -> str:
    """A text whose negative numbers have a minus sign, which a hyphen is not: screen readers leave that out."""
    return re.sub(r"(?<!\w)-(?=\d)", "−", text)


def stepper(last: int, name: str, interval: int) -> tuple[ipywidgets.IntSlider, ipywidgets.HBox]:
    """A slider from 0 to `last`, and a row with a button that moves it, one step every `interval` milliseconds."""
    slider = ipywidgets.IntSlider(0, 0, last, description=name)
    play = ipywidgets.Play(max=last, interval=interval, description="step by step")
    ipywidgets.jslink((play, "value"), (slider, "value"))
    return slider, ipywidgets.HBox([play, slider])
