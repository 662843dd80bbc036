"""The shapes and textures that the drawn pictures are made of, each computed once and looked up from then on."""

import math
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

SHAPES = [
    "circle",
    "oval",
    "triangle",
    "square",
    "bar",
    "star",
    "hexagon",
    "crescent",
    "ring",
    "cross",
    "arrow",
    "heart",
    "drop",
    "half",
    "flower",
    "wedge",
    "diamond",
    "leaf",
]
TEXTURES = [
    "plain",
    "stripes",
    "waves",
    "broken",
    "checks",
    "dots",
    "spots",
    "rosettes",
    "grid",
    "bricks",
    "zigzag",
    "scales",
    "fine",
    "clouds",
    "blotches",
    "veins",
    "strokes",
]
ORIENTED = ("stripes", "waves", "broken", "zigzag", "strokes")  # those whose direction (of 180 degrees) can be told
REACH = 1.5  # a shape's own coordinates run from -REACH to REACH; the shape itself has a radius of about 1
SIDE = 192  # rows and columns of a texture
VARIANTS = 24  # pictures of each texture


def plane(side: int, reach: float) -> tuple[Tensor, Tensor]:
    """Coordinates x (to the right) and y (down) of the centres of side x side pixels, from -reach to reach."""
    steps = ((torch.arange(side) + 0.5) / side * 2 - 1) * reach
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    return x, y


def polygon(x: Tensor, y: Tensor, points: list[tuple[float, float]]) -> Tensor:
    """True inside the polygon: a ray to the right crosses its border an odd number of times."""
    inside = torch.zeros_like(x, dtype=torch.bool)
    for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1], strict=True):
        if y1 != y2:
            inside ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside


def around(corners: int, radii: tuple[float, ...] = (1.0,)) -> list[tuple[float, float]]:
    """Corners at equal angles about the origin, the first on top, their distances taken from `radii` in turn."""
    turns = [2 * math.pi * i / corners for i in range(corners)]
    return [(radii[i % len(radii)] * math.sin(t), -radii[i % len(radii)] * math.cos(t)) for i, t in enumerate(turns)]


def insides(x: Tensor, y: Tensor) -> dict[str, Tensor]:
    """For each shape: True where the point lies in it."""
    r, angle = (x**2 + y**2).sqrt(), torch.atan2(y, x)
    ax, ay = x.abs(), y.abs()
    arrow = [(0, -1), (0.75, -0.1), (0.3, -0.1), (0.3, 1), (-0.3, 1), (-0.3, -0.1), (-0.75, -0.1)]
    hx, hy = x * 1.15, -y * 1.15 + 0.1
    found = {
        "circle": r < 1,
        "oval": x**2 + (y / 0.6) ** 2 < 1,
        "triangle": polygon(x, y, [(0, -1), (0.9, 0.75), (-0.9, 0.75)]),
        "square": torch.maximum(ax, ay) < 0.85,
        "bar": (ax < 1) & (ay < 0.28),
        "star": polygon(x, y, around(10, (1.1, 0.45))),
        "hexagon": polygon(x, y, around(6)),
        "crescent": (r < 1) & ((x - 0.45) ** 2 + y**2 > 0.8**2),
        "ring": (r < 1) & (r > 0.58),
        "cross": ((ax < 0.32) | (ay < 0.32)) & (torch.maximum(ax, ay) < 1),
        "arrow": polygon(x, y, arrow),
        "heart": (hx**2 + hy**2 - 1) ** 3 < hx**2 * hy**3,
        "drop": (x**2 + (y - 0.35) ** 2 < 0.65**2) | polygon(x, y, [(0, -1.1), (0.58, 0.1), (-0.58, 0.1)]),
        "half": (x**2 + (y + 0.4) ** 2 < 1) & (y > -0.4),
        "flower": r < 0.75 + 0.3 * torch.cos(5 * angle),
        "wedge": (r < 1) & (angle.abs() > 0.6),
        "diamond": ax / 0.6 + ay < 1.05,
        "leaf": ((ax + 0.75) ** 2 + y**2) < 1.25**2,
    }
    return {name: found[name] for name in SHAPES}


@cache
def shape_atlas(side: int = 96) -> Tensor:
    """Signed distances to the border, negative inside: (shapes, side, side), in the shape's own coordinates."""
    x, y = plane(side, REACH)
    points = torch.stack([x.flatten(), y.flatten()], 1)
    fine_x, fine_y = plane(4 * side, REACH)
    distances = []
    for inside, fine in zip(insides(x, y).values(), insides(fine_x, fine_y).values(), strict=True):
        border = torch.zeros_like(fine)
        border[1:] |= fine[1:] ^ fine[:-1]
        border[:, 1:] |= fine[:, 1:] ^ fine[:, :-1]
        line = torch.stack([fine_x[border], fine_y[border]], 1)[::2]
        distance = torch.cdist(points, line).amin(1).reshape(side, side)
        distances.append(torch.where(inside, -distance, distance))
    return torch.stack(distances)


