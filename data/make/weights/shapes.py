"""Draw pictures of shapes and textures, and know everything about them: what `resnet_tiny` is pre-trained on.

Each picture is a pile of layers: a ground of one to three regions, other objects, one main object with parts behind
it and on it, now and then something in front. A layer is a mask (a signed distance, looked up in `atlas.shape_atlas`)
filled with two colours mixed by a texture (`atlas.texture_atlas`). No pets, faces, streets or land are drawn.

`python -m data.make.weights.shapes sheet.png` writes a sheet of them to look at.
"""

import math
import sys
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .atlas import ORIENTED, REACH, SHAPES, SIDE, TEXTURES, VARIANTS, shape_atlas, texture_atlas

COLOURS = {
    "red": (0.85, 0.15, 0.12),
    "orange": (0.95, 0.55, 0.15),
    "yellow": (0.95, 0.88, 0.25),
    "green": (0.25, 0.6, 0.2),
    "cyan": (0.3, 0.8, 0.8),
    "blue": (0.18, 0.3, 0.8),
    "purple": (0.55, 0.22, 0.65),
    "pink": (0.95, 0.62, 0.72),
    "brown": (0.5, 0.32, 0.16),
    "beige": (0.85, 0.75, 0.58),
    "white": (0.96, 0.96, 0.94),
    "grey": (0.55, 0.55, 0.55),
    "dark": (0.1, 0.1, 0.12),
}
# Where parts lie on the main object, in its own coordinates: (x, y, turn in degrees); a pair is mirrored.
OUTER = {
    "none": [],
    "pair on top": [(0.6, -0.85, 25.0), (-0.6, -0.85, -25.0)],
    "one on top": [(0.0, -1.1, 0.0)],
    "pair at the sides": [(1.05, 0.0, 80.0), (-1.05, 0.0, -80.0)],
    "one at a side": [(1.15, 0.25, 60.0)],
    "pair below": [(0.45, 1.0, 180.0), (-0.45, 1.0, 180.0)],
    "four corners": [(0.75, -0.75, 45.0), (-0.75, -0.75, -45.0), (0.75, 0.8, 135.0), (-0.75, 0.8, -135.0)],
}
INNER = {
    "none": [],
    "pair": [(0.38, -0.2, 0.0), (-0.38, -0.2, 0.0)],
    "centre": [(0.0, 0.1, 0.0)],
    "pair and one below": [(0.38, -0.25, 0.0), (-0.38, -0.25, 0.0), (0.0, 0.3, 0.0)],
    "row of three": [(-0.5, 0.0, 0.0), (0.0, 0.0, 0.0), (0.5, 0.0, 0.0)],
    "one off centre": [(0.38, -0.25, 0.0)],
}
COMPANION = [(0.0, 1.3), (1.2, 0.6), (-1.2, 0.6)]  # where a second object of the same skin joins the main one
COMPACT = ("circle", "oval", "square", "hexagon", "drop", "heart")  # most main objects
SMALL = ("circle", "oval", "triangle", "square", "bar", "drop", "leaf", "half", "cross", "ring")  # shapes of parts
LEVELS = 3  # classes of a size: small, middle, large
DIRECTIONS = 8  # classes of a direction, 22.5 degrees each
CELLS = 8  # rows and columns of the cells whose topmost layer is told
OTHERS = 4  # at most so many other objects
FAR = 3.0  # the distance, in a shape's own coordinates, of all that lies beyond its atlas
UNKNOWN = -100  # the target of a question that a picture does not pose

