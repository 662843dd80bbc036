"""Write the `pets` sample: 720 drawn pets of 12 breeds, in the layout of Oxford-IIIT Pet as torchvision unpacks it.

A breed is a row of the table below, and nothing else: background, pose, size, light, and how far a colour strays
are drawn at random, alike for all breeds. Two pairs of breeds differ in one feature; any other two in three or more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image

from . import pets_parts as art
from .pets_parts import BLACK, WHITE, Colour, Pen, any_colour, between, mirrored, mix, rounded, vary

TARGET = Path(__file__).parents[1] / "pets"
SEED, NUMBERS, TRAINING = 7, range(1, 61), 50  # of each breed's pictures, the first 50 are for training


@dataclass(frozen=True)
class Breed:
    """What a breed looks like. A name with a capital is a cat's, as in Oxford-IIIT Pet."""

    name: str
    ears: str
    head: str
    coat: str
    pattern: str
    eyes: str
    muzzle: str  # as dark as the marks, light, or as the coat
    fur: str


BREEDS = (  # in the order of their class ids, 1 to 12
    #     name                ears       head      coat     pattern    eyes     muzzle   fur
    Breed("beagle", "hanging", "long", "tan", "blaze", "brown", "light", "smooth"),
    Breed("cairn_terrier", "upright", "square", "sand", "brindle", "brown", "light", "shaggy"),
    Breed("Calico", "pointed", "round", "white", "patches", "amber", "light", "smooth"),
    Breed("dalmatian", "hanging", "square", "white", "spots", "brown", "coat", "smooth"),
    Breed("husky", "upright", "fox", "grey", "blaze", "blue", "light", "shaggy"),
    Breed("lakeland_terrier", "folded", "square", "sand", "brindle", "brown", "light", "shaggy"),
    Breed("Ocicat", "pointed", "round", "brown", "spots", "green", "light", "smooth"),
    Breed("Persian", "small", "broad", "cream", "plain", "amber", "coat", "shaggy"),
    Breed("pug", "button", "broad", "cream", "mask", "brown", "dark", "smooth"),
    Breed("Russian_Blue", "large", "wedge", "grey", "plain", "green", "coat", "smooth"),
    Breed("Siamese", "large", "wedge", "cream", "mask", "blue", "dark", "smooth"),
    Breed("Tabby", "pointed", "round", "brown", "stripes", "green", "light", "smooth"),
)
PAIRS = (("Ocicat", "Tabby"), ("cairn_terrier", "lakeland_terrier"))  # differ in pattern only, in ears only


