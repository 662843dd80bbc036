"""What lies on the ground of a satellite tile: forest, water, fields and mines, one painter for each label.

A painter takes a random generator and the scene, and mixes its colours into the picture. The scene keeps, for each
label, the share of every pixel that still shows it, so that a label can be checked against the finished picture.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

SIDE = 128
FINE = 4  # shapes are drawn this much larger, then reduced
Y, X = np.mgrid[:SIDE, :SIDE] + 0.5
Rng = np.random.Generator

WATERS = np.array([(0.09, 0.15, 0.23), (0.13, 0.23, 0.31), (0.19, 0.31, 0.38), (0.40, 0.36, 0.28)])
CROPS = np.array(
    [(0.41, 0.47, 0.29), (0.34, 0.45, 0.23), (0.55, 0.48, 0.35), (0.45, 0.36, 0.27), (0.50, 0.36, 0.27)]
    + [(0.60, 0.56, 0.40), (0.28, 0.38, 0.20), (0.46, 0.49, 0.34), (0.38, 0.44, 0.27)]
)
SANDS = np.array([(0.78, 0.70, 0.54), (0.74, 0.58, 0.42), (0.74, 0.70, 0.62)])
BLOSSOMS = np.array([(0.86, 0.80, 0.38), (0.84, 0.82, 0.76), (0.80, 0.56, 0.66), (0.68, 0.58, 0.80)])


@dataclass
class Scene:
    """A tile in the making: the picture (128, 128, 3) in 0 to 1, and per label how much of each pixel shows it."""

    picture: np.ndarray = field(default_factory=lambda: np.zeros((SIDE, SIDE, 3)))
    shown: dict[str, np.ndarray] = field(default_factory=dict)
    course: np.ndarray | None = None  # the points of a river

    def paint(self, tag: str | None, share: np.ndarray, colour: np.ndarray) -> None:
        """Mix `colour` in with weight `share` (128, 128); what lay there before is shown that much less."""
        self.picture += share[..., None] * (colour - self.picture)
        for shown in self.shown.values():
            shown *= 1 - share
        if tag:
            self.shown[tag] = np.maximum(self.shown.get(tag, 0.0), share)

    def place(self, rng: Rng, margin: float = 24) -> np.ndarray:
        """A point (x, y) where there is forest left, if there is any."""
        points = rng.uniform(margin, SIDE - margin, (12, 2))
        forest = self.shown.get("primary", np.zeros((SIDE, SIDE)))
        around = [forest[int(y) - 12 : int(y) + 12, int(x) - 12 : int(x) + 12].mean() for x, y in points]
        return points[np.argmax(around)]


@cache
def _spline(cells: int, side: int) -> np.ndarray:
    """The matrix (side, cells + 3) that draws a smooth curve (cubic B-spline) through random numbers."""
    where = (np.arange(side) + 0.5) * cells / side
    first, t = where.astype(int), where % 1
    pieces = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    matrix = np.zeros((side, cells + 3))
    for i, piece in enumerate(pieces):
        matrix[np.arange(side), first + i] = piece
    return matrix


def noise(rng: Rng, cells: int, octaves: int = 1, side: int = SIDE) -> np.ndarray:
    """Smooth noise (side, side), mean 0 and deviation 1; each octave has half the grain and 0.6 of the weight."""
    total = np.zeros((side, side))
    for octave in range(octaves):
        spline = _spline(cells * 2**octave, side)
        total += 0.6**octave * (spline @ rng.normal(size=(spline.shape[1],) * 2) @ spline.T)
    return (total - total.mean()) / total.std()


def step(x: np.ndarray) -> np.ndarray:
    """From 0 to 1 while x goes from 0 to 1, smoothly."""
    x = x.clip(0, 1)
    return x * x * (3 - 2 * x)


def turn(angle: float) -> np.ndarray:
    """The rotation matrix by `angle`."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def any_angle(rng: Rng) -> float:
    """A direction, all equally likely."""
    return rng.uniform(0, 2 * np.pi)


def blob(rng: Rng, centre: np.ndarray, radius: float, rough: float = 0.25, edge: float = 1.5) -> np.ndarray:
    """A patch with an irregular outline, longer in one direction, fading out over `edge` pixels."""
    u, v = turn(any_angle(rng)) @ np.stack([X.ravel() - centre[0], Y.ravel() - centre[1]])
    distance = np.hypot(u * rng.uniform(0.75, 1), v * rng.uniform(1, 1.35)).reshape(SIDE, SIDE)
    outline = radius * (1 + rough * noise(rng, 6, 3)) - distance
    return step(outline / edge + 0.5)


