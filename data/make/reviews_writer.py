"""Somebody who writes one review: fills the slots and choices of patterns, and counts the polar words of each side."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .reviews_grammar import ASPECTS, DONE, VERY
from .reviews_plots import GRAMMAR, MEN, PLACES, SURNAMES, WOMEN
from .reviews_words import options

GENRE_SLOTS = ("who", "goal", "trouble", "scene")  # those of which a review takes another each time
OPEN = re.compile(r"\[([^\[\]]*)\]|\{([^{}\[\]]+)\}")
BAR = re.compile(r"\|(?![^\[]*\])")
FREE = {"done": DONE.split("|"), "very": VERY, "place": PLACES.split("|"), "name": f"{WOMEN} {MEN}".split()}
FREE |= {"surname": SURNAMES.split()} | {name: BAR.split(choices) for name, choices in GRAMMAR.items()}


def split(text: str) -> list[str]:
    """The choices of a text, at the bars that stand outside of square brackets."""
    return BAR.split(text) if text else []


@dataclass
class Writer:
    """Somebody who writes one review: the draws, the verdict, the film, and what was used already."""

    rng: np.random.Generator
    pleased: bool
    film: dict[str, str]
    used: set[str] = field(default_factory=set)
    sides: list[int] = field(default_factory=list)  # for each polar word: 1 of the own side, -1 of the other

    def pick(self, choices: Sequence[str]) -> str:
        """One of the choices; one that was not used yet, if there is any."""
        fresh = [choice for choice in choices if choice not in self.used] or choices
        return fresh[self.rng.integers(len(fresh))]

    def new(self, choices: Sequence[str]) -> str:
        """As `pick`, and used from now on."""
        choice = self.pick(choices)
        self.used.add(choice)
        return choice

    def frequent(self, words: list[str]) -> str:
        """One of the words that were not used yet; the n-th is drawn with a weight of 1 / n."""
        weights = np.array([(word not in self.used) / rank for rank, word in enumerate(words, 1)])
        if not weights.any():
            weights += 1
        choice = words[int(np.searchsorted(np.cumsum(weights), self.rng.random() * weights.sum(), side="right"))]
        self.used.add(choice)
        return choice

    def slot(self, name: str, about: dict[str, str]) -> str:
        """What a slot is filled with."""
        if name[0] in "=!":
            own = name[0] == "="
            self.sides.append(1 if own else -1)
            return self.frequent(options(name[1:], about["aspect"], self.pleased == own))
        if name in about:
            return about[name]
        if name in self.film:
            return self.new(split(self.film[name])) if name in GENRE_SLOTS else self.film[name]
        if name == "done":
            return self.new(FREE[name])
        return self.pick(FREE[name])

    def fill(self, text: str, about: dict[str, str] | None = None) -> str:
        """Replace choices and slots until none is left, from left to right."""
        while match := OPEN.search(text):
            choices, slot = match.groups()
            inserted = self.pick(choices.split("|")) if slot is None else self.slot(slot, about or {})
            text = text[: match.start()] + inserted + text[match.end() :]
        return text

    def opinion(self, pattern: str) -> str:
        """An opinion after a pattern, about an aspect of the film."""
        aspect = list(ASPECTS)[self.rng.integers(len(ASPECTS))]
        one, many = (split(subjects) for subjects in ASPECTS[aspect])
        subject = self.new(one + many)
        about = {"aspect": aspect, "is": "are" if subject in many else "is", "it": "they" if subject in many else "it"}
        if subject.startswith("{actor"):
            about["it"] = self.film["he2" if "actor2" in subject else "he"]
        return self.fill(pattern, about | {"subj": subject})