# One class each: the question and its number of answers.
TASKS = {
    "shape": len(SHAPES),
    "texture": len(TEXTURES),
    "colour": len(COLOURS),
    "second colour": len(COLOURS),
    "direction": DIRECTIONS,
    "size": LEVELS,
    "outline": 2,
    "ground texture": len(TEXTURES),
    "ground colour": len(COLOURS),
    "ground direction": DIRECTIONS,
    "regions": 3,
    "other objects": OTHERS + 1,
    "outer layout": len(OUTER),
    "outer shape": len(SHAPES),
    "outer colour": len(COLOURS),
    "outer size": LEVELS,
    "outer core": 2,
    "companion": len(COMPANION) + 1,
    "patch layout": len(INNER),
    "patch shape": len(SHAPES),
    "patch colour": len(COLOURS),
    "inner layout": len(INNER),
    "inner shape": len(SHAPES),
    "inner colour": len(COLOURS),
    "inner size": LEVELS,
}
LAYERS = ("ground", "other", "outer part", "main", "inner part")
# What is asked of the topmost layer in each cell, in this order: the question and its number of answers.
CELL_TASKS = {
    "texture of a cell": len(TEXTURES),
    "colour of a cell": len(COLOURS),
    "layer of a cell": len(LAYERS),
    "shape of a cell": len(SHAPES) + 1,  # the last one: ground
    "direction of a cell": DIRECTIONS,
}


@dataclass
class Place:
    """Where a layer's shape lies in each of n pictures; half a picture's width is 1. Every field has shape (n,)."""

    x: Tensor
    y: Tensor
    width: Tensor  # the factor from the shape's own coordinates; negative mirrors it
    height: Tensor
    turn: Tensor  # radians


@dataclass
class Skin:
    """How a layer is filled. Fields of shape (n,), colours (n, 3)."""

    texture: Tensor
    variant: Tensor
    turn: Tensor
    zoom: Tensor
    colour: Tensor  # class numbers
    second: Tensor
    paints: Tensor  # (n, 2, 3)
    outline: Tensor  # in pixels; 0 for none
    bulge: Tensor  # strength of shading, (n, 2)
    weak: Tensor  # its texture can hardly be seen