def path(rng: Rng, through: np.ndarray, wander: float) -> np.ndarray:
    """Points (641, 2) of a line that crosses the tile in any direction, swinging by about `wander` pixels."""
    along = np.linspace(-160, 160, 641)
    lengths = rng.uniform(35, 160, (3, 1))  # a short bend swings less
    waves = lengths / 80 * np.sin(along * 2 * np.pi / lengths + rng.uniform(0, 2 * np.pi, (3, 1)))
    return np.stack([along, wander * waves.sum(0)], 1) @ turn(any_angle(rng)) + through


def _reduced(image: Image.Image) -> np.ndarray:
    return np.asarray(image.reduce(FINE)) / 255


def discs(centres: np.ndarray, radii: Iterable[float]) -> np.ndarray:
    """The share of each pixel that the discs cover."""
    image = Image.new("L", (SIDE * FINE,) * 2)
    draw = ImageDraw.Draw(image)
    for (x, y), r in zip(centres * FINE, np.asarray(radii) * FINE, strict=True):
        draw.ellipse((x - r, y - r, x + r, y + r), fill=255)
    return _reduced(image)


def lines(many: Iterable[np.ndarray], width: float) -> np.ndarray:
    """The share of each pixel that the lines, `width` pixels wide, cover."""
    image = Image.new("L", (SIDE * FINE,) * 2)
    draw = ImageDraw.Draw(image)
    for points in many:
        draw.line([tuple(p) for p in points * FINE], fill=255, width=max(1, round(width * FINE)), joint="curve")
    return _reduced(image)


def speckled(rng: Rng, colour: np.ndarray, *layers: tuple[int, float]) -> np.ndarray:
    """The colour, lighter and darker: each layer is a pair of a number of cells and a strength."""
    light = sum(strength * noise(rng, cells) for cells, strength in layers)
    return np.asarray(colour) * (1 + light[..., None])


def frayed(rng: Rng) -> np.ndarray:
    """A mask that breaks up round outlines."""
    return step(noise(rng, 50) * 0.7 + 1)


def canopy(rng: Rng, scene: Scene) -> None:
    """Forest: crowns lit from some side, over slow changes of tone."""
    height = noise(rng, 48) + 0.6 * noise(rng, 23) + 0.6 * noise(rng, 80)
    rows, columns = np.gradient(height)
    light = turn(any_angle(rng))[0] @ np.stack([rows.ravel(), columns.ravel()])
    tone = 0.12 * light.reshape(SIDE, SIDE) + 0.10 * height + 0.05 * noise(rng, 3, 3)
    green = np.array([0.19, 0.27, 0.165]) * rng.uniform(0.85, 1.15) + rng.normal(0, 0.008, 3)
    drier = noise(rng, 4, 2)[..., None] * np.array([0.012, 0.004, 0.0])
    scene.picture = (green + drier) * (1 + tone[..., None])
    scene.shown["primary"] = np.ones((SIDE, SIDE))


def farmland(rng: Rng, scene: Scene) -> None:
    """Fields: a grid in any direction, every column cut at other places, with furrows and hedges."""
    everywhere = "primary" not in scene.shown
    fine = (np.mgrid[: 2 * SIDE, : 2 * SIDE].reshape(2, -1) + 0.5) / 2
    u, v = turn(any_angle(rng)) @ (fine - 64) + 128
    u, v = (a + rng.uniform(0, 3) * noise(rng, 3, side=2 * SIDE).ravel() for a in (u, v))
    column = np.searchsorted(np.cumsum(rng.uniform(14, 34, 24)), u)
    deep = rng.uniform(12, 36, 25)[column]
    place = v / deep + rng.uniform(0, 1, 25)[column]
    number = column * 32 + place.astype(int)
    region = blob(rng, scene.place(rng, 30), rng.uniform(20, 52)).repeat(2, 0).repeat(2, 1).ravel()
    share = np.bincount(number, region, 1000) / np.bincount(number, minlength=1000).clip(1)
    inside = (share > 0.5)[number] | everywhere
    furrow = np.sin(np.where(rng.random(1000)[number] < 0.5, u, v) * 2 * np.pi / rng.uniform(2.4, 4, 1000)[number])
    colours = rng.choice(rng.choice(CROPS, 5), 1000) * rng.uniform(0.85, 1.1, (1000, 1)) + rng.normal(
        0, 0.012, (1000, 3)
    )
    picture = colours[number] * (1 + (rng.uniform(0.01, 0.085, 1000)[number] * furrow)[:, None])
    hedge = (np.minimum(place % 1, 1 - place % 1) * deep < 0.5) & (rng.random(25) < 0.6)[column]
    picture[hedge] = (0.22, 0.30, 0.18)
    halves = (SIDE, 2, SIDE, 2)
    colour = picture.reshape(*halves, 3).mean((1, 3)) * (1 + 0.06 * noise(rng, 12, 3)[..., None])
    scene.paint("agriculture", inside.reshape(halves).mean((1, 3)), colour)