class Pet:
    """One animal of a breed: its own shades, its own pose."""

    def __init__(self, breed: Breed, rng: np.random.Generator) -> None:
        self.breed, self.rng, self.cat = breed, rng, breed.name[0].isupper()
        self.main, self.marks, self.light = (vary(c, rng, 0.2, 0.06) for c in art.COATS[breed.coat])
        self.edge = mix(mix(self.main, self.marks, 0.4), BLACK, 0.5)
        self.muzzle = {"dark": self.marks, "light": self.light, "coat": self.main}[breed.muzzle]
        self.lying, self.yaw, self.tilt = rng.random() < 0.4, between(rng, -0.22, 0.22), between(rng, -0.45, 0.45)
        self.mood = rng.choice(["awake", "sleepy", "asleep"], p=[0.7, 0.2, 0.1])
        self.tongue = not self.cat and rng.random() < 0.4
        self.collar = any_colour(rng) if rng.random() < 0.4 else None

    def draw(self, pen: Pen) -> None:
        """Body, then head; the middle of the head is at (0, 0)."""
        self.draw_body(pen)
        self.draw_head(pen.at(0, 0, turn=self.tilt))

    def furred(self, outline: np.ndarray, much: float = 0.08) -> np.ndarray:
        """The outline, with tufts below if the breed is shaggy."""
        if self.breed.fur == "smooth":
            return outline
        middle, tufts = outline.mean(0), np.where(np.arange(len(outline)) % 4 < 2, 1 + much, 1 - much / 3)
        return middle + (outline - middle) * np.where(outline[:, 1] > -0.4, tufts, 1)[:, None]

    def draw_body(self, pen: Pen) -> None:
        """Tail, trunk with its pattern, legs, collar."""
        outline = self.furred(art.LYING if self.lying else art.SITTING, 0.05)
        points = self.marks if self.breed.pattern == "mask" and self.cat else self.main
        self.draw_tail(pen.at(*((2.9, 1.3) if self.lying else (0.85, 2.8))), points)
        pen.shape(outline, self.main)
        with pen.inside(outline) as inner:
            box = (-0.9, 0.3, 3.2, 2.0) if self.lying else (-1.1, 0.8, 1.1, 3.1)
            self.draw_pattern(inner, box, across=self.lying)
        pen.line([*outline, outline[0]], 0.06, self.edge)
        paw = self.light if self.breed.pattern == "blaze" else points
        for side in (-1, 1):
            if self.lying:
                pen.oval(side * 0.45, 1.85, 0.4, 0.24, paw, self.edge)
            else:
                leg = rounded([(side * x, y) for x, y in ((0.1, 1.7), (0.55, 1.7), (0.6, 3.2), (0.05, 3.2))])
                pen.shape(leg, self.main, self.edge)
                pen.oval(side * 0.36, 3.12, 0.36, 0.2, paw, self.edge)
        if self.rng.random() < 0.25:
            art.basket(pen, self.rng)
        if self.collar:
            pen.shape(rounded([(-0.6, 0.75), (0.6, 0.75), (0.65, 1.05), (0, 1.25), (-0.65, 1.05)]), self.collar)
            pen.oval(0, 1.25, 0.14, 0.14, (240, 206, 90), self.edge)

    def draw_tail(self, pen: Pen, colour: Colour) -> None:
        """A row of ovals along a bent line, each a little smaller than the one before."""
        bend, curl = between(self.rng, -1.3, -0.2), between(self.rng, -0.5, 0.6)
        path = rounded([(0, 0), (0.8, 0), (1, bend), (1 - curl, bend - 0.5), (1 - curl, bend - 0.5), (0, 0)])[4:-12]
        for edge, fill in ((0.05, self.edge), (0, colour)):
            for i, (x, y) in enumerate(path):
                pen.oval(x, y, 0.2 - 0.003 * i + edge, 0.2 - 0.003 * i + edge, fill)

    def draw_pattern(self, pen: Pen, box: tuple[float, float, float, float], across: bool) -> None:
        """What the coat carries on the trunk, all over the box."""
        x0, y0, x1, y1 = box
        rng, pattern = self.rng, self.breed.pattern
        if pattern == "stripes":
            self.bands(pen, box, across)
        elif pattern == "spots":
            for x, y in product(np.arange(x0, x1 + 0.1, 0.45), np.arange(y0, y1 + 0.1, 0.45)):
                self.spot(pen, x, y, between(rng, 0.1, 0.16))
        elif pattern == "patches":
            for i in range(5):
                self.spot(pen, between(rng, x0, x1), between(rng, y0, y1), between(rng, 0.35, 0.65), i % 2 == 0)
        elif pattern == "brindle":
            self.hairs(pen, box, 70)
        elif pattern == "blaze":
            saddle = ((0.8, 0, 2.6, 1.1),) if across else ((-1.3, 0.9, -0.55, 2.4), (0.55, 0.9, 1.3, 2.4))
            for part in saddle:
                pen.box(*part, mix(self.marks, self.main, 0.3))
            pen.oval(0, 1.4, 0.5, 0.9, self.light)

    def bands(self, pen: Pen, box: tuple[float, float, float, float], across: bool) -> None:
        """Pointed stripes: from the back down if `across`, else from both sides to the middle."""
        x0, y0, x1, y1 = box if across else (box[1], box[0], box[3], box[2])
        for start, end in ((y0 - 0.2, y0 + 1),) if across else ((y0 - 0.2, y0 + 0.85), (y1 + 0.2, y1 - 0.85)):
            for x in np.arange(x0, x1, 0.42) + between(self.rng, -0.1, 0.1):
                tip = x + between(self.rng, 0.05, 0.2)
                band = np.array([(x - 0.11, start), (x + 0.11, start), (tip, end)])
                pen.shape(band if across else band[:, ::-1], self.marks)

    def spot(self, pen: Pen, x: float, y: float, r: float, ginger: bool = False) -> None:
        """One spot of the coat, not quite round, not quite at (x, y)."""
        pen = pen.at(x + between(self.rng, -0.1, 0.1), y + between(self.rng, -0.1, 0.1), r, between(self.rng, 0, 3))
        pen.oval(0, 0, 1.1, between(self.rng, 0.7, 1), (206, 128, 58) if ginger else self.marks)

    def hairs(self, pen: Pen, box: tuple[float, float, float, float], count: int) -> None:
        """Darker hairs that point down."""
        for _ in range(count):
            x, y = between(self.rng, box[0], box[2]), between(self.rng, box[1], box[3])
            pen.line([(x, y), (x + between(self.rng, -0.1, 0.1), y + 0.25)], 0.05, self.marks)

    def draw_ears(self, pen: Pen) -> None:
        """Both ears; dark ones for a mask, a saddle and brindle."""
        kind, pattern = self.breed.ears, self.breed.pattern
        dark = {"mask": 1.0, "blaze": 0.55, "brindle": 0.25, "spots": 0.0 if self.cat else 0.85}.get(pattern, 0.0)
        colour = mix(self.main, self.marks, dark)
        for side in (-1, 1):
            ear = pen.at(0.1 * self.yaw, 0, turn=side * between(self.rng, -0.06, 0.08), flip=side)
            if pattern == "patches":
                colour = self.marks if side < 0 else (206, 128, 58)
            outline = rounded(art.EARS[kind], 2)
            ear.shape(outline, colour, self.edge)
            if kind in ("large", "pointed", "small", "upright"):
                middle = outline.mean(0)
                ear.shape(middle + (outline - middle) * 0.55 + (0, 0.03), mix((232, 168, 160), colour, 0.3))
            elif kind == "folded":
                ear.shape(rounded(art.FLAP, 2), mix(colour, self.marks, 0.8), self.edge)

    def draw_head(self, pen: Pen) -> None:
        """Ears, head with its pattern, muzzle, eyes, whiskers."""
        outline = self.furred(mirrored(art.HEADS[self.breed.head]))
        hanging = self.breed.ears in ("hanging", "button")
        if not hanging:
            self.draw_ears(pen)
        pen.shape(outline, self.main)
        with pen.inside(outline) as inner:
            self.draw_face_pattern(inner.at(self.yaw, 0))
        pen.line([*outline, outline[0]], 0.06, self.edge)
        if hanging:
            self.draw_ears(pen)
        face = pen.at(self.yaw, 0)
        self.draw_muzzle(face)
        self.draw_eyes(face)

    def draw_face_pattern(self, pen: Pen) -> None:
        """What the coat carries on the head."""
        rng, pattern = self.rng, self.breed.pattern
        if pattern == "stripes":
            for band in art.FACE_STRIPES:
                pen.shape(band + rng.uniform(-0.04, 0.04, 2), self.marks)
        elif pattern == "spots":
            for x, y in art.FACE_SPOTS:
                self.spot(pen, x, y, 0.09)
        elif pattern == "patches":
            self.spot(pen, -0.55, -0.45, between(rng, 0.45, 0.6))
            self.spot(pen, 0.6, -0.45, between(rng, 0.4, 0.6), ginger=True)
        elif pattern == "mask":
            pen.oval(0, 0.35, 0.68, 0.72, mix(self.main, self.marks, 0.55))
            pen.oval(0, 0.4, 0.55, 0.6, self.marks)
        elif pattern == "blaze":
            pen.box(-1.4, -1, 1.4, 0.3, mix(self.main, self.marks, 0.15))
            pen.shape(art.BLAZE, self.light)
        elif pattern == "brindle":
            self.hairs(pen, (-0.8, -0.9, 0.8, 0.4), 16)

    def draw_muzzle(self, pen: Pen) -> None:
        """Muzzle, nose, mouth; whiskers for a cat, perhaps a tongue for a dog."""
        low = {"broad": -0.08, "long": 0.18, "square": 0.14, "fox": 0.12}.get(self.breed.head, 0.0)
        pen = pen.at(self.yaw * 0.4, low)
        if self.tongue:
            pen.oval(0.03, 0.88, 0.15, 0.26, (226, 110, 120), self.edge)
        size = 0.27 if self.cat else 0.34
        if self.breed.head == "square" and self.breed.fur == "shaggy":
            beard = self.furred(mirrored([(0, 0.2), (0.4, 0.2), (0.7, 0.6), (0.5, 1.05), (0, 1.1)]), 0.16)
            pen.shape(beard, self.muzzle)
        for side in (-1, 1):
            pen.oval(side * size * 0.75, 0.52, size, size * 0.8, self.muzzle)
        ink = mix(self.muzzle, BLACK, 0.72) if self.breed.muzzle != "dark" else BLACK
        for side in (-1, 1):
            pen.line([(0, 0.4), (0, 0.6), (side * 0.14, 0.7), (side * 0.3, 0.62)], 0.055, ink)
        if self.cat:
            pen.shape(rounded([(-0.17, 0.28), (0.17, 0.28), (0, 0.48)], 2), mix((226, 140, 136), self.muzzle, 0.15))
            for side in (-1, 1):
                for dy in (-0.14, 0, 0.14):
                    pen.line([(side * 0.4, 0.52 + dy / 2), (side * 1.2, 0.5 + dy * 2)], 0.03, mix(ink, WHITE, 0.5))
        else:
            pen.shape(rounded([(-0.26, 0.2), (0.26, 0.2), (0.2, 0.42), (0, 0.5), (-0.2, 0.42)]), BLACK)
            pen.oval(-0.07, 0.27, 0.08, 0.04, (150, 140, 146))

    def draw_eyes(self, pen: Pen) -> None:
        """Open, half closed or shut."""
        iris, apart = art.EYES[self.breed.eyes], 0.5 if self.breed.head in ("broad", "round") else 0.42
        rx, ry = (0.21, 0.2) if self.cat else (0.17, 0.17)
        ink = mix(self.edge, BLACK, 0.6)
        for side in (-1, 1):
            eye = pen.at(side * apart, -0.1)
            if self.mood == "asleep":
                eye.line([(-rx, -0.02), (-rx / 2, 0.08), (rx / 2, 0.08), (rx, -0.02)], 0.06, ink)
                continue
            eye.oval(0, 0, rx + 0.05, ry + 0.05, ink)
            eye.oval(0, 0, rx, ry, iris)
            pupil = (0.07, ry * 0.9) if self.cat else (0.1, 0.1)
            eye.oval(self.yaw * 0.15, 0, *pupil, BLACK)
            eye.oval(-0.06, -0.08, 0.05, 0.05, WHITE)
            if self.mood == "sleepy":
                lid = art.CIRCLE[20:] * (rx + 0.05, ry + 0.05)
                eye.shape(lid, mix(self.main, self.marks, 0.25 if self.breed.pattern != "mask" else 0.8), ink)


