"""What each of the README's tables is to show, stated here once, and whether its own figures do: met or missed.

`python -m benchmarks.targets` judges all tables anew, without measuring.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

JUDGED = "Targets, judged by the figures above:"
IMDB = "IMDB's training half"


class Figures:
    """The figures of a markdown table; `figures(column, row)` are those of rows with such a cell, or of all rows."""

    def __init__(self, text):
        lines = [line.strip()[1:-1].split("|") for line in text.splitlines() if line.startswith("|")]
        self.text = text
        self.heads, _, *self.rows = [[cell.strip() for cell in line] for line in lines] or [[], []]

    def __call__(self, column, row=None):
        at = column if isinstance(column, int) else self.heads.index(column) if column in self.heads else None
        chosen = [cells for cells in self.rows if row is None or row in (re.sub(r"^\d+\. ", "", c) for c in cells)]
        return [number(cells[at]) for cells in chosen] if at is not None else []


def number(cell):
    """The first number of a cell: of a spread the median."""
    return float(re.search(r"[-+]?[\d,]*\.?\d+", cell)[0].replace(",", ""))


def unsaid(figures):
    """No reason."""
    return ""


@dataclass(frozen=True)
class Target:
    """A bound of what `figure` takes from a table.

    Attributes:
        what: in words, what is bounded.
        bound: the number.
        figure: from `Figures` to one number, or to several of which the worst counts; none: that was not measured.
        least: whether it is a lower bound.
        form: how numbers are printed.
        only: what the table must say of its data, where the target is about those.
        why: says of a table, in words, why the target is missed, where that is known.
    """

    what: str
    bound: float
    figure: Callable[[Figures], float | list[float]]
    least: bool = False
    form: str = "{:.2f}"
    only: str = ""
    why: Callable[[Figures], str] = unsaid

    def judged(self, figures):
        """One line: what was found beside the bound."""
        found = self.figure(figures) if self.only in figures.text else []
        side, holds = ("least", operator.ge) if self.least else ("most", operator.le)
        bound = f"at {side} {self.form.format(self.bound)}"
        if not found:
            return f"- {self.what}: not measured; {bound}" + (f" on {self.only}" if self.only else "") + "."
        worst = (min if self.least else max)(found)
        verdict, why = ("met", "") if holds(worst, self.bound) else ("missed", self.why(figures))
        return f"- {self.what}: {verdict}: {self.form.format(worst)} of {bound}{why}."


def at(column, row=None):
    """The figures of a column, in the rows that have this cell, or in all."""
    return lambda figures: figures(column, row)


def over(column, row, others):
    """The row's figure over the least of the others'."""

    def ratio(figures):
        own, rest = figures(column, row), [x for other in others for x in figures(column, other)]
        return [own[0] / min(rest)] if own and rest else []

    return ratio


def fraction(column, row):
    """1 over a figure."""
    return lambda figures: [1 / x for x in figures(column, row)]


def last_over(column, row, other):
    """The row's last figure over the other's."""

    def ratio(figures):
        own, rest = figures(column, row), figures(column, other)
        return [own[-1] / rest[-1]] if own and rest else []

    return ratio


def of_workers(column, when):
    """coursekit's figures, of images loaded without further processes and with two."""
    return lambda figures: [x for n in (0, 2) for x in figures(column, f"coursekit, {n} workers, {when}")]


OURS, FIRST = "times coursekit", "times the first"


def beside_the_loop(figures):
    """What a loop by hand takes with PyTorch's `DataLoader`."""
    found = figures(OURS, "a loop by hand, `DataLoader`")
    return f"; a loop by hand with the same `DataLoader` has {found[0]:.2f}" if found else ""


