"""What stands in the streets of `streets.py`: a canvas that draws picture and mask together, and the things on it.

Positions are in metres, seen from the car: x to the right, y up from the ground, z ahead. Every maker takes a random
generator and gives a function `draw(canvas, z, t)`, which draws the thing `z` metres ahead in frame `t`.
"""

import colorsys
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

CODES = [
    "Sky",
    "Building",
    "Pole",
    "Road",
    "Pavement",
    "Tree",
    "SignSymbol",
    "Fence",
    "Car",
    "Pedestrian",
    "Bicyclist",
    "Void",
]
SKY, BUILDING, POLE, ROAD, PAVEMENT, TREE, SIGN, FENCE, CAR, PEDESTRIAN, BICYCLIST, VOID = range(12)
WIDTH, HEIGHT, FINE = 160, 120, 4  # the picture in pixels, and how many times finer it is drawn
FOCAL, EYE, NEAR = 0.8 * WIDTH * FINE, 1.5, 1.2  # of the camera: pixels; metres above the road; metres

Colour = tuple[float, float, float]
Point = tuple[float, float, float]
Draw = Callable[["Canvas", float, int], None]


@dataclass(frozen=True)
class Light:
    """The light of one video: what it does to colours, and how soon they fade in the haze."""

    tint: Colour
    haze: Colour
    reach: float  # metres after which two thirds of a colour are haze
    sides: tuple[float, float]  # brightness of what faces left and right
    shadow: int  # 0: none, 255: black

    def on(self, colour: Sequence[float], z: float, level: float = 1.0) -> tuple[int, int, int]:
        """A colour, lit, `z` metres away."""
        clear = math.exp(-max(z, 0) / self.reach)
        mixed = (c * t * level * clear + h * (1 - clear) for c, t, h in zip(colour, self.tint, self.haze, strict=True))
        return tuple(int(min(max(value, 0), 255)) for value in mixed)


@dataclass
class Canvas:
    """Picture and mask of one frame, `FINE` times too large; whatever is drawn is drawn on both."""

    light: Light
    curve: float
    horizon: float
    sideways: float
    picture: Image.Image = field(default_factory=lambda: Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE)))
    codes: Image.Image = field(default_factory=lambda: Image.new("L", (WIDTH * FINE, HEIGHT * FINE)))

    def __post_init__(self) -> None:
        """Make the pens."""
        self.paint, self.label = ImageDraw.Draw(self.picture, "RGBA"), ImageDraw.Draw(self.codes)

    def project(self, point: Point) -> tuple[float, float]:
        """Column and row of a point ahead."""
        x, y, z = point
        x += self.curve * z * z / 2 - self.sideways
        return WIDTH * FINE / 2 + FOCAL * x / z, self.horizon + FOCAL * (EYE - y) / z

    def fill(self, points: Sequence[Point], colour: Sequence[float], code: int | None, level: float = 1.0, alpha=255):
        """A plane polygon. Without a code it changes the picture only."""
        points = clip(points)
        if len(points) < 3:
            return
        z = sum(p[2] for p in points) / len(points)
        self.flat([self.project(p) for p in points], self.light.on(colour, z, level), code, alpha)

    def flat(self, corners: list[tuple[float, float]], colour: tuple[int, int, int], code: int | None, alpha=255):
        """A polygon given in columns and rows."""
        self.paint.polygon(corners, (*colour, alpha))
        if code is not None:
            self.label.polygon(corners, code)

    def upright(self, points: Sequence[tuple[float, float]], at: Point, colour, code, level=1.0, alpha=255) -> None:
        """A polygon that faces the camera, its corners (right, up) counted from `at`."""
        if at[2] >= NEAR:
            (column, row), scale = self.project(at), FOCAL / at[2]
            corners = [(column + scale * dx, row - scale * dy) for dx, dy in points]
            self.flat(corners, self.light.on(colour, at[2], level), code, alpha)

    def bar(self, a: tuple[float, float], b: tuple[float, float], width: float, at: Point, colour, code, level=1.0):
        """A bar from a to b, (right, up) counted from `at`, never thinner than a pixel of the picture."""
        width = max(width, 1.02 * FINE * at[2] / FOCAL) / 2
        length = math.hypot(b[0] - a[0], b[1] - a[1]) or 1
        dx, dy = (a[1] - b[1]) / length * width, (b[0] - a[0]) / length * width
        corners = [(a[0] + dx, a[1] + dy), (b[0] + dx, b[1] + dy), (b[0] - dx, b[1] - dy), (a[0] - dx, a[1] - dy)]
        self.upright(corners, at, colour, code, level)