def gardens(rng: Rng, scene: Scene) -> None:
    """Shifting cultivation: a cluster of small, irregular, mottled clearings, some fresh, some growing over."""
    centre = scene.place(rng, 30)
    fresh, old = np.array([0.60, 0.52, 0.28]), np.array([0.46, 0.55, 0.22])
    for _ in range(rng.integers(7, 13)):
        colour = fresh + rng.uniform(0, 1) * (old - fresh)
        patch = blob(rng, centre + rng.normal(0, 16, 2), rng.uniform(4, 9), 0.5, 2)
        trees = step(noise(rng, 40, 2) - 0.5)
        scene.paint("cultivation", patch * (1 - 0.8 * trees), speckled(rng, colour, (32, 0.13), (9, 0.10)))


def bare(rng: Rng, scene: Scene) -> None:
    """Bare ground: sand or laterite without a straight edge, washed by rills."""
    patch = blob(rng, scene.place(rng), rng.uniform(17, 30), 0.4, 4)
    rills = 1 - 0.08 * step(1 - np.abs(noise(rng, 12, 3)) * 2)
    colour = speckled(rng, rng.choice(SANDS), (5, 0.07), (40, 0.05)) * rills[..., None]
    scene.paint("bare_ground", patch, colour)


def burn(rng: Rng, scene: Scene) -> None:
    """Slash and burn: charcoal with streaks of ash, scorched brown at the edge."""
    patch = blob(rng, scene.place(rng), rng.uniform(17, 29), 0.35, 12)
    scene.paint(None, step(patch * 4), speckled(rng, (0.35, 0.26, 0.18), (24, 0.15), (50, 0.1)))
    ash = 0.8 * step(noise(rng, 12, 4) * 0.8 - 0.4)[..., None]
    char = speckled(rng, (0.13, 0.115, 0.11), (20, 0.2), (50, 0.15))
    scene.paint("slash_burn", step(patch * 5 - 1.5), char + ash * (np.array([0.42, 0.40, 0.39]) - char))


def logging(rng: Rng, scene: Scene) -> None:
    """Selective logging: small gaps where single trees were felled, along faint tracks that end in the forest."""
    centre, angle = scene.place(rng, 36), any_angle(rng)
    main = np.stack([np.linspace(-38, 38, 20), 3 * np.sin(np.linspace(0, rng.uniform(3, 8), 20))], 1)
    tracks, gaps = [main], []
    for i, start in enumerate(main[1::2]):
        spur = np.stack([np.linspace(0, rng.uniform(2, 8), 6), np.linspace(0, rng.uniform(10, 28), 6)], 1)
        tracks.append(start + spur * (1, 1 if i % 2 else -1))
        gaps += [tracks[-1][rng.integers(2, 6)] + rng.normal(0, 1.5, 2) for _ in range(rng.integers(2, 5))]
    tracks, gaps = ([np.asarray(t) @ turn(angle) + centre for t in group] for group in (tracks, gaps))
    soil = speckled(rng, (0.62, 0.48, 0.34), (40, 0.1))
    scene.paint("selective_logging", 0.5 * lines(tracks, 0.75), soil)
    felled = discs(np.array(gaps), rng.uniform(1.4, 3.0, len(gaps))) * frayed(rng)
    scene.paint("selective_logging", 0.9 * felled, soil * rng.uniform(1.0, 1.25))


def windfall(rng: Rng, scene: Scene) -> None:
    """Blow-down: a gust has laid the trees out like a fan; pale trunks on brown litter."""
    centre, angle, reach = scene.place(rng, 36), any_angle(rng), rng.uniform(52, 78)
    n = int(reach * 5)
    way, spread = reach * np.sqrt(rng.uniform(0.02, 1, n)), rng.uniform(0.2, 0.5) * rng.normal(0, 1, n).clip(-2, 2)
    heading = np.stack([np.cos(angle + spread), np.sin(angle + spread)], 1)
    roots = way[:, None] * heading
    roots += centre - roots.mean(0) + rng.normal(0, 2.5, (n, 2))
    patchy = step(noise(rng, 12, 3) + 1)
    litter = discs(roots, rng.uniform(1.0, 3, n)) * patchy
    scene.paint("blow_down", 0.65 * litter, speckled(rng, (0.38, 0.35, 0.24), (40, 0.18)))
    trunks = [np.stack([root, root + h * rng.uniform(3, 7)]) for root, h in zip(roots, heading, strict=True)]
    scene.paint("blow_down", 0.85 * lines(trunks, 0.5) * patchy, np.array([0.74, 0.70, 0.62]))