PEERS = {
    "fastai": unsaid,
    "Lightning": beside_the_loop,
    "skorch": beside_the_loop,
    "Keras on PyTorch": unsaid,
    "Ignite": beside_the_loop,
    "Hugging Face's `Trainer`": beside_the_loop,
}
AUGMENTING = "coursekit, by the batch", "the same, 2 processes"
FACTORS = "coursekit, 50 factors, 5 epochs"
BOOSTED = ("boosting, scikit-learn's defaults", "boosting, 500 trees at 0.1", "boosting, 300 trees at 0.2")
AS_WELL = ", amounts also as categories"
TELLING = "coursekit, read first, then told", ["words and pairs, logistic regression"]
TARGETS = {
    "epoch": [
        Target("coursekit / the loop by hand with index batches", 0.80, at(FIRST, "coursekit")),
        Target("coursekit / the limit", 1.15, fraction(OURS, "the limit")),
        *(Target(f"{peer} / coursekit", 2.5, at(OURS, peer), least=True, why=why) for peer, why in PEERS.items()),
    ],
    "imports": [Target("`import coursekit` / `import torch`", 1.03, at(FIRST, "`import coursekit`"))],
    "digits": [
        Target("right", 0.995, at("right"), least=True, form="{:.4f}", only="digits of MNIST"),
        Target("seconds", 600, at("seconds"), form="{:,.0f}", only="digits of MNIST"),
    ],
    "streets": [
        Target("right, the better of the two", 0.90, lambda f: [max(f("right"))], True, "{:.4f}", "frames of CamVid"),
        Target("seconds", 1800, at("seconds"), form="{:,.0f}", only="frames of CamVid"),
    ],
    "pictures": [
        Target("the largest, times torchvision's in 2 processes", 4, last_over(FIRST, *AUGMENTING), least=True)
    ],
    "loading": [
        Target(f"{when}, times torchvision's", bound, of_workers("times torchvision's", when), least=True)
        for when, bound in (("first epoch", 1), ("later epochs", 4))
    ],
    "elapsed": [Target("times as fast as fastai", 50, at("times as fast", "coursekit"), least=True, form="{:.0f}")],
    "shops": [
        Target(f"coursekit's mean RMSPE / {words}", 1, over("mean RMSPE", "coursekit, entity embeddings", others))
        for words, others in (
            ("that of the best boosting", BOOSTED),
            ("that of former years", ["the same month of former years"]),
        )
    ],
    "census": [
        Target(
            "coursekit's right / the best boosting's, the median",
            1,
            at("times the best boosting's", f"coursekit, entity embeddings{AS_WELL}"),
            least=True,
            form="{:.4f}",
        )
    ],
    "ratings": [
        Target("coursekit's mean RMSE", 0.850, at("mean RMSE", FACTORS), form="{:.4f}", only="MovieLens latest-small"),
        Target("its time / fastai's", 0.5, at("times fastai's", FACTORS), only="MovieLens latest-small"),
    ],
    "texts": [
        Target("numbering, times fastai's", 8, at("times fastai's", "coursekit"), least=True, form="{:.1f}"),
        Target("training, times fastai's", 1.3, at("times fastai's", "coursekit, AWD-LSTM"), least=True, only=IMDB),
    ],
    "reviews": [
        Target("right, the network", 0.904, at("right", TELLING[0]), True, "{:.4f}", IMDB),
        Target("the same / counted words", 1, over("right", *TELLING), True, "{:.3f}", IMDB),
        Target("seconds of the slower", 3600, at("seconds"), form="{:,.0f}", only=IMDB),
    ],
    "widgets": [Target("ms, the worst of all", 150, at("worst, ms"), form="{:.1f}")],
    "app_load": [
        Target("errors", 0, at("errors"), form="{:.0f}"),
        Target("MB grown", 20, at("MB grown"), form="{:.1f}"),
        Target("pictures a pass, of up to 32", 2, at("pictures a pass", "up to 32 a pass"), True, "{:.1f}"),
    ],
    "growth": [
        Target(
            "an exponent over the one that its case may have",
            0.25,
            lambda f: [x - power for x, power in zip(f("exponent"), f("of"), strict=True)],
        )
    ],
    "suite": [
        Target("seconds of the latest run, on two quiet cores", 360, at(-1, "**all, on the wall**"), form="{:.0f}")
    ],
}


def judged(name, text):
    """A table's text with what became of its targets after it."""
    before = text.partition(JUDGED)[0].rstrip()
    lines = [target.judged(Figures(before)) for target in TARGETS.get(name, ())]
    return "\n".join([before, "", JUDGED, "", *lines]).lstrip() if lines else before


def main():
    from .report import README, between, inside

    whole = README.read_text(encoding="utf-8")
    for name in TARGETS:
        text = judged(name, inside(whole, name))
        whole = between(whole, name, text)
        print(f"{name}\n{text.partition(JUDGED)[2].strip()}")
    README.write_text(whole, encoding="utf-8")


if __name__ == "__main__":
    main()