def clip(points: Sequence[Point]) -> list[Point]:
    """The part of a polygon that lies at least `NEAR` ahead."""
    kept: list[Point] = []
    for a, b in zip(points, [*points[1:], points[0]], strict=True):
        if a[2] >= NEAR:
            kept.append(a)
        if (a[2] < NEAR) != (b[2] < NEAR):
            part = (NEAR - a[2]) / (b[2] - a[2])
            kept.append((a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1]), NEAR))
    return kept


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """A colour from hue (0 to 1, red at 0), saturation and value."""
    return tuple(255 * c for c in colorsys.hsv_to_rgb(hue % 1, saturation, value))


@cache
def circle(corners: int) -> list[tuple[float, float]]:
    """The corners of a circle of radius one."""
    return [(math.cos(2 * math.pi * i / corners), math.sin(2 * math.pi * i / corners)) for i in range(corners)]


def disc(x: float, y: float, rx: float, ry: float | None = None, corners: int = 14) -> list[tuple[float, float]]:
    """The corners of an ellipse."""
    ry = rx if ry is None else ry
    return [(x + rx * dx, y + ry * dy) for dx, dy in circle(corners)]


def box(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    """The corners of a rectangle."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def wall(x: float, z0: float, y0: float, z1: float, y1: float) -> list[Point]:
    """A rectangle along the street."""
    return [(x, y0, z0), (x, y1, z0), (x, y1, z1), (x, y0, z1)]


def shadow(canvas: Canvas, x0: float, x1: float, z0: float, z1: float) -> None:
    """Darken a rectangle of the ground."""
    canvas.fill([(x0, 0, z0), (x1, 0, z0), (x1, 0, z1), (x0, 0, z1)], (12, 14, 24), None, 1, canvas.light.shadow)


def building(rng: np.random.Generator, x: float, length: float, colour: Colour) -> Draw:
    """A house along the street, its front at `x`: floors of windows, a door or a shop, a roof."""
    floors, storey = int(rng.integers(2, 5)), rng.uniform(2.7, 3.4)
    columns, glass = (
        max(2, round(length / rng.uniform(2.2, 3.4))),
        hsv(0.58, rng.uniform(0.05, 0.35), rng.uniform(0.2, 0.6)),
    )
    trim = [min(255, c * rng.uniform(1.1, 1.35)) for c in colour]
    roof, gable = hsv(rng.uniform(0, 0.1), rng.uniform(0.1, 0.5), rng.uniform(0.3, 0.5)), rng.random() < 0.5
    shop, awning = rng.random() < 0.35, hsv(rng.random(), 0.6, 0.7)
    lit, height = rng.random((floors, columns)), floors * storey
    high, wide = rng.uniform(0.45, 0.62), rng.uniform(0.4, 0.62)

    def draw(canvas: Canvas, z: float, t: int) -> None:
        far, side = z + length, canvas.light.sides[int(x > 0)]
        out = x + math.copysign(9, x)
        canvas.fill([(x, 0, z), (out, 0, z), (out, height, z), (x, height, z)], colour, BUILDING, 0.8)
        if gable:
            ridge, peak = (x + out) / 2, height + 3
            canvas.fill([(x, height, z), (out, height, z), (ridge, peak, z)], colour, BUILDING, 0.78)
            canvas.fill([(x, height, z), (ridge, peak, z), (ridge, peak, far), (x, height, far)], roof, BUILDING, side)
        canvas.fill(wall(x, z, 0, far, height), colour, BUILDING, side)
        canvas.fill(wall(x, z, 0, far, 0.7), colour, BUILDING, side * 0.72)
        canvas.fill(wall(x, z, height - 0.3, far, height), trim, BUILDING, side)
        step = length / columns
        for floor in range(floors):
            for i in range(columns):
                z0, y0 = z + step * (i + 0.5 - wide / 2), storey * (floor + 0.3)
                if z0 + step < NEAR or (shop and not floor):
                    continue
                y1, z1 = y0 + storey * high, z0 + step * wide
                if not floor and i == columns // 2:
                    canvas.fill(wall(x, z0, 0, z1, 2.2), awning, BUILDING, 0.6 * side)
                    continue
                if z0 < 45:
                    canvas.fill(wall(x, z0 - 0.12, y0 - 0.15, z1 + 0.12, y1 + 0.1), trim, BUILDING, side)
                canvas.fill(wall(x, z0, y0, z1, y1), glass, BUILDING, side * (0.75 + 0.5 * lit[floor, i]))
                if z0 < 25:
                    canvas.fill(wall(x, (z0 + z1) / 2 - 0.04, y0, (z0 + z1) / 2 + 0.04, y1), trim, BUILDING, side)
        if shop:
            canvas.fill(wall(x, z + 0.5, 0.5, far - 0.5, 2.3), glass, BUILDING, side * 0.8)
            canvas.fill(wall(x, z + 0.3, 2.3, far - 0.3, 2.9), awning, BUILDING, side)

    return draw


def leaves(rng: np.random.Generator, hue: float, width: float, height: float, up: float, n: int) -> list:
    """Blobs of leaves, dark ones first: (right, up, radius, colour)."""
    blobs = []
    for i in range(n):
        angle, reach = rng.uniform(0, 2 * math.pi), math.sqrt(rng.random())
        dx, dy = math.cos(angle) * reach * width / 2, math.sin(angle) * reach * height / 2
        value = 0.24 + 0.22 * i / n + 0.10 * dy / height + rng.uniform(-0.05, 0.05)
        colour = hsv(hue + rng.normal(0, 0.018), rng.uniform(0.4, 0.65), value)
        blobs.append((dx, up + dy, rng.uniform(0.16, 0.26) * min(width, height), colour))
    return blobs


def tree(rng: np.random.Generator, x: float, hue: float) -> Draw:
    """A trunk and a crown."""
    width, height, trunk = rng.uniform(2.6, 5), rng.uniform(3, 5.5), rng.uniform(1.8, 2.8)
    blobs = leaves(rng, hue, width, height, trunk + height / 2, 34)
    bark, thick = hsv(0.08, rng.uniform(0.2, 0.45), rng.uniform(0.22, 0.38)), rng.uniform(0.25, 0.42)

    def draw(canvas: Canvas, z: float, t: int) -> None:
        shadow(canvas, x - width / 3, x + width / 3, z - 0.8, z + 0.8)
        canvas.bar((0, 0), (0, trunk + height / 3), thick, (x, 0, z), bark, TREE)
        for dx, dy, r, colour in blobs if z < 40 else blobs[::2]:
            canvas.upright(disc(dx, dy, r, corners=9), (x, 0, z), colour, TREE)

    return draw


def hedge(rng: np.random.Generator, x: float, length: float, hue: float) -> Draw:
    """Bushes behind a fence, with a wood behind them."""
    high = rng.uniform(2, 3.5)
    rows = [(along, leaves(rng, hue, 2.4, high, high / 2, 12)) for along in np.arange(length, -0.1, -1.1)]
    woods = [(along, leaves(rng, hue, 4, 5, high + 1.5, 9)) for along in np.arange(length, -0.1, -2.5)]

    def draw(canvas: Canvas, z: float, t: int) -> None:
        for distance, group in ((1.5, woods), (0, rows)):
            for along, blobs in group:
                if z + along < 2 or z + along > 70:
                    continue
                at = (x + math.copysign(distance + 0.8, x), 0, z + along)
                canvas.upright(box(-1.6, 0, 1.6, high * 0.8), at, hsv(hue, 0.5, 0.22), TREE)
                for dx, dy, r, colour in blobs if z + along < 35 else blobs[::3]:
                    canvas.upright(disc(dx, dy, r, corners=8), at, colour, TREE)

    return draw


def fence(rng: np.random.Generator, x: float, length: float, colour: Colour) -> Draw:
    """Boards or railings; between the bars of a railing shows what is behind, and all of it counts as fence."""
    high, railing = rng.uniform(1.0, 1.7), rng.random() < 0.4

    def draw(canvas: Canvas, z: float, t: int) -> None:
        side = canvas.light.sides[int(x > 0)]
        canvas.fill(wall(x, z, 0, z + length, high), colour, FENCE, side, 120 if railing else 255)
        step = 0.35 if railing else 0.5
        for along in np.arange(0, length, step):
            if NEAR < z + along < 30:
                bar = wall(x, z + along, 0, z + along + step * 0.3, high + 0.08)
                canvas.fill(bar, colour, FENCE, side * (1.1 if railing else 0.72))
        for y in (0.2, high - 0.15):
            canvas.fill(wall(x, z, y, z + length, y + 0.12), colour, FENCE, side * 0.85)

    return draw


def lamp(rng: np.random.Generator, x: float, colour: Colour) -> Draw:
    """A street lamp, whose arm hangs over the road."""
    high, arm = rng.uniform(5, 7.5), -math.copysign(rng.uniform(0.8, 1.6), x)

    def draw(canvas: Canvas, z: float, t: int) -> None:
        at = (x, 0, z)
        canvas.bar((0, 0), (0, high), 0.2, at, colour, POLE)
        canvas.bar((0, 0), (0, 1), 0.24, at, colour, POLE, 0.8)
        canvas.bar((0, high), (arm, high + 0.2), 0.12, at, colour, POLE)
        canvas.upright(box(arm - 0.3, high + 0.1, arm + 0.3, high + 0.3), at, (235, 230, 200), POLE)

    return draw


def sign(rng: np.random.Generator, x: float) -> Draw:
    """A traffic sign on its pole: round, three-cornered, or a board."""
    kind, high, size = rng.integers(4), rng.uniform(2.1, 2.6), rng.uniform(0.38, 0.5)
    red, blue, white = (196, 32, 36), (28, 76, 170), (238, 238, 232)
    rim, inner = [(red, white), (blue, blue), (red, white), ((20, 110, 70), white)][kind]

    def draw(canvas: Canvas, z: float, t: int) -> None:
        at, top = (x, 0, z), high + size
        canvas.bar((0, 0), (0, high), 0.13, at, (84, 88, 92), POLE)
        shapes = [disc(0, top, s) for s in (size, size * 0.68)]
        if kind == 2:
            shapes = [[(-s, top - s * 0.7), (s, top - s * 0.7), (0, top + s)] for s in (size * 1.15, size * 0.7)]
        if kind == 3:
            shapes = [box(-s * 1.7, top - s * 0.8, s * 1.7, top + s * 0.8) for s in (size, size * 0.45)]
        canvas.upright(shapes[0], at, rim, SIGN)
        canvas.upright(shapes[1], at, inner, SIGN)
        if kind < 2:
            canvas.bar((-size * 0.35, top), (size * 0.35, top), 0.14, at, white if kind else (40, 40, 40), SIGN)

    return draw


def traffic_light(rng: np.random.Generator, x: float) -> Draw:
    """Three lamps in a dark case on a pole; one of them is lit."""
    on = int(rng.integers(3))

    def draw(canvas: Canvas, z: float, t: int) -> None:
        at = (x, 0, z)
        canvas.bar((0, 0), (0, 2.5), 0.14, at, (70, 74, 76), POLE)
        canvas.upright(box(-0.24, 2.4, 0.24, 3.5), at, (26, 28, 30), SIGN)
        for i, colour in enumerate([(60, 230, 120), (250, 180, 40), (250, 60, 50)]):
            canvas.upright(disc(0, 2.6 + 0.35 * i, 0.15), at, colour, SIGN, 1 if i == on else 0.3)

    return draw