class Artist:
    """Draws n pictures side by side; `generator` decides everything.

    Attributes:
        canvas: (n, 3, size, size), 0 to 1.
        cells: (cell tasks, n, CELLS, CELLS): what CELL_TASKS asks of the topmost layer.
    """

    def __init__(self, n: int, size: int, generator: torch.Generator) -> None:
        self.n, self.size, self.generator = n, size, generator
        self.shapes, self.textures = shape_atlas() - FAR, texture_atlas()
        self.paints = torch.tensor(list(COLOURS.values()))
        self.canvas = torch.zeros(n, 3, size, size)
        self.cells = torch.zeros(len(CELL_TASKS), n, CELLS, CELLS, dtype=torch.int16)
        self.present = torch.zeros(n, len(SHAPES), dtype=torch.int16)

    # Chance

    def between(self, low: float, high: float, *more: int) -> Tensor:
        """Uniform numbers, (n, *more)."""
        return torch.rand(self.n, *more, generator=self.generator) * (high - low) + low

    def one_of(self, count: int) -> Tensor:
        """Whole numbers below `count`, (n,)."""
        return torch.randint(count, (self.n,), generator=self.generator)

    def among(self, names: tuple[str, ...]) -> Tensor:
        """Numbers of shapes with these names, (n,)."""
        return torch.tensor([SHAPES.index(name) for name in names])[self.one_of(len(names))]

    def chance(self, share: float) -> Tensor:
        """True in a share of the pictures, (n,)."""
        return self.between(0, 1) < share

    def another(self, colour: Tensor) -> Tensor:
        """Colours that differ from the given ones: of two drawn at random, the one further off."""
        two = [(colour + 1 + self.one_of(len(COLOURS) - 1)) % len(COLOURS) for _ in range(2)]
        far = [(self.paints[one] - self.paints[colour]).abs().sum(1) for one in two]
        return torch.where(far[0] > far[1], *two)

    # Layers

    def skin(self, differ: Tensor | None = None, plain: float = 0.3) -> Skin:
        """A random filling, its colour another than class `differ`; a share `plain` gets no texture."""
        colour = self.one_of(len(COLOURS))
        if differ is not None:
            colour = (differ + 1 + self.one_of(len(COLOURS) - 1)) % len(COLOURS)
        second = self.another(colour)
        jitter = self.between(-0.09, 0.09, 2, 3)
        first, other = (self.paints[torch.stack([colour, second], 1)] + jitter).clamp(0, 1).unbind(1)
        strength = torch.where(self.chance(0.35), self.between(0.5, 0.7), self.between(0.7, 1.0))[:, None]
        texture = torch.where(self.chance(plain), 0, self.one_of(len(TEXTURES)))
        return Skin(
            texture,
            self.one_of(VARIANTS),
            self.between(0, math.pi),
            2 ** self.between(0, 1),
            colour,
            torch.where((texture > 0) & (strength[:, 0] > 0.65), second, UNKNOWN),
            torch.stack([first, first + strength * (other - first)], 1),
            torch.where(self.chance(0.6), self.between(0.8, 2.2) * self.size / 64, 0.0),
            self.between(-0.3, 0.3, 2),
            torch.zeros(self.n, dtype=torch.bool),
        )

    def calmed(self, skin: Skin, calm: Tensor) -> Skin:
        """The same skin, where `calm` with a texture so weak that it is not asked for."""
        first, second = skin.paints.unbind(1)
        share = torch.where(calm, self.between(0.05, 0.35), 1.0)[:, None]
        skin.paints = torch.stack([first, first + share * (second - first)], 1)
        skin.weak = calm & (skin.texture > 0)
        return skin

    def distance(self, kind: Tensor, place: Place, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Pixels to the border of a shape (negative inside), (r, size, size), and the shape's own coordinates."""
        x, y, width, height, turn = (value[rows] for value in (place.x, place.y, place.width, place.height, place.turn))
        cos, sin = turn.cos(), turn.sin()
        start = torch.stack([-(cos * x + sin * y) / width, (sin * x - cos * y) / height], 1)
        per_x = torch.stack([cos / width, -sin / height], 1)
        per_y = torch.stack([sin / width, cos / height], 1)
        grid = self.grid(start / REACH, per_x / REACH, per_y / REACH)
        found = F.grid_sample(self.shapes[kind[rows]][:, None], grid, align_corners=False)[:, 0] + FAR
        scale = torch.minimum(width.abs(), height.abs()) * self.size / 2
        return found * scale[:, None, None], grid

    def grid(self, start: Tensor, per_x: Tensor, per_y: Tensor) -> Tensor:
        """Where each pixel lies in another system of coordinates, linear in this one: (r, size, size, 2)."""
        steps = (torch.arange(self.size) + 0.5) / self.size * 2 - 1
        columns = (start[:, None] + steps[:, None] * per_x[:, None])[:, None]
        return columns + (steps[:, None] * per_y[:, None])[:, :, None]

    def pattern(self, skin: Skin, rows: Tensor) -> Tensor:
        """The skin's texture, (r, size, size), 0 to 1."""
        cos, sin = skin.turn[rows].cos(), skin.turn[rows].sin()
        zoom = skin.zoom[rows] * 64 / SIDE
        shift = self.between(-0.3, 0.3, 2)[rows]
        per_x = torch.stack([cos * zoom, -sin * zoom], 1)
        per_y = torch.stack([sin * zoom, cos * zoom], 1)
        grid = self.grid(shift, per_x, per_y)
        source = self.textures[skin.texture[rows] * VARIANTS + skin.variant[rows]][:, None]
        return F.grid_sample(source, grid, padding_mode="reflection", align_corners=False)[:, 0]

    def fill(
        self,
        mask: Tensor,
        edge: Tensor | None,
        grid: Tensor | None,
        skin: Skin,
        layer: str,
        kind: Tensor,
        rows: Tensor,
    ) -> None:
        """Put the skin where the mask (r, size, size) is 1; `edge` is 1 on the outline, `grid` shades it."""
        first, second = skin.paints[rows].unbind(1)
        colours = first[:, :, None, None].expand(-1, -1, self.size, self.size)
        textured = skin.texture[rows] > 0
        if textured.any():
            colours = colours.clone()
            share = self.pattern(skin, rows[textured])[:, None]
            colours[textured] += share * (second - first)[textured, :, None, None]
        if grid is not None:
            bulge = (grid * skin.bulge[rows][:, None, None]).sum(-1) * REACH
            colours = colours * (1 + bulge).clamp(0.4, 1.6)[:, None]
        if edge is not None:
            colours = colours * (1 - 0.85 * edge)[:, None]
        under = self.canvas[rows]
        self.canvas[rows] = under + mask[:, None] * (colours - under)
        self.tell(mask, skin, layer, kind, rows)

    def tell(self, mask: Tensor, skin: Skin, layer: str, kind: Tensor, rows: Tensor) -> None:
        """Remember what the topmost layer in each cell now is."""
        cell = self.size // CELLS
        covered = mask[:, cell // 2 :: cell, cell // 2 :: cell] > 0.5
        number = torch.full_like(kind, LAYERS.index(layer))
        shape = torch.full_like(kind, len(SHAPES)) if layer == "ground" else kind
        texture, lines = (torch.where(skin.weak, UNKNOWN, value) for value in (skin.texture, direction(skin)))
        for i, value in enumerate((texture, skin.colour, number, shape, lines)):
            told = value[rows, None, None].expand_as(covered).short()
            self.cells[i, rows] = torch.where(covered, told, self.cells[i, rows])

    def put(self, kind: Tensor, places: list[Place], active: Tensor, skin: Skin, layer: str, ragged: float = 0) -> None:
        """Draw a shape, at one place or several at once, in the pictures where `active` is true.

        `ragged` is the share of the pictures in which the border is uneven, as if furred or torn.
        """
        rows = active.nonzero()[:, 0]
        if not len(rows):
            return
        distance, grid = self.distance(kind, places[0], rows)
        for place in places[1:]:
            distance = torch.minimum(distance, self.distance(kind, place, rows)[0])
        if ragged:
            rough = self.rough()
            rough.texture = torch.where(self.chance(ragged), rough.texture, 0)
            depth = self.between(2, 10)[rows, None, None] * self.size / 64
            uneven = rough.texture[rows] > 0
            distance[uneven] += depth[uneven] * (self.pattern(rough, rows[uneven]) - 0.5)
        mask = (0.5 - distance).clamp(0, 1)
        width = skin.outline[rows][:, None, None]
        edge = (0.5 + width + distance).clamp(0, 1) * (width > 0)
        self.fill(mask, edge, grid, skin, layer, kind, rows)
        seen = mask.sum((1, 2)) > 20
        self.present[rows[seen], kind[rows[seen]]] = 1

    def rough(self) -> Skin:
        """A filling that serves as an uneven border: noise, lumps or strokes."""
        skin = self.skin()
        kinds = torch.tensor([TEXTURES.index(name) for name in ("clouds", "clouds", "blotches", "strokes", "zigzag")])
        skin.texture = kinds[self.one_of(len(kinds))]
        return skin

    # The parts of a picture

    def ground(self) -> dict[str, Tensor]:
        """Fill everything, then perhaps one or two regions with a wavy or straight border of their own skin."""
        everything, everywhere = torch.arange(self.n), torch.ones(self.n, self.size, self.size)
        calm = self.chance(0.65)
        base = self.calmed(self.skin(plain=0.3), calm)
        self.fill(everywhere, None, None, base, "ground", base.texture, everything)
        regions = torch.where(self.chance(0.6), 0, 1 + self.one_of(2))
        skin = base
        for i in range(2):
            skin = self.calmed(self.skin(differ=skin.colour, plain=0.3), calm)
            skin.outline = skin.outline * ~calm
            skin.bulge = torch.zeros(self.n, 2)
            turn = torch.where(self.chance(0.4), 0.0, self.between(0, 2 * math.pi))
            reach, far = self.between(-0.5, 0.6), 3.0
            place = Place(
                -turn.sin() * (far + reach),
                turn.cos() * (far + reach),
                torch.full((self.n,), far / 0.85),
                torch.full((self.n,), far / 0.85),
                turn,
            )
            band = self.chance(0.35)  # a strip through the picture instead of a half
            place.x = torch.where(band, -turn.sin() * reach, place.x)
            place.y = torch.where(band, turn.cos() * reach, place.y)
            place.height = torch.where(band, self.between(0.06, 0.4), place.height)
            kind = torch.full((self.n,), SHAPES.index("square"))
            before = self.present.clone()
            self.put(kind, [place], regions > i, skin, "ground", ragged=0.5)
            self.present = before
        only = torch.where(regions == 0, 0, UNKNOWN)
        return {
            "ground texture": torch.where(base.weak, UNKNOWN, base.texture + only),
            "ground colour": base.colour + only,
            "ground direction": torch.where(base.weak, UNKNOWN, direction(base) + only),
            "regions": regions,
            "colour below": base.colour,
        }

    def others(self, count: Tensor, differ: Tensor) -> None:
        """Other objects, of any size, anywhere."""
        for i in range(OTHERS):
            size = 0.08 * 6 ** self.between(0, 1)
            long = 3 ** self.between(-0.4, 0.4)
            place = Place(
                self.between(-1, 1), self.between(-1, 1), size * long, size / long, self.between(0, 2 * math.pi)
            )
            thin = self.chance(0.15)
            place.width = torch.where(thin, place.width * 4, place.width)
            place.height = torch.where(thin, place.height / 3, place.height)
            self.put(self.one_of(len(SHAPES)), [place], count > i, self.skin(differ, 0.5), "other", ragged=0.2)

    def parts(
        self, layouts: dict, layout: Tensor, kind: Tensor, main: Place, size: Tensor, bends: tuple, skin: Skin
    ) -> None:
        """Put small copies of a shape on the main object: where, says the layout's number."""
        layer = "outer part" if layouts is OUTER else "inner part"
        long, lean, spread = 2 ** bends[0], bends[1], bends[2]
        for number, spots in enumerate(layouts.values()):
            places = []
            for x, y, turn in spots:
                side = -1.0 if x < 0 else 1.0
                scale = torch.minimum(main.width, main.height)
                px, py = x * spread * main.width, y * main.height
                cos, sin = main.turn.cos(), main.turn.sin()
                places.append(
                    Place(
                        main.x + cos * px - sin * py,
                        main.y + sin * px + cos * py,
                        side * size * scale * long,
                        size * scale / long,
                        main.turn + math.radians(turn) + (side * lean if x else 0),
                    )
                )
            if places:
                self.put(kind, places, layout == number, skin, layer)

    def main_object(self, active: Tensor, differ: Tensor) -> dict[str, Tensor]:
        """The main object, in the pictures where `active` is true: what is behind it, the object, what is on it."""
        kind, skin, main = self.main_shape(), self.skin(differ, 0.45), self.middle()
        companion = torch.where(self.chance(0.6), 0, self.one_of(len(COMPANION) + 1)) * active
        self.companion(companion, main, skin)
        told = self.group("outer", OUTER, active, main, 0.4 * 1.8 ** self.between(0, 1), differ, skin)
        self.put(kind, [main], active, skin, "main", ragged=0.1)
        told |= self.group("patch", INNER, active & self.chance(0.4), main, 0.25 * 2 ** self.between(0, 1), skin.colour)
        told |= self.group("inner", INNER, active, main, 0.17 * 2.2 ** self.between(0, 1), skin.colour)
        told |= {
            "shape": kind,
            "texture": skin.texture,
            "colour": skin.colour,
            "second colour": skin.second,
            "direction": direction(skin),
            "size": level(torch.minimum(main.width, main.height), 0.46, 0.58),
            "outline": (skin.outline > 0).long(),
            "companion": companion,
        }
        return {name: torch.where(active, value, UNKNOWN) for name, value in told.items()}

    def main_shape(self) -> Tensor:
        """Most main objects are compact, the others have any shape."""
        return torch.where(self.chance(0.7), self.among(COMPACT), self.one_of(len(SHAPES)))

    def companion(self, where: Tensor, main: Place, skin: Skin) -> None:
        """A second object of the same skin, behind the main one; `where` is 0 for none."""
        kind, spots = self.main_shape(), torch.tensor([(0.0, 0.0), *COMPANION])[where]
        scale, turn = self.between(0.7, 1.4), main.turn + self.between(-0.5, 0.5)
        x, y = main.x + spots[:, 0] * main.width, main.y + spots[:, 1] * main.height
        self.put(kind, [Place(x, y, main.width * scale, main.height * scale, turn)], where > 0, skin, "main", 0.15)

    def group(
        self,
        name: str,
        layouts: dict,
        active: Tensor,
        main: Place,
        size: Tensor,
        differ: Tensor,
        like: Skin | None = None,
    ) -> dict[str, Tensor]:
        """Parts of one shape on the main object, some with a smaller core, some with the skin `like`; tells all."""
        layout, kind, skin = self.one_of(len(layouts)) * active, self.among(SMALL), self.skin(differ, 0.7)
        if like is not None:
            alike = self.chance(0.4)
            skin.paints = torch.where(alike[:, None, None], like.paints, skin.paints)
            skin.colour = torch.where(alike, like.colour, skin.colour)
            skin.texture = torch.where(alike, like.texture, skin.texture)
        bends = self.between(-0.5, 0.5), self.between(-0.4, 0.4), self.between(0.9, 1.1)
        self.parts(layouts, layout, kind, main, size, bends, skin)
        core = self.chance(0.35) & (layout > 0)
        below, before = self.skin(skin.colour, plain=0.8), self.present.clone()
        inside = torch.where(self.chance(0.5), kind, SHAPES.index("circle"))
        self.parts(layouts, layout * core, inside, main, size * self.between(0.4, 0.6), bends, below)
        self.present = before
        some = torch.where(layout > 0, 0, UNKNOWN)
        told = {"layout": layout, "shape": kind + some, "colour": skin.colour + some}
        if name != "patch":
            lowest = 0.48 if name == "outer" else 0.22
            told["size"] = level(size, lowest, 1.25 * lowest) + some
        if name == "outer":
            told["core"] = core.long() + some
        return {f"{name} {question}": answer for question, answer in told.items()}

    def middle(self) -> Place:
        """Where main objects lie: near the middle, mostly upright."""
        size, long = 0.38 * 1.9 ** self.between(0, 1), 1.5 ** self.between(-0.5, 0.5)
        turn = torch.where(self.chance(0.9), self.between(-0.35, 0.35), self.between(0, 2 * math.pi))
        return Place(self.between(-0.3, 0.3), self.between(-0.3, 0.3), size * long, size / long, turn)

    def front(self) -> None:
        """In some pictures, a thing or a thin line that hides part of the rest."""
        long = 2.5 ** self.between(0, 1)
        edge = torch.where(self.chance(0.5), self.between(-1, -0.6), self.between(0.6, 1))
        size = self.between(0.12, 0.35)
        place = Place(edge, self.between(-1, 1), size * long, size / long, self.between(0, 2 * math.pi))
        self.put(self.one_of(len(SHAPES)), [place], self.chance(0.25), self.skin(plain=0.5), "other", ragged=0.2)

    def finish(self) -> Tensor:
        """Light from one side, a little blur, a little noise: uint8, (n, 3, size, size)."""
        slope = (self.between(-0.25, 0.25, 2) * self.chance(0.6)[:, None])[:, :, None, None]
        ramp = torch.linspace(-1, 1, self.size)
        light = 1 + slope[:, :1] * ramp + slope[:, 1:] * ramp[:, None]
        canvas = self.canvas * light
        wide = F.pad(canvas, (1, 1, 1, 1), mode="replicate")
        soft = (wide[:, :, :-2] + wide[:, :, 1:-1] + wide[:, :, 2:]) / 3
        soft = (soft[..., :-2] + soft[..., 1:-1] + soft[..., 2:]) / 3
        share = (self.between(0, 1) * self.chance(0.3))[:, None, None, None]
        canvas = canvas + share * (soft - canvas)
        grain = (self.between(0, 0.03) * self.chance(0.6))[:, None, None, None]
        canvas = canvas + grain * torch.randn(canvas.shape, generator=self.generator)
        return (canvas.clamp(0, 1) * 255).round().byte()


def direction(skin: Skin) -> Tensor:
    """Class of the direction of a skin's lines; UNKNOWN for textures without one."""
    oriented = torch.tensor([name in ORIENTED for name in TEXTURES])[skin.texture]
    classes = torch.floor(skin.turn / math.pi * DIRECTIONS + 0.5).long() % DIRECTIONS
    return torch.where(oriented, classes, UNKNOWN)


def level(values: Tensor, low: float, high: float) -> Tensor:
    """0 below `low`, 2 from `high`, 1 between."""
    return (values >= low).long() + (values >= high).long()


def draw_some(n: int, size: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Draw n pictures side by side: see `draw`."""
    artist = Artist(n, size, generator)
    told = artist.ground()
    active = artist.chance(0.85)
    told["other objects"] = torch.where(artist.chance(0.65) & active, 0, artist.one_of(OTHERS + 1))
    artist.others(told["other objects"], told["colour below"])
    told |= artist.main_object(active, told["colour below"])
    artist.front()
    targets = torch.stack([told[name] for name in TASKS], 1)
    targets = torch.where(targets < 0, UNKNOWN, targets).short()
    return artist.finish(), torch.cat([targets, artist.present], 1), artist.cells.transpose(0, 1)


@torch.no_grad()
def draw(n: int, size: int = 64, seed: int = 0, chunk: int = 64) -> tuple[Tensor, Tensor, Tensor]:
    """Draw pictures and say what is in them.

    Args:
        n: how many.
        size: rows and columns, a multiple of CELLS.
        seed: the same seed draws the same pictures.
        chunk: how many are drawn side by side; part of what decides the pictures.

    Returns:
        Pictures, uint8 (n, 3, size, size). Targets, int16 (n, tasks + shapes): the classes that TASKS asks for
        (UNKNOWN where a picture does not pose the question), then 0 or 1 for each shape that is present. Targets of
        cells, int16 (n, cell tasks, CELLS, CELLS).
    """
    generator = torch.Generator().manual_seed(seed)
    counts = [min(chunk, n - start) for start in range(0, n, chunk)]
    drawn = zip(*(draw_some(count, size, generator) for count in counts), strict=True)
    pictures, targets, cells = (torch.cat(part) for part in drawn)
    return pictures, targets, cells


def sheet(pictures: Tensor, columns: int = 16) -> Tensor:
    """The pictures side by side, (rows, columns, 3)."""
    framed = F.pad(pictures, (1, 1, 1, 1), value=255)
    rows = framed.unflatten(0, (-1, columns)).permute(0, 3, 1, 4, 2)
    return rows.flatten(2, 3).flatten(0, 1)


def main(target: str, seed: int = 1) -> None:
    """Write 160 pictures as one."""
    from PIL import Image

    Image.fromarray(sheet(draw(160, seed=seed)[0]).numpy()).save(target)


if __name__ == "__main__":
    main(sys.argv[1])
