"""Write the `streets` sample: drawn street scenes with a label for every pixel, in the layout of CamVid.

Sixteen videos of twelve frames. Each video has its own street, season, weather and time of day; within it the car
moves on by a metre a frame, so that neighbouring frames are nearly the same. `valid.txt` holds four whole videos.
"""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from .streets_scene import (
    BICYCLIST,
    BUILDING,
    CAR,
    CODES,
    EYE,
    FINE,
    FOCAL,
    HEIGHT,
    NEAR,
    PAVEMENT,
    PEDESTRIAN,
    ROAD,
    SKY,
    TREE,
    VOID,
    WIDTH,
    Canvas,
    Draw,
    Light,
    box,
    building,
    disc,
    fence,
    hedge,
    hsv,
    lamp,
    leaves,
    shadow,
    sign,
    traffic_light,
    tree,
)  # fmt: skip

TARGET = Path(__file__).parents[1] / "streets"
VIDEOS, FRAMES, HELD_OUT = 16, 12, (4, 7, 9, 14)

# Sky at the top and above the road, tint, haze reach, sides left and right, shadow, clouds, road wet.
WEATHER = [
    ((92, 148, 220), (190, 214, 236), (1.05, 1.02, 0.96), 260, (1.05, 0.7), 90, 0.4, 0),
    ((176, 182, 190), (214, 216, 218), (0.92, 0.94, 0.97), 150, (0.9, 0.86), 25, 0.2, 0),
    ((110, 150, 205), (238, 214, 178), (1.12, 0.98, 0.82), 220, (0.66, 1.1), 95, 0.3, 0),
    ((150, 158, 168), (196, 198, 200), (0.84, 0.87, 0.92), 160, (0.85, 0.85), 15, 0.3, 1),
    ((96, 108, 160), (230, 172, 140), (0.98, 0.88, 0.84), 240, (0.75, 1.0), 45, 0.5, 0),
    ((204, 210, 214), (226, 228, 228), (0.98, 0.99, 1.0), 110, (0.92, 0.9), 15, 0.1, 0),
]
CAR_SIDES = {  # (part of the length from the back, metres up), then the length; points 2-3 and 4-5 hold glass
    "sedan": ([(0, 0.3), (0, 0.95), (0.16, 1.0), (0.3, 1.42), (0.6, 1.42), (0.76, 0.98), (1, 0.82), (1, 0.3)], 4.4),
    "hatch": ([(0, 0.3), (0, 0.95), (0.03, 1.0), (0.14, 1.5), (0.6, 1.5), (0.78, 1.0), (1, 0.85), (1, 0.3)], 3.9),
    "van": ([(0, 0.3), (0, 1.0), (0, 1.15), (0.03, 2.0), (0.74, 2.0), (0.88, 1.2), (1, 1.0), (1, 0.3)], 4.9),
}  # fmt: skip


def car(rng: np.random.Generator, x: float, ahead: bool) -> Draw:
    """A car on four wheels, seen from behind where it looks `ahead`, else from the front."""
    profile, length = CAR_SIDES[str(rng.choice(list(CAR_SIDES)))]
    grey = rng.random() < 0.45
    colour = hsv(rng.random(), 0.03 if grey else rng.uniform(0.45, 0.85), rng.uniform(0.2, 0.95))
    dark, half = (28, 34, 44), rng.uniform(0.82, 0.92)

    def draw(canvas: Canvas, z: float, t: int) -> None:
        corners = [(z + length * (part if ahead else 1 - part), y) for part, y in profile]
        wide = [half * (0.8 if y > 1.3 else 1) for _, y in corners]
        here = -1 if x + canvas.curve * z * z / 2 > canvas.sideways else 1  # the flank that is seen
        shadow(canvas, x - half - 0.15, x + half + 0.15, z - 0.2, z + length + 0.2)
        canvas.upright(box(-half, 0.1, half, 0.6), (x, 0, z + 0.1), (16, 16, 18), CAR)
        strips = sorted(range(len(corners) - 1), key=lambda i: -min(corners[i][0], corners[i + 1][0]))
        for i in strips:
            (za, ya), (zb, yb), a, b = corners[i], corners[i + 1], wide[i], wide[i + 1]
            roof = abs(ya - yb) < 0.25 * abs(za - zb)
            shade = dark if i in (2, 4) else colour
            canvas.fill(
                [(x - a, ya, za), (x + a, ya, za), (x + b, yb, zb), (x - b, yb, zb)], shade, CAR, 1.1 if roof else 0.85
            )
        flank = [(x + here * w, y, depth) for (depth, y), w in zip(corners, wide, strict=True)]
        canvas.fill(flank, colour, CAR, canvas.light.sides[int(here < 0)])
        panes = [flank[i] for i in (2, 3, 4, 5)]
        middle = np.mean(panes, axis=0)
        canvas.fill([tuple(middle + (np.array(p) - middle) * 0.84) for p in panes], dark, CAR, 1.2)
        for part in (0.2, 0.8):
            for r, tone in ((0.33, 20), (0.17, 130)):
                wheel = [(x + here * half * 1.01, y, z + length * part + dz) for dz, y in disc(0, 0.33, r)]
                canvas.fill(wheel, (tone, tone, tone), CAR)
        lights = (190, 24, 28) if ahead else (250, 244, 214)
        for end in (-1, 1):
            canvas.upright(box(end * half * 0.72 - 0.15, 0.66, end * half * 0.72 + 0.15, 0.86), (x, 0, z), lights, CAR)
            canvas.upright(
                box(end * half * 0.75 - 0.14, 0, end * half * 0.75 + 0.14, 0.34), (x, 0, z), (14, 14, 14), CAR
            )
        canvas.upright(box(-0.26, 0.42, 0.26, 0.56), (x, 0, z), (225, 220, 190), CAR)

    return draw