def noise(generator: torch.Generator, cells: int, octaves: int = 1, stretch: int = 1) -> Tensor:
    """Smooth random values about 0 with spread 1, (SIDE, SIDE): `cells` bumps across, each octave twice as fine."""
    total = torch.zeros(SIDE, SIDE)
    for octave in range(octaves):
        rows = min(cells * 2**octave, SIDE)
        coarse = torch.randn(1, 1, rows, max(rows // stretch, 2), generator=generator)
        fine = F.interpolate(coarse, (SIDE, SIDE), mode="bicubic", align_corners=False)
        total += fine[0, 0] * 0.6**octave
    return (total - total.mean()) / total.std()


def step(values: Tensor, sharpness: float = 4.0) -> Tensor:
    """0 where the values are clearly negative, 1 where clearly positive, with a soft edge between."""
    return (values * sharpness).clamp(-0.5, 0.5) + 0.5


def regular(kind: str, period: float, share: float, generator: torch.Generator) -> Tensor:
    """A repeating texture, (SIDE, SIDE): `period` in its pixels, `share` of it covered."""
    x, y = plane(SIDE, SIDE / 2)
    u, v = (x / period) % 1, (y / period) % 1
    near = (0.5 - share / 2) - (v - 0.5).abs()  # negative within a band of width `share` in each period
    if kind == "stripes":
        return step(-near, period / 2)
    if kind == "waves":
        return step(share / 2 - ((y / period + 0.35 * torch.sin(x / period * 2.5)) % 1 - 0.5).abs(), period / 2)
    if kind == "broken":
        bend = y / period + 0.25 * noise(generator, int(SIDE / period / 1.5) + 2)
        gaps = noise(generator, int(SIDE / period) + 2, stretch=2)
        return step(share / 2 - (bend % 1 - 0.5).abs(), period / 2) * step(gaps + 0.6, 2)
    if kind == "checks":
        return step(torch.sin(2 * math.pi * x / period) * torch.sin(2 * math.pi * y / period), period / 5)
    if kind == "dots":
        shifted = (x / period + 0.5 * torch.floor(y / period)) % 1
        return step(0.2 + 0.25 * share - ((shifted - 0.5) ** 2 + (v - 0.5) ** 2).sqrt(), period / 2)
    if kind == "grid":
        return step(torch.maximum((u - 0.5).abs(), (v - 0.5).abs()) - 0.5 + share / 3.5, period / 2)
    if kind == "bricks":
        joint = (x / period / 2 + 0.5 * torch.floor(y / period)) % 1
        wide = torch.maximum((joint - 0.5).abs() * 2 - 0.5, (v - 0.5).abs())
        return step(wide - 0.5 + share / 4, period / 2)
    if kind == "zigzag":
        return step(share / 2 - ((y / period + (2 * u - 1).abs() * 0.8) % 1 - 0.5).abs(), period / 2)
    shifted = (x / period + 0.5 * torch.floor(y / period)) % 1  # scales: a bow in each cell, rows shifted by half
    return step(((((shifted - 0.5) * 1.3) ** 2 + v**2).sqrt() - 0.75).abs() - 0.05 - share / 8, -period / 2)


def scattered(kind: str, period: float, share: float, generator: torch.Generator) -> Tensor:
    """Spots and rosettes at random places, (SIDE, SIDE): one in most cells of `period` pixels."""
    x, y = plane(SIDE, SIDE / 2)
    nearest = torch.full((SIDE, SIDE), 9.0)
    column, row = torch.floor(x / period), torch.floor(y / period)
    cells = int(SIDE / period) + 6
    shift_x, shift_y, radius = torch.rand(3, cells, cells, generator=generator)
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            at = ((row + i) % cells).long(), ((column + j) % cells).long()
            dx = x / period - column - j - 0.2 - 0.6 * shift_x[at]
            dy = y / period - row - i - 0.2 - 0.6 * shift_y[at]
            nearest = torch.minimum(nearest, (dx**2 + dy**2).sqrt() / (0.5 + 0.6 * radius[at]))
    distance = nearest - 0.25 - 0.35 * share
    if kind == "rosettes":
        distance = (distance + 0.1).abs() - 0.13
    return step(-distance, period / 2.5)


def natural(kind: str, period: float, generator: torch.Generator) -> Tensor:
    """A texture made of noise, (SIDE, SIDE), its lumps about `period` pixels across."""
    cells = int(SIDE / period) + 2
    if kind == "fine":
        return 0.5 + 0.25 * noise(generator, SIDE // 2) + 0.1 * noise(generator, SIDE)
    if kind == "clouds":
        return 0.5 + 0.3 * noise(generator, cells, octaves=4)
    if kind == "blotches":
        return step(noise(generator, cells, octaves=2) - 0.2, 2)
    if kind == "veins":
        return step(0.15 - noise(generator, cells, octaves=2).abs(), 3)
    return 0.5 + 0.35 * noise(generator, 3 * cells, octaves=2, stretch=5)  # strokes: drawn out along x


@cache
def texture_atlas(seed: int = 0) -> Tensor:
    """(textures x VARIANTS, SIDE, SIDE), 0 to 1: 0 is the first colour, 1 the second."""
    generator = torch.Generator().manual_seed(seed)
    pictures = []
    for kind in TEXTURES:
        for variant in range(VARIANTS):
            period = 8 * 3.5 ** (variant / (VARIANTS - 1))  # 8 to 28 of the texture's pixels
            share = 0.3 + 0.4 * torch.rand((), generator=generator).item()
            if kind == "plain":
                picture = torch.zeros(SIDE, SIDE)
            elif kind in ("spots", "rosettes"):
                picture = scattered(kind, period, share, generator)
            elif kind in ("fine", "clouds", "blotches", "veins", "strokes"):
                picture = natural(kind, period, generator)
            else:
                picture = regular(kind, period, share, generator)
            pictures.append(picture.clamp(0, 1))
    return torch.stack(pictures)
