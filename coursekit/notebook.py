"""Whether a notebook is there to show things in, and showing them there or as text."""

import sys


def in_notebook() -> bool:
    """Whether a Jupyter kernel runs this code."""
    if "ipykernel" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


def show(thing: object, **metadata: object) -> None:
    """Display an object as its HTML in a notebook, with metadata for those who read the file; print it elsewhere."""
    if in_notebook():
        from IPython.display import display

        display(thing, metadata=metadata)
    else:
        print(thing)