def body(canvas: Canvas, at, code: int, looks: dict, swing: float, seat: float = 0.0) -> None:
    """A person, `looks["high"]` metres high, with one leg and arm `swing` metres before the other."""
    s, lean = looks["high"] / 1.75, 0.12 * swing if seat else 0
    hip, neck = seat + 0.85 * s, seat + 1.45 * s
    foot = seat + 0.25 * s if seat else 0.03
    for side in (-1, 1):
        canvas.bar(
            (0.08 * side, hip),
            (0.08 * side + side * swing / 2, foot),
            0.17 * s,
            at,
            looks["legs"],
            code,
            0.9 + 0.1 * side,
        )
    coat = [(-0.2, neck), (0.2, neck), (0.24, hip - 0.1), (-0.24, hip - 0.1)]
    canvas.upright([(dx * s + lean, y) for dx, y in coat], at, looks["coat"], code)
    for side in (-1, 1):
        hand = (0.27 * s * side - side * swing / 3, hip + 0.02)
        canvas.bar((0.2 * s * side + lean, neck - 0.08), hand, 0.11 * s, at, looks["coat"], code, 0.85)
    canvas.upright(disc(lean, neck + 0.16 * s, 0.12 * s, 0.15 * s), at, looks["skin"], code)
    canvas.upright(disc(lean, neck + 0.22 * s, 0.13 * s, 0.11 * s), at, looks["hair"], code)


def dress(rng: np.random.Generator) -> dict:
    """How a person looks."""
    return {
        "high": rng.uniform(1.55, 1.9),
        "coat": hsv(rng.random(), rng.uniform(0.2, 0.8), rng.uniform(0.25, 0.85)),
        "legs": hsv(rng.choice([0.08, 0.6]), rng.uniform(0.1, 0.5), rng.uniform(0.15, 0.45)),
        "skin": hsv(0.07, rng.uniform(0.3, 0.55), rng.uniform(0.45, 0.92)),
        "hair": hsv(0.08, rng.uniform(0.1, 0.6), rng.uniform(0.1, 0.55)),
    }


def pedestrian(rng: np.random.Generator, x: float) -> Draw:
    """Someone who walks, across or along."""
    looks, phase, pace = dress(rng), rng.uniform(0, 6), rng.choice([-0.12, 0.0, 0.12])

    def draw(canvas: Canvas, z: float, t: int) -> None:
        at = (x + pace * t, 0, z)
        shadow(canvas, at[0] - 0.3, at[0] + 0.3, z - 0.15, z + 0.15)
        body(canvas, at, PEDESTRIAN, looks, 0.5 * math.sin(phase + 1.1 * t))

    return draw