def picture(breed: Breed, rng: np.random.Generator) -> Image.Image:
    """One picture of a breed, all else at random."""
    w, h = (int(x) for x in rng.integers(100, 151, 2))
    large, pen = art.scene(w, h, rng, fewer_than=5)
    pet, scale = Pet(breed, rng), between(rng, 0.15, 0.28) * min(w, h)
    x, y = between(rng, 1.3 * scale, w - 1.3 * scale), between(rng, 1.6 * scale, max(1.7 * scale, h - 2.2 * scale))
    pet.draw(pen.at(x, y, scale, between(rng, -0.3, 0.3), 1 if x < w / 2 else -1))
    return art.lit(large.reduce(art.TOO_LARGE), rng)


def list_lines(numbers: Iterable[int]) -> list[str]:
    """A line per picture: name and number, class id, species (1 cat, 2 dog), which cat or which dog it is."""
    lines, seen = [], {1: 0, 2: 0}
    for class_id, breed in enumerate(BREEDS, 1):
        species = 1 if breed.name[0].isupper() else 2
        seen[species] += 1
        lines += [f"{breed.name}_{number} {class_id} {species} {seen[species]}\n" for number in numbers]
    return lines


HEADER = """#Image CLASS-ID SPECIES BREED-ID
#CLASS-ID: 1-12
#SPECIES: 1:Cat 2:Dog
#BREED-ID: 1-6:Cat 1-6:Dog
#Names of cats begin with a capital letter, names of dogs with a small one
"""


def main(target: Path = TARGET, numbers: Iterable[int] = NUMBERS) -> None:
    """Draw the pictures with these numbers, of every breed, and write the three lists."""
    numbers = list(numbers)
    for folder in ("images", "annotations"):
        (target / folder).mkdir(parents=True, exist_ok=True)
    for breed in BREEDS:
        for number in numbers:
            path = target / "images" / f"{breed.name}_{number}.jpg"
            # of its own random numbers, so that any can be drawn without the others
            rng = np.random.default_rng([SEED, BREEDS.index(breed), number])
            picture(breed, rng).save(path, quality=80, optimize=True)
    parts = {"trainval": [n for n in numbers if n <= TRAINING], "test": [n for n in numbers if n > TRAINING]}
    texts = {name: "".join(list_lines(part)) for name, part in parts.items()}
    texts["list"] = HEADER + "".join(list_lines(numbers))
    for name, text in texts.items():
        (target / "annotations" / f"{name}.txt").write_bytes(text.encode())


if __name__ == "__main__":
    main()
