"""What any drawn picture needs: a pen with its own axes, colours, backgrounds, things lying about, and light."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageDraw

TOO_LARGE = 4  # pictures are drawn that many times too large and made smaller, which smooths every edge
Colour = tuple[int, int, int]
ANGLES = np.linspace(0, 2 * np.pi, 40, endpoint=False)
CIRCLE = np.stack([np.cos(ANGLES), np.sin(ANGLES)], 1)
FUR = ((190, 150, 108), (228, 204, 168), (140, 146, 158), (186, 128, 76), (232, 226, 216), (98, 76, 62))
WHITE, BLACK = (255, 255, 255), (24, 20, 22)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`a` with a share of `b`: 0 gives `a`, 1 gives `b`."""
    return tuple(round(x + share * (y - x)) for x, y in zip(a, b, strict=True))


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between `low` and `high`, each as likely as any other."""
    return float(rng.uniform(low, high))


def any_colour(rng: np.random.Generator, low: int = 70, high: int = 235) -> Colour:
    """Any colour that is neither very dark nor very bright; as often as not one that fur may have."""
    if rng.random() < 0.5:
        return vary(FUR[rng.integers(len(FUR))], rng, 0.2, 0.08)
    return tuple(int(x) for x in rng.integers(low, high, 3))


def vary(colour: Colour, rng: np.random.Generator, light: float = 0.12, hue: float = 0.05) -> Colour:
    """The same colour, a little lighter or darker as a whole, and a little different in each channel."""
    gains = (1 + between(rng, -light, light)) * (1 + rng.uniform(-hue, hue, 3))
    return tuple(min(255, round(x * g)) for x, g in zip(colour, gains, strict=True))


def rounded(points: list[tuple[float, float]] | np.ndarray, times: int = 3) -> np.ndarray:
    """A closed outline with its corners cut off `times` times (G. Chaikin, 1974): nearly a smooth curve."""
    points = np.asarray(points, float)
    for _ in range(times):
        after = np.roll(points, -1, 0)
        points = np.stack([0.75 * points + 0.25 * after, 0.25 * points + 0.75 * after], 1).reshape(-1, 2)
    return points


def mirrored(half: list[tuple[float, float]]) -> np.ndarray:
    """The outline whose right half is given, from its top to its bottom."""
    left = [(-x, y) for x, y in reversed(half) if x > 0]
    return rounded(list(half) + left)


COATS: dict[str, tuple[Colour, Colour, Colour]] = {  # main colour, marks, light parts
    "brown": ((182, 142, 100), (102, 70, 46), (228, 208, 178)),
    "cream": ((226, 200, 160), (84, 64, 56), (242, 228, 204)),
    "grey": ((132, 140, 154), (78, 84, 96), (234, 234, 236)),
    "sand": ((198, 164, 116), (140, 106, 70), (224, 202, 164)),
    "tan": ((184, 124, 70), (62, 50, 46), (242, 236, 226)),
    "white": ((238, 234, 226), (52, 46, 46), (250, 246, 240)),
}
EYES = {"amber": (222, 150, 44), "blue": (92, 160, 222), "brown": (84, 52, 34), "green": (136, 176, 76)}
HEADS = {  # right half of the outline, from the top down, in units of about half a head
    "broad": [(0, -0.8), (0.7, -0.82), (1.2, -0.3), (1.2, 0.4), (0.75, 0.9), (0, 0.92)],
    "fox": [(0, -0.8), (0.7, -0.8), (1.05, -0.2), (1.05, 0.3), (0.5, 0.8), (0.3, 1.1), (0, 1.1)],
    "long": [(0, -0.85), (0.65, -0.85), (0.85, -0.2), (0.7, 0.35), (0.58, 1.15), (0, 1.2)],
    "round": [(0, -0.85), (0.65, -0.85), (1.1, -0.3), (1.12, 0.35), (0.65, 0.85), (0, 0.9)],
    "square": [(0, -0.85), (0.75, -0.85), (0.85, -0.3), (0.85, 0.6), (0.7, 1.15), (0, 1.15)],
    "wedge": [(0, -0.85), (0.7, -0.85), (0.98, -0.3), (0.85, 0.25), (0.4, 0.85), (0, 0.92)],
}
EARS = {  # outline of the right ear
    "button": [(0.5, -0.82), (0.95, -0.85), (1.25, -0.45), (1.15, -0.05), (0.95, -0.25)],
    "folded": [(0.26, -0.65), (0.38, -0.92), (0.44, -0.98), (0.88, -0.94), (0.94, -0.86), (0.92, -0.35)],
    "hanging": [(0.5, -0.8), (0.95, -0.75), (1.3, 0.2), (1.25, 0.85), (0.95, 0.9), (0.75, 0.1)],
    "large": [(0.2, -0.65), (0.75, -1.5), (0.85, -1.55), (0.95, -1.5), (1.02, -0.2)],
    "pointed": [(0.22, -0.7), (0.62, -1.3), (0.72, -1.36), (0.8, -1.3), (0.96, -0.35)],
    "small": [(0.5, -0.7), (0.88, -1.05), (0.98, -1.1), (1.04, -1.05), (1.1, -0.35)],
    "upright": [(0.26, -0.65), (0.66, -1.6), (0.74, -1.68), (0.82, -1.6), (0.92, -0.35)],
}
FLAP = [(0.34, -1.04), (1.0, -1.0), (1.12, -0.5), (1.08, -0.32), (0.94, -0.38)]  # the tip of a folded ear
SITTING = mirrored([(0, 0.2), (0.5, 0.3), (0.75, 1.1), (1.15, 2.1), (1.15, 3.0), (0.6, 3.2), (0, 3.2)])
FACE_STRIPES = [np.array([(1.2 * x - 0.1, -1), (1.2 * x + 0.1, -1), (x, -0.42)]) for x in (-0.36, 0, 0.36)]
FACE_STRIPES += [
    np.array([(1.4 * s, y - 0.1), (1.4 * s, y + 0.12), (0.66 * s, y)]) for y in (0, 0.3, 0.6) for s in (-1, 1)
]
FACE_SPOTS = [(x, y) for x in (-0.4, 0, 0.4) for y in (-0.75, -0.5)]
FACE_SPOTS += [(x * s, y) for x in (0.7, 0.96) for y in (0.02, 0.33, 0.61) for s in (-1, 1)]
BLAZE = [(-0.1, -1), (0.1, -1), (0.2, 0), (1, 0.5), (1, 1.3), (-1, 1.3), (-1, 0.5), (-0.2, 0)]
LYING = rounded([(-0.7, 0.4), (0.6, 0.2), (2.2, 0.25), (3.1, 0.7), (3.3, 1.7), (2.6, 2.0), (-0.7, 2.0), (-1.0, 1.2)])


class Pen:
    """Draws on `image` in axes of its own: `frame` takes a point (x, y, 1) to pixels of the image."""

    def __init__(self, image: Image.Image, frame: np.ndarray) -> None:
        self.image, self.frame, self.draw = image, frame, ImageDraw.Draw(image)
        self.scale = float(np.abs(np.linalg.det(frame[:, :2])) ** 0.5)

    def at(self, x: float, y: float, scale: float = 1.0, turn: float = 0.0, flip: int = 1) -> "Pen":
        """A pen whose axes start at (x, y), `scale` times as large, turned by `turn` radians, mirrored by flip -1."""
        c, s = scale * np.cos(turn), scale * np.sin(turn)
        inner = np.array([[c * flip, -s, x], [s * flip, c, y], [0, 0, 1]])
        return Pen(self.image, self.frame @ inner)

    def pixels(self, points: np.ndarray | list[tuple[float, float]]) -> list[tuple[int, int]]:
        """Where points lie on the image, in whole pixels."""
        points = np.asarray(points, float)
        return [tuple(p) for p in np.rint(points @ self.frame[:, :2].T + self.frame[:, 2]).astype(int).tolist()]

    def shape(self, points: np.ndarray | list[tuple[float, float]], fill: Colour, edge: Colour | None = None) -> None:
        """Fill an outline; with `edge`, draw a thin line round it."""
        self.draw.polygon(self.pixels(points), fill=fill)
        if edge is not None:
            self.line([*points, points[0], points[1]], 0.05, edge)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour, edge: Colour | None = None) -> None:
        """Fill an ellipse with the centre (x, y)."""
        self.shape(CIRCLE * (rx, ry) + (x, y), fill, edge)

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: Colour) -> None:
        """Fill the rectangle between two corners."""
        self.shape([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], fill)

    def line(self, points: np.ndarray | list[tuple[float, float]], width: float, fill: Colour) -> None:
        """Draw a line through points."""
        self.draw.line(self.pixels(points), fill=fill, width=max(1, round(width * self.scale)), joint="curve")

    @contextmanager
    def inside(self, outline: np.ndarray) -> Iterator["Pen"]:
        """A pen of which only what falls inside the outline stays."""
        layer, mask = self.image.copy(), Image.new("L", self.image.size)
        yield Pen(layer, self.frame)
        ImageDraw.Draw(mask).polygon(self.pixels(outline), fill=255)
        self.image.paste(layer, mask=mask)


def meadow(pen: Pen, w: int, h: int, rng: np.random.Generator) -> None:
    """Sky, hills, grass and flowers."""
    sky, grass = vary((140, 190, 226), rng, 0.2, 0.1), vary((112, 164, 76), rng, 0.25, 0.12)
    horizon = between(rng, 0.3, 0.7) * h
    pen.box(0, 0, w, h, sky)
    for _ in range(rng.integers(0, 4)):
        x, y, r = between(rng, 0, w), between(rng, 0, horizon), between(rng, 0.06, 0.12) * w
        for dx in (-1, 0, 1):
            pen.oval(x + dx * r, y, r * 1.2, r * (0.6 if dx else 0.9), mix(sky, WHITE, 0.7))
    for _ in range(rng.integers(0, 4)):
        r = between(rng, 0.25, 0.6) * w
        pen.oval(between(rng, 0, w), horizon + r * 0.6, r, r, vary(mix(grass, sky, 0.35), rng))
    pen.box(0, horizon, w, h, grass)
    for _ in range(rng.integers(10, 50)):
        x, y = between(rng, 0, w), between(rng, horizon, h)
        pen.line([(x, y), (x + between(rng, -3, 3), y - between(rng, 4, 9))], 1.2, mix(grass, BLACK, 0.25))
    petals = any_colour(rng, 150, 256)
    for _ in range(rng.integers(0, 12)):
        x, y = between(rng, 0, w), between(rng, horizon, h)
        pen.oval(x, y, 2.4, 2.4, petals)
        pen.oval(x, y, 1, 1, (250, 210, 70))


def room(pen: Pen, w: int, h: int, rng: np.random.Generator) -> None:
    """A wall with a window or a picture, and a floor, perhaps of boards."""
    wall, floor = any_colour(rng, 120, 240), vary((168, 128, 92), rng, 0.3, 0.15)
    edge = between(rng, 0.5, 0.85) * h
    pen.box(0, 0, w, h, wall)
    x, y, a, b = between(rng, 0, w), between(rng, 0.1, 0.4) * h, between(rng, 14, 30), between(rng, 14, 30)
    pen.box(x - a, y - b, x + a, y + b, mix(wall, rng.choice([WHITE, BLACK]).tolist(), 0.6))
    pen.box(x - a + 3, y - b + 3, x + a - 3, y + b - 3, any_colour(rng, 130, 250))
    if rng.random() < 0.5:
        pen.box(x - 1.2, y - b, x + 1.2, y + b, mix(wall, WHITE, 0.6))
        pen.box(x - a, y - 1.2, x + a, y + 1.2, mix(wall, WHITE, 0.6))
    pen.box(0, edge, w, h, floor)
    pen.box(0, edge - 3, w, edge, mix(wall, WHITE, 0.5))
    for x in range(int(rng.integers(0, 18)), w, 18) if rng.random() < 0.6 else ():
        pen.line([(x, edge), (x + (x - w / 2) * 0.8, h)], 0.8, mix(floor, BLACK, 0.25))


def cushion(pen: Pen, w: int, h: int, rng: np.random.Generator) -> None:
    """A wall, and a large cushion with stripes or dots."""
    wall, cloth = any_colour(rng, 90, 240), any_colour(rng)
    pen.box(0, 0, w, h, wall)
    top, side = between(rng, 0.35, 0.65) * h, between(rng, -0.1, 0.1) * w
    corners = [
        (side, top),
        (w / 2, top + 0.06 * h),
        (w - side, top),
        (w - side, h * 1.05),
        (w / 2, h),
        (side, h * 1.05),
    ]
    outline, second = rounded(corners), mix(cloth, any_colour(rng), 0.6)
    pen.shape(outline, cloth)
    with pen.inside(outline) as inner:
        paper(inner, w, h, rng, (cloth, second))
    pen.line([*outline, outline[0]], 1.5, mix(cloth, BLACK, 0.4))


def paper(pen: Pen, w: int, h: int, rng: np.random.Generator, colours: tuple[Colour, Colour] | None = None) -> None:
    """Stripes, dots, checks or nothing, in two colours."""
    first = any_colour(rng, 90, 240)
    first, second = colours or (first, mix(first, any_colour(rng), 0.5))
    kind, step = rng.integers(0, 4), between(rng, 11, 26)
    pen.box(0, 0, w, h, first)
    slope = between(rng, -0.6, 0.6)
    places = np.arange(-h, w + h, step)
    if kind == 0:
        for x in places:
            pen.line([(x - slope * h / 2, -2), (x + slope * h / 2, h + 2)], step * 0.45, second)
    elif kind == 1:
        for i, y in enumerate(np.arange(0, h + step, step)):
            for x in np.arange(step / 2 * (i % 2), w + step, step):
                pen.oval(x, y, step * 0.22, step * 0.22, second)
    elif kind == 2:
        for i, y in enumerate(np.arange(0, h + step, step)):
            for x in np.arange(step * (i % 2), w + step, 2 * step):
                pen.box(x, y, x + step, y + step, second)


def garden(pen: Pen, w: int, h: int, rng: np.random.Generator) -> None:
    """A wide sky behind a fence, above grass, sand or snow."""
    ground = vary([(120, 160, 84), (222, 200, 150), (236, 240, 246)][rng.integers(0, 3)], rng)
    sky, wood = vary((150, 196, 230), rng, 0.2, 0.12), vary((196, 176, 150), rng, 0.25, 0.15)
    pen.box(0, 0, w, h, sky)
    edge, step = between(rng, 0.55, 0.8) * h, between(rng, 13, 22)
    top = edge - between(rng, 0.2, 0.45) * h
    pen.box(0, edge, w, h, ground)
    for y in (top + 8, edge - 8):
        pen.box(0, y, w, y + 3, mix(wood, BLACK, 0.2))
    for x in np.arange(between(rng, -step, 0), w, step):
        pen.shape([(x, edge), (x, top), (x + step * 0.3, top - 4), (x + step * 0.6, top), (x + step * 0.6, edge)], wood)


BACKGROUNDS = (meadow, room, cushion, paper, garden)


def thing(pen: Pen, w: int, h: int, rng: np.random.Generator) -> None:
    """A ball, a bowl, a wooden block or a plant, anywhere in the lower half."""
    x, y, r = between(rng, 0, w), between(rng, 0.6, 0.98) * h, between(rng, 6, 13)
    colour, other = any_colour(rng), any_colour(rng)
    kind = rng.integers(0, 4)
    if kind == 0:
        pen.oval(x, y, r, r, colour)
        pen.line([(x - r * 0.9, y), (x, y - r * 0.4), (x + r * 0.9, y)], 2, other)
    elif kind == 1:
        pen.shape([(x - r, y - r / 2), (x + r, y - r / 2), (x + r * 1.3, y + r / 2), (x - r * 1.3, y + r / 2)], colour)
        pen.oval(x, y - r / 2, r, r * 0.3, other)
    elif kind == 2:
        pen.at(x, y, r, between(rng, -0.5, 0.5)).box(-1, -1, 1, 1, colour)
    else:
        pen.box(x - r * 0.6, y, x + r * 0.6, y + r, vary((190, 110, 70), rng))
        for dx in (-1, -0.4, 0.4, 1):
            pen.line(
                [(x, y), (x + dx * r * 0.6, y - r), (x + dx * r * 1.2, y - r * 1.7)], 2.5, vary((70, 130, 70), rng)
            )


def basket(pen: Pen, rng: np.random.Generator) -> None:
    """Woven, and hiding what is below the neck; in the axes of a pet."""
    colour, top = any_colour(rng), between(rng, 1.2, 1.6)
    right = between(rng, 1.4, 3.4)
    outline = np.array([(-1.6, top), (right, top), (right - 0.3, 4), (-1.3, 4)])
    pen.shape(outline, colour, mix(colour, BLACK, 0.4))
    with pen.inside(outline) as inner:
        for i, y in enumerate(np.arange(top + 0.15, 4, 0.3)):
            for x in np.arange(-1.6 + 0.3 * (i % 2), 3.5, 0.6):
                inner.box(x, y, x + 0.3, y + 0.2, mix(colour, BLACK, 0.18))
    pen.line([(-1.7, top), (right + 0.1, top)], 0.22, mix(colour, BLACK, 0.3))


def scene(w: int, h: int, rng: np.random.Generator, fewer_than: int) -> tuple[Image.Image, Pen]:
    """A place with fewer than so many things in it, TOO_LARGE times w x h, and the pen that draws on it."""
    large = Image.new("RGB", (w * TOO_LARGE, h * TOO_LARGE))
    pen = Pen(large, np.array([[TOO_LARGE, 0, 0], [0, TOO_LARGE, 0]], float))
    BACKGROUNDS[rng.integers(len(BACKGROUNDS))](pen, w, h, rng)
    for _ in range(rng.integers(0, fewer_than)):
        thing(pen, w, h, rng)
    return large, pen


def lit(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The picture under another light: as a whole, from one side, warmer or colder; with a little grain."""
    pixels = np.asarray(image, float)
    rows, columns = (np.linspace(-1, 1, n) for n in pixels.shape[:2])
    slope = between(rng, -0.16, 0.16) * rows[:, None] + between(rng, -0.16, 0.16) * columns
    warmth = between(rng, -0.18, 0.18)
    gains = between(rng, 0.7, 1.15) * np.array([1 + warmth, 1 + between(rng, -0.03, 0.03), 1 - warmth])
    grain = rng.integers(-3, 4, pixels.shape[:2])[:, :, None]
    return Image.fromarray(np.rint(pixels * gains * (1 + slope[:, :, None]) + grain).clip(0, 255).astype(np.uint8))