def bicyclist(rng: np.random.Generator, x: float) -> Draw:
    """Someone on a bicycle, from behind or, where the street is crossed, from the side."""
    looks, frame, across = dress(rng), hsv(rng.random(), 0.7, 0.7), rng.random() < 0.5
    pace = rng.choice([-0.15, 0.15]) if across else 0.0

    def draw(canvas: Canvas, z: float, t: int) -> None:
        at, black = (x + pace * t, 0, z), (20, 20, 22)
        shadow(canvas, at[0] - 0.7 * across - 0.2, at[0] + 0.7 * across + 0.2, z - 0.2, z + 0.2)
        if across:
            for end in (-0.52, 0.52):
                canvas.upright(disc(end, 0.34, 0.35), at, black, BICYCLIST, 1, 215)
                canvas.upright(disc(end, 0.34, 0.25), at, (150, 150, 150), BICYCLIST, 1, 150)
            for a, b in (((-0.52, 0.34), (-0.15, 0.85)), ((-0.15, 0.85), (0.4, 0.8)), ((0.4, 0.9), (0.52, 0.34))):
                canvas.bar(a, b, 0.07, at, frame, BICYCLIST)
        else:
            canvas.upright(disc(0, 0.34, 0.07, 0.35), at, black, BICYCLIST)
            canvas.bar((-0.3, 1.02), (0.3, 1.02), 0.06, at, black, BICYCLIST)
            canvas.bar((0, 0.3), (0, 0.9), 0.07, at, frame, BICYCLIST)
        body(canvas, at, BICYCLIST, looks, 0.3 * math.sin(1.3 * t), seat=0.12)

    return draw


def oddment(rng: np.random.Generator, x: float) -> Draw:
    """What none of the classes names, and is void: a bin, a parked scooter, a bench."""
    kind, colour = rng.integers(3), hsv(rng.random(), rng.uniform(0.2, 0.8), rng.uniform(0.25, 0.7))

    def draw(canvas: Canvas, z: float, t: int) -> None:
        at, black = (x, 0, z), (24, 24, 26)
        shadow(canvas, x - 0.6, x + 0.6, z - 0.3, z + 0.3)
        if kind == 0:
            canvas.upright([(-0.3, 0), (0.3, 0), (0.36, 1.1), (-0.36, 1.1)], at, colour, VOID)
            canvas.upright(box(-0.4, 1.05, 0.4, 1.22), at, colour, VOID, 0.7)
        elif kind == 1:
            for end in (-0.55, 0.55):
                canvas.upright(disc(end, 0.25, 0.27), at, black, VOID)
            canvas.upright(
                [(-0.8, 0.4), (0.1, 0.35), (0.5, 0.3), (0.5, 1.1), (0.3, 0.6), (-0.7, 0.85)], at, colour, VOID
            )
        else:
            canvas.upright(box(-0.9, 0.4, 0.9, 0.52), at, colour, VOID)
            canvas.upright(box(-0.9, 0.65, 0.9, 0.95), at, colour, VOID, 0.85)
            for end in (-0.75, 0.75):
                canvas.bar((end, 0), (end, 0.9), 0.1, at, black, VOID)

    return draw


