"""A head made of ellipsoids, for `faces.py`: each ray of the camera is followed to the nearest one, and shaded.

Lengths are millimetres. In the head's own frame the origin is the bridge of the nose, x points to the picture's right,
y down and z away from the camera, when the head looks straight ahead.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

Paint = Callable[[np.ndarray], np.ndarray]  # points (n, 3) in the part's frame to colours (n, 3)
Keep = Callable[[np.ndarray], np.ndarray]  # points (n, 3) to true where the part is there
HEAD = np.array([0, 5, 82.0]), np.array([76, 116, 88.0])  # centre and radii of the smooth head


@dataclass
class Part:
    """An ellipsoid of the head, or of the body, which stays upright."""

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    paint: Paint
    keep: Keep | None = None
    turns: bool = True
    shine: float = 0.1
    joined: bool = False  # shaded as a piece of one smooth head, so that no seam shows


@dataclass
class Person:
    """How one of the people looks; colours are red, green, blue from 0 to 255."""

    skin: tuple[int, int, int]
    hair: tuple[int, int, int]
    style: str  # short, long, bun, curls or bald
    shirt: tuple[int, int, int]
    wall: tuple[int, int, int]
    beard: str = ""  # full or moustache
    glasses: tuple[int, int, int] | None = None
    hat: str = ""  # cap, woolly or brim
    cloth: tuple[int, int, int] = (60, 60, 60)
    stripes: bool = False
    eyes: tuple[int, int, int] = (70, 50, 40)
    broad: float = 1.0
    parts: list[Part] = field(default_factory=list)


def plain(colour, rough: float = 0.0, wave: float = 0.25) -> Paint:
    """One colour, with strands or folds of lighter and darker."""
    base = np.array(colour, float)

    def paint(p: np.ndarray) -> np.ndarray:
        strands = np.sin(wave * (p[:, 0] * 2 + 7 * np.sin(p[:, 1] * 0.06))) * np.sin(
            wave * 0.7 * p[:, 2] + p[:, 1] * 0.05
        )
        return base * (1 + rough * strands)[:, None]

    return paint


def inside(p: np.ndarray, x: float, y: float, rx: float, ry: float) -> np.ndarray:
    """Which points lie, seen from the front, in an ellipse; mirrored to both sides of the face."""
    return ((np.abs(p[:, 0]) - x) / rx) ** 2 + ((p[:, 1] - y) / ry) ** 2 < 1


def face(who: Person) -> Paint:
    """Skin with eyes, brows, cheeks, mouth and beard."""
    skin, hair = np.array(who.skin, float), np.array(who.hair, float)

    def paint(p: np.ndarray) -> np.ndarray:
        x, y, front = np.abs(p[:, 0]), p[:, 1], p[:, 2] < 62
        colour = np.repeat(skin[None], len(p), 0)
        cheek = np.exp(-(((x - 38) / 20) ** 2) - ((y - 38) / 18) ** 2) * front
        colour += cheek[:, None] * np.array([14, -12, -8])
        socket = np.exp(-(((x - 31) / 17) ** 2) - ((y + 3) / 11) ** 2) * front
        colour *= 1 - 0.2 * socket[:, None]
        if who.beard == "full":
            chin = (y > 44 - 0.10 * x + 9 * np.cos(x / 9)) & (p[:, 2] < 105)
            colour[chin] = hair * (0.9 + 0.2 * np.sin(p[chin, :1] * 0.9) * np.cos(p[chin, 1:2] * 0.5))
        if who.beard:
            colour[front & inside(p, 11, 50, 19, 6.5)] = hair
        colour[front & (np.abs(y + 19 - ((x - 31) / 9) ** 2) < 4.2) & (np.abs(x - 31) < 19)] = hair * 0.75
        white, iris = front & inside(p, 31, 0, 14.5, 8), front & inside(p, 31, 0, 7.2, 7.2)
        colour[white] = (238, 236, 232)
        colour[iris & white] = who.eyes
        colour[front & inside(p, 31, 0, 3.4, 3.4)] = (15, 12, 12)
        colour[front & (np.abs(y + 7.5 - ((x - 31) / 12) ** 2) < 2) & (np.abs(x - 31) < 15)] = skin * 0.35
        lips = front & inside(p, 0, 64, 25, 8.5)
        colour[lips] = skin * np.array([0.86, 0.55, 0.55])
        colour[lips & (np.abs(y - 63) < 1.8)] = skin * 0.3
        return colour

    return paint


def hair_parts(who: Person) -> list[Part]:
    """The hair, by style."""
    colour = plain(who.hair, 0.22, 0.35)

    def above(p: np.ndarray) -> np.ndarray:
        """A hair line over the forehead, before the ears and down to the neck."""
        return (p[:, 1] < -58 - 0.002 * p[:, 0] ** 2 + np.maximum(p[:, 2] - 20, 0) * 1.5) & (p[:, 1] < 60)

    if who.style == "bald":
        return []
    parts = [Part((0, -22, 96), (84 * who.broad, 103, 101), colour, above)]
    if who.style == "long":
        parts.append(Part((0, 40, 118), (99 * who.broad, 150, 82), colour, lambda p: p[:, 2] > 62))
    if who.style == "bun":
        parts.append(Part((0, -105, 140), (38, 36, 38), colour))
    if who.style == "curls":
        angles = [(a, b) for a in np.arange(-2.6, 2.7, 0.65) for b in (0.15, 0.75, 1.25)]
        for a, b in angles:
            spot = (92 * np.sin(a) * np.cos(b), -35 - 82 * np.sin(b), 105 + 90 * np.cos(a) * np.cos(b))
            parts.append(Part(spot, (30, 30, 30), colour))
        parts = [part for part in parts if part.centre[2] > 30 or part.centre[1] < -80]
    return parts


def hat_parts(who: Person) -> list[Part]:
    """The hat, if any."""
    cloth, band = plain(who.cloth, 0.06, 0.1), plain(np.array(who.cloth) * 0.6)
    parts = []
    if who.hat:
        crown = (90 * who.broad, 96, 107) if who.hat == "woolly" else (88 * who.broad, 78, 105)
        parts.append(Part((0, -46, 96), crown, cloth, lambda p: p[:, 1] < -44))
    if who.hat == "woolly":
        parts.append(Part((0, -50, 96), (93 * who.broad, 15, 111), band))
        parts.append(Part((0, -150, 96), (24, 24, 24), band))
    if who.hat == "cap":
        parts.append(Part((0, -46, -8), (62, 6, 66), band, lambda p: p[:, 2] < 20))
    if who.hat == "brim":
        parts.append(Part((0, -50, 96), (158, 7, 168), cloth))
        parts.append(Part((0, -60, 96), (90 * who.broad, 14, 107), band))
    return parts


def build(who: Person) -> list[Part]:
    """All parts of a person."""
    w, skin = who.broad, plain(who.skin)

    def shirt(p: np.ndarray) -> np.ndarray:
        colour = plain(who.shirt, 0.05, 0.05)(p)
        if who.stripes:
            colour[np.sin(p[:, 1] / 6.5) > 0.2] = (236, 234, 228)
        return colour

    parts = [
        Part((0, -20, 92), (76 * w, 96, 93), face(who), joined=True),
        Part((0, 42, 62), (61 * w, 76, 69), face(who), joined=True),
        Part((0, 30, -6), (12, 27, 16), skin, shine=0.2),
        Part((0, 44, -10), (15, 11, 15), skin, shine=0.2),
        Part((0, 135, 105), (52 * w, 95, 54), plain(np.array(who.skin) * 0.88), turns=False),
        Part((0, 312, 125), (207, 146, 98), shirt, turns=False, shine=0.03),
        Part((0, 650, 125), (222, 420, 103), shirt, turns=False, shine=0.03),
    ]
    parts += [Part((side * 77 * w, 12, 98), (11, 31, 20), skin) for side in (-1, 1)]
    if who.glasses:
        frame = plain(who.glasses)
        for side in (-1, 1):
            ring = lambda p, side=side: np.abs(np.hypot((p[:, 0] - side * 32) / 1.15, p[:, 1] - 2) - 19) < 3.2  # noqa: E731
            parts.append(Part((side * 32, 2, -16), (27, 24, 3), frame, ring, shine=0.4))
            parts.append(Part((side * 78 * w, 0, 38), (3, 4, 56), frame, shine=0.3))
        parts.append(Part((0, -2, -18), (12, 3.5, 3), frame, shine=0.4))
    return parts + hair_parts(who) + hat_parts(who)


def turned(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """The rotation matrix (3, 3) from the head's frame to the camera's; angles in radians."""
    (a, b, c), (sa, sb, sc) = np.cos([yaw, pitch, roll]), np.sin([yaw, pitch, roll])
    about_y = np.array([[a, 0, sa], [0, 1, 0], [-sa, 0, a]])
    about_x = np.array([[1, 0, 0], [0, b, -sb], [0, sb, b]])
    about_z = np.array([[c, -sc, 0], [sc, c, 0], [0, 0, 1]])
    return about_y @ about_x @ about_z


def cast(picture: np.ndarray, depth: np.ndarray, part: Part, pose: np.ndarray, at: np.ndarray, lens, light) -> None:
    """Draw one part into `picture` (rows, columns, 3) where it is nearer than `depth` (rows, columns).

    Args:
        pose: rotation (3, 3) of the head; `at`: its origin in the camera's frame.
        lens: focal length, and column and row of the axis, in pixels.
        light: the direction that the light comes from.
    """
    focal, middle, level = lens
    pivot = np.array([0, 100, 100.0])  # the head turns on the neck; what does not turn hangs from here
    turn = pose if part.turns else np.eye(3)
    centre = at + pose @ np.array(part.centre) if part.turns else at + pose @ pivot + (np.array(part.centre) - pivot)
    reach = max(part.radii) * 1.15 * focal / max(centre[2] - max(part.radii), 100)
    column, row = middle + focal * centre[0] / centre[2], level + focal * centre[1] / centre[2]
    rows = slice(max(0, int(row - reach)), max(0, int(row + reach) + 2))
    columns = slice(max(0, int(column - reach)), max(0, int(column + reach) + 2))
    v, u = np.mgrid[: depth.shape[0], : depth.shape[1]][:, rows, columns]
    if not u.size:
        return
    rays = np.stack([(u + 0.5 - middle) / focal, (v + 0.5 - level) / focal, np.ones(u.shape)], -1) @ turn / part.radii
    start = -(centre @ turn) / part.radii
    a, b, c = (rays**2).sum(-1), rays @ start, start @ start - 1
    root = np.sqrt(np.maximum(b * b - a * c, 0))
    open_ = b * b > a * c
    for sign in (-1, 1):  # the near side, and where that is cut away the inside of the far one
        z = (-b + sign * root) / a
        seen = open_ & (z < depth[rows, columns]) & (z > 50)
        points = (start + rays[seen] * z[seen][:, None]) * part.radii
        own = points + (np.array(part.centre) if part.turns or part.keep else 0)
        if part.keep is not None:
            there = part.keep(own)
            seen[seen] = there
            points, own = points[there], own[there]
        normal = (own - HEAD[0]) / np.square(HEAD[1]) if part.joined else points / np.square(part.radii)
        normal = (-sign * normal / np.linalg.norm(normal, axis=1, keepdims=True)) @ turn.T
        facing = np.clip(normal @ light, 0, 1)
        colour = part.paint(own) * (0.42 + 0.66 * facing)[:, None] + 255 * part.shine * facing[:, None] ** 24
        depth[rows, columns][seen] = z[seen]
        picture[rows, columns][seen] = colour
        if part.keep is None:
            break