def blossom(rng: Rng, scene: Scene) -> None:
    """Blooming: crowns of one kind of tree, scattered or in groups, in the colour of its flowers."""
    groups = rng.uniform(8, 120, (rng.integers(3, 8), 2))
    n = rng.integers(50, 140)
    centres = rng.choice(groups, n) + rng.normal(0, 13, (n, 2))
    crowns = discs(centres, 0.6 + rng.gamma(2, 0.4, n).clip(0, 2)) * scene.shown["primary"] * frayed(rng)
    scene.paint("blooming", 0.85 * crowns, speckled(rng, rng.choice(BLOSSOMS), (50, 0.12)))


def river(rng: Rng, scene: Scene) -> None:
    """Water: a winding river, wider and narrower, with a sandy bank here and there, or a lake."""
    colour = speckled(rng, rng.choice(WATERS), (3, 0.05), (12, 0.02))
    through = rng.uniform(30, 98, 2)
    if "primary" not in scene.shown and "agriculture" not in scene.shown:
        scene.paint("water", 1 - scene.shown["bare_ground"], speckled(rng, rng.choice(WATERS), (3, 0.10), (9, 0.03)))
        return
    if rng.random() < 0.15:
        scene.course = through + rng.uniform(15, 24) * np.stack([np.cos(t := np.linspace(0, 6, 60)), np.sin(t)], 1)
        scene.paint("water", blob(rng, through, rng.uniform(13, 30), 0.4), colour)
        return
    scene.course = path(rng, through, rng.uniform(5, 13))
    along = np.arange(len(scene.course))
    swell = np.sin(along / rng.uniform(14, 40) + any_angle(rng)) + np.sin(along / rng.uniform(8, 18) + any_angle(rng))
    radii = np.exp(rng.uniform(np.log(2.2), np.log(10))) * (1 + 0.16 * swell)
    bank = discs(scene.course, radii * 1.1 + 1.2) * step(noise(rng, 9, 2) - 0.2)
    scene.paint(None, 0.8 * bank, speckled(rng, (0.62, 0.55, 0.41), (40, 0.05)))
    scene.paint("water", discs(scene.course, radii), colour)


def small_mine(rng: Rng, scene: Scene) -> None:
    """Artisanal mine: bright pits and milky ponds, dug close together beside the water."""
    on_tile = np.abs(scene.course - 64).max(1) < 44
    spot = rng.choice(scene.course[on_tile] if on_tile.any() else scene.course[len(scene.course) // 2][None])
    n = rng.integers(14, 28)
    pits = spot + rng.normal(0, 10.5, (n, 2))
    radii = rng.uniform(1.8, 4.2, n)
    scar = discs(pits, radii + 1.5) * step(noise(rng, 20, 2) + 0.6)
    scene.paint("artisinal_mine", 0.8 * scar, speckled(rng, (0.58, 0.45, 0.30), (40, 0.1)))
    scene.paint(
        "artisinal_mine", 0.95 * discs(pits, radii) * frayed(rng), speckled(rng, (0.80, 0.70, 0.50), (50, 0.08))
    )
    ponds = rng.random(n) < 0.7
    pond = rng.choice(np.array([(0.45, 0.62, 0.60), (0.66, 0.66, 0.50), (0.35, 0.52, 0.44)]))
    scene.paint("artisinal_mine", discs(pits[ponds], radii[ponds] * 0.5), pond)


def great_mine(rng: Rng, scene: Scene) -> None:
    """Conventional mine: one great pit in terraces, its rim of spoil, water at the bottom, a road to it."""
    centre, radius = scene.place(rng, 36), rng.uniform(18, 29)
    outline = 1 + 0.16 * noise(rng, 4, 2)
    depth = 1 - np.hypot(X - centre[0], Y - centre[1]) / (radius * outline)
    floor = rng.normal(0, 0.22 * radius, 2) + centre
    depth = depth.clip(None, 1.15 - np.hypot(X - floor[0], Y - floor[1]) / (1.1 * radius * outline[::-1]))
    levels = rng.uniform(4, 7)
    wall = 1 - 0.22 * step(1 - np.abs(depth * levels % 1 - 0.5) * 2.5)
    rock = rng.choice(np.array([(0.64, 0.60, 0.54), (0.62, 0.49, 0.39), (0.56, 0.55, 0.55)]))
    shade = (wall * (1.08 - 0.5 * depth.clip(0, 1)))[..., None]
    scene.paint("conventional_mine", blob(rng, centre, radius * 1.1, 0.3, 4), speckled(rng, rock * 1.08, (30, 0.08)))
    scene.paint("conventional_mine", step(depth * 12 + 0.5), speckled(rng, rock, (40, 0.05), (12, 0.05)) * shade)
    scene.paint("conventional_mine", step((depth - rng.uniform(0.6, 0.85)) * 12), np.array([0.25, 0.39, 0.40]))