class Street:
    """One video: its street, its light and how the car moves through it."""

    def __init__(self, video: int) -> None:
        rng = self.rng = np.random.default_rng([2009, video])
        weather = WEATHER[int(rng.integers(len(WEATHER)))]
        tint = tuple(c * rng.uniform(0.94, 1.06) for c in weather[2])
        swap = rng.random() < 0.5
        sides = weather[4][::-1] if swap else weather[4]
        self.sunny_side = 1 if sides[0] < sides[1] else -1
        self.light = Light(tint, weather[1], weather[3], sides, weather[5])
        self.sky, self.cloud, self.wet = weather[:2], weather[6], weather[7]
        self.curve, self.bend = rng.uniform(-0.005, 0.005), rng.uniform(-0.0001, 0.0001)
        self.horizon, self.speed = rng.uniform(0.4, 0.5) * HEIGHT * FINE, rng.uniform(0.5, 1.2)
        self.sway, self.phase = rng.uniform(0.05, 0.25), rng.uniform(0, 6)
        self.half, self.walk = rng.uniform(3.2, 4.6), rng.uniform(2.2, 4.2)
        self.road = hsv(rng.uniform(0.05, 0.7), rng.uniform(0.0, 0.07), rng.uniform(0.3, 0.46))
        self.paving = hsv(rng.uniform(0.04, 0.11), rng.uniform(0.18, 0.3), rng.uniform(0.64, 0.78))
        self.dashes, self.edges = rng.uniform(2, 4), rng.random() < 0.5
        self.bonnet = hsv(rng.random(), 0.4, rng.uniform(0.15, 0.5)) if rng.random() < 0.3 else None
        self.noise = [rng.normal(0, 1, shape) for shape in ((256, 256), (120, 160), (30, 40), (12, 16))]
        self.hue = rng.choice([0.22, 0.25, 0.28, 0.31, 0.15])
        self.things = self.houses(rng, -1) + self.houses(rng, 1) + self.furniture(rng) + self.traffic(rng)

    def houses(self, rng: np.random.Generator, side: int) -> list:
        """The row along one side: houses, and here and there a garden behind a fence."""
        z, row, x = -8.0, [], side * (self.half + self.walk)
        hue, grey, green = rng.uniform(0, 0.11), rng.uniform(0.15, 0.5), rng.choice([0.15, 0.35, 0.6])
        board = hsv(rng.uniform(0.06, 0.11), rng.uniform(0.3, 0.6), rng.uniform(0.5, 0.85))
        while z < 130:
            length = rng.uniform(7, 14)
            if rng.random() < green:
                row += [(z, length, hedge(rng, x, length, self.hue)), (z, length - 0.01, fence(rng, x, length, board))]
                trunks = rng.uniform(0, length, 2)
                row += [(z + along, 0.25, tree(rng, x + side * 1.6, self.hue)) for along in trunks]
            else:
                colour = hsv(hue + rng.normal(0, 0.02), grey * rng.uniform(0.8, 1.2), rng.uniform(0.5, 0.82))
                row.append((z, length, building(rng, x + side * rng.uniform(0, 0.4), length, colour)))
            z += length
        return [(z, long, 0.0, draw) for z, long, draw in row]

    def furniture(self, rng: np.random.Generator) -> list:
        """What stands on the pavements: the maker, metres between two of a kind, and the place across (0: kerb)."""
        metal = hsv(rng.uniform(0.4, 0.6), rng.uniform(0, 0.2), rng.uniform(0.15, 0.3))

        def planted(rng: np.random.Generator, x: float) -> Draw:
            return tree(rng, x, self.hue)

        kinds: list[tuple[Callable, float, float]] = [
            (lambda r, x: lamp(r, x, metal), 19, 0.1), (sign, 17, 0.12), (traffic_light, 45, 0.1), (oddment, 15, 0.35),
            (pedestrian, 9, 0.55), (bicyclist, 30, 0.3), (planted, rng.uniform(9, 40), 0.25),
        ]  # fmt: skip
        things = []
        for make, apart, across in kinds:
            for side in (-1, 1):
                z = rng.uniform(4, 4 + apart)
                while z < 60:
                    x = side * (self.half + self.walk * float(np.clip(across + rng.normal(0, 0.08), 0.06, 0.85)))
                    pace = rng.uniform(-0.1, 0.1) if make is pedestrian else 0.0
                    things.append((z, 0.25 if make is planted else 0.1, pace, make(rng, x)))
                    z += apart * rng.uniform(0.6, 1.4)
        return things

    def traffic(self, rng: np.random.Generator) -> list:
        """Cars parked and driving, bicycles on the road, someone who crosses it."""
        things = []
        for side in (-1, 1):
            z, often = rng.uniform(6, 12), rng.uniform(0.15, 0.75)
            while z < 80:
                if rng.random() < often:
                    things.append((z, 0.3, 0.0, car(rng, side * (self.half - 0.95), side > 0)))
                z += rng.uniform(5.6, 8)
        for lane, away, pace in ((0.9, True, self.speed), (-1.1, False, -0.9)):
            z = rng.uniform(9, 24)
            while z < 90:
                things.append((z, 0.3, pace * rng.uniform(0.8, 1.1), car(rng, lane, away)))
                z += rng.uniform(16, 40)
        things.append((rng.uniform(9, 15), 0.1, 0.8 * self.speed, bicyclist(rng, rng.uniform(1.6, 2.3))))
        things += [(z, 0.1, 0.5 * self.speed, pedestrian(rng, rng.uniform(-2, 2))) for z in rng.uniform(14, 40, 2)]
        return things

    def backdrop(self, canvas: Canvas) -> None:
        """Sky, and the far end of the street: trees and roofs in the haze."""
        wide, steep = WIDTH * FINE, np.linspace(0, 1, int(canvas.horizon) + 9 * FINE)[:, None, None]
        clouds = np.clip(
            smooth(self.noise[2], (len(steep), wide)) + 0.6 * smooth(self.noise[1], (len(steep), wide)), 0, 2
        )
        top, low = (np.array(c, float) for c in self.sky)
        sky = top + (low - top) * np.minimum(steep * 1.1, 1)
        sky = sky + (np.minimum(low + 25, 255) - sky) * (self.cloud * clouds[..., None])
        canvas.picture.paste(Image.fromarray(sky.clip(0, 255).astype(np.uint8)))
        rng = np.random.default_rng(int(abs(self.curve) * 1e9))
        x = -400.0
        while x < 400:
            width, high, wood = rng.uniform(12, 40), rng.uniform(8, 16), rng.random() < 0.5
            if wood:
                for dx, dy, r, colour in leaves(rng, self.hue, width, high, high / 2, 12):
                    canvas.upright(disc(dx, dy, r * 1.4, corners=9), (x, 0, 140), colour, TREE)
            else:
                canvas.upright(box(-width / 2, 0, width / 2, high), (x, 0, 140), self.paving, BUILDING, 0.75)
            x += width * 0.6

    def ground(self, canvas: Canvas, driven: float) -> None:
        """Pavements, kerbs, the road and its marks, and the shadow of the houses on the side without sun."""
        far = [NEAR, 1.5, 2, 2.7, 3.6, 5, 7, 10, 14, 20, 28, 40, 60, 90, 150]

        def strip(x0: float, x1: float, z: list[float], colour, code, level=1.0, alpha=255, y=0.0) -> None:
            for a, b in zip(z[:-1], z[1:], strict=True):
                canvas.fill([(x0, y, a), (x1, y, a), (x1, y, b), (x0, y, b)], colour, code, level, alpha)

        strip(-70, 70, far, self.paving, PAVEMENT)
        strip(-self.half, self.half, far, self.road, ROAD)
        for side in (-1, 1):
            strip(side * self.half, side * (self.half + 0.28), far, self.paving, PAVEMENT, 1.22)
            strip(side * (self.half - 0.3), side * self.half, far, self.road, ROAD, 0.8)
            if self.edges:
                strip(side * (self.half - 2.1), side * (self.half - 1.98), far, (225, 222, 210), ROAD)
        for z in np.arange(-driven % (2.4 * self.dashes), 90, 2.4 * self.dashes):
            strip(-0.08, 0.08, [z, z + self.dashes / 2, z + self.dashes], (232, 230, 220), ROAD)
        for z in np.arange(1, 80, 1.5):
            across = self.walk / 3
            x = self.half + 0.3
            for side in (-1, 1):
                at = z - driven % 1.5
                strip(side * x, side * (x + 3 * across), [at, at + 0.05], self.paving, PAVEMENT, 0.85)
        if self.light.shadow > 40:
            edge = self.sunny_side * (self.half + self.walk)
            strip(edge, edge * 0.25, far, (12, 14, 24), None, 1, self.light.shadow)

    def texture(self, canvas: Canvas, driven: float) -> np.ndarray:
        """The picture as numbers, rough where asphalt, walls and leaves are rough, shining where the road is wet."""
        picture, codes = np.asarray(canvas.picture, float), np.asarray(canvas.codes)
        shape = codes.shape
        rough = np.array([0.0, 0.03, 0.02, 0.02, 0.02, 0.1, 0.02, 0.06, 0.02, 0.05, 0.05, 0.04])
        noise = rough[codes] * (smooth(self.noise[1], shape) + 0.5 * smooth(self.noise[2], shape))
        first = int(canvas.horizon) + 8
        rows, columns = np.mgrid[first : shape[0], : shape[1]]
        z = FOCAL * EYE / (rows - canvas.horizon)
        x = (columns - shape[1] / 2) * z / FOCAL - canvas.curve * z * z / 2 + canvas.sideways
        grain = self.noise[0][(x * 18).astype(int) % 256, ((z + driven) * 9).astype(int) % 256]
        patches = self.noise[0][(x / 1.3).astype(int) % 256, ((z + driven) / 2.1).astype(int) % 256]
        floor = np.isin(codes[first:], (ROAD, PAVEMENT))
        noise[first:] += floor * (0.045 * grain / (1 + z / 12) + 0.035 * patches)
        picture = picture * (1 + noise[..., None])
        if self.wet:
            depth = np.minimum(rows - first, first - 1)
            mirrored = picture[np.maximum(first - 1 - (depth * 0.9).astype(int), 0), columns]
            road = (codes[first:] == ROAD)[..., None]
            picture[first:] += road * 0.35 * (mirrored - picture[first:])
        return picture

    def frame(self, t: int) -> tuple[np.ndarray, np.ndarray]:
        """Picture (rows, columns, 3) and mask (rows, columns) of frame `t`, both of whole numbers."""
        driven = self.speed * t
        horizon = self.horizon + FINE * 0.8 * math.sin(1.7 * t + self.phase)
        sideways = 0.5 + self.sway * math.sin(0.35 * t + self.phase)
        canvas = Canvas(self.light, self.curve + self.bend * t, horizon, sideways)
        self.backdrop(canvas)
        self.ground(canvas, driven)
        # Things are drawn from far to near: houses by their far end, cars by their near one.
        places = [(z - driven + pace * t, long, draw) for z, long, pace, draw in self.things]
        for z, long, draw in sorted(places, key=lambda place: -place[0] - place[1]):
            if -15 < z < 110 if long > 0.2 else 2.5 < z < 34:
                draw(canvas, z, t)
        if self.bonnet:
            w, h = WIDTH * FINE, HEIGHT * FINE
            arc = [(w * (0.5 + x), h * (0.955 + 0.28 * x * x)) for x in np.linspace(-0.5, 0.5, 21)]
            canvas.flat([(0, h), *arc, (w, h)], self.light.on(self.bonnet, 1), VOID)
            canvas.flat(
                [(x, y + 4) for x, y in arc] + [(x, y + 8) for x, y in arc[::-1]],
                self.light.on((200, 205, 210), 1),
                VOID,
                120,
            )
        rng = np.random.default_rng([2009, t, int(self.phase * 1e6)])
        return finish(self.texture(canvas, driven), rng), blur(shrink(np.asarray(canvas.codes)), self.noise[2], t)


def smooth(noise: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Noise, enlarged to `shape`."""
    return np.asarray(Image.fromarray(noise.astype(np.float32)).resize(shape[::-1], Image.Resampling.BILINEAR), float)


def finish(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture at its size, as a camera would give it: darker corners, some noise."""
    small = sum(picture[i::FINE, j::FINE] for i in range(FINE) for j in range(FINE)) / FINE**2
    rows, columns = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    small = small * (1 - 0.09 * (rows**2 + columns**2))[..., None] + rng.normal(0, 1.6, (HEIGHT, WIDTH, 1))
    return small.round().clip(0, 255).astype(np.uint8)


def shrink(codes: np.ndarray) -> np.ndarray:
    """The mask at its size: each pixel belongs to what covers most of it."""
    parts = np.stack([codes[i::FINE, j::FINE] for i in range(FINE) for j in range(FINE)])
    return np.stack([(parts == code).sum(0, np.uint8) for code in range(len(CODES))]).argmax(0).astype(np.uint8)


def blur(codes: np.ndarray, noise: np.ndarray, t: int) -> np.ndarray:
    """Make void, here and there, of the border between two large things: nobody can say where leaves end."""
    doubt = smooth(np.roll(noise, t, 1), codes.shape) > -0.3
    large = np.isin(codes, (SKY, BUILDING, TREE, CAR))
    void = np.zeros(codes.shape, bool)
    void[1:] |= (codes[1:] != codes[:-1]) & large[1:] & large[:-1]
    void[:, 1:] |= (codes[:, 1:] != codes[:, :-1]) & large[:, 1:] & large[:, :-1]
    return np.where(void & doubt, np.uint8(VOID), codes)


def main(target: Path = TARGET, videos: list[int] | None = None) -> None:
    """Draw every video, or the given ones, into `target`."""
    for folder in ("images", "labels"):
        (target / folder).mkdir(parents=True, exist_ok=True)
    for video in videos or range(1, VIDEOS + 1):
        street = Street(video)
        for t in range(FRAMES):
            name = f"v{video:02d}_{30 * (t + 1):06d}"
            picture, codes = street.frame(t)
            Image.fromarray(picture).save(target / "images" / f"{name}.jpg", quality=86)
            Image.fromarray(codes).save(target / "labels" / f"{name}_P.png", optimize=True)
    held_out = [f"v{video:02d}_{30 * (t + 1):06d}.jpg" for video in HELD_OUT for t in range(FRAMES)]
    (target / "codes.txt").write_bytes("".join(f"{name}\n" for name in CODES).encode())
    (target / "valid.txt").write_bytes("".join(f"{name}\n" for name in held_out).encode())


if __name__ == "__main__":
    main()
