"""Make the `satellite` sample: simulated tiles of rain forest seen from above, in the layout of Kaggle's Planet data.

1,000 labelled and 150 unlabelled JPEG tiles of 128x128 pixels. For each tile labels are drawn at random; then the
ground is painted (satellite_ground.py; roads and towns here) and the weather over it. A tile on which a label cannot
be seen is drawn anew. At last the tile is turned into one of the eight symmetries of the square. A tile depends on its
own seed only.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from . import satellite_ground as ground
from .satellite_ground import SIDE, Rng, Scene, any_angle, blob, lines, noise, path, speckled, step, turn

TARGET = Path(__file__).parents[1] / "satellite"
SEED, QUALITY = 2017, 76
TILES = {"train": 1000, "test": 150}
WEATHER = {"clear": 0.60, "partly_cloudy": 0.19, "cloudy": 0.07, "haze": 0.14}
TRACKS = np.array([(0.76, 0.66, 0.51), (0.72, 0.52, 0.38), (0.68, 0.65, 0.60)])
ROOFS = np.array([(0.92, 0.92, 0.90), (0.75, 0.76, 0.78), (0.72, 0.42, 0.32), (0.85, 0.80, 0.72), (0.55, 0.62, 0.72)])


def road(rng: Rng, scene: Scene) -> None:
    """A road, straight or winding, often with side roads."""
    wander = rng.choice([0.0, 0.6, 3.5])
    main = path(rng, rng.uniform(24, 104, 2), wander)
    ways = [main]
    for at in rng.integers(220, 420, rng.integers(0, 4)):
        ahead = (main[at + 1] - main[at]) * 2
        aside = np.array([-ahead[1], ahead[0]]) * rng.choice([-1, 1]) + ahead * rng.normal(0, 0.2)
        ways.append(main[at] + np.linspace(0, rng.uniform(25, 90), 12)[:, None] * aside)
    colour = speckled(rng, rng.choice(TRACKS), (20, 0.06))
    scene.paint(None, 0.45 * lines(ways[:1], 3.8), np.array([0.33, 0.36, 0.22]))
    scene.paint("road", 0.9 * lines(ways, rng.uniform(1.25, 2.25)), colour)


def town(rng: Rng, scene: Scene) -> None:
    """Habitation: bright roofs in rows along a grid of streets, on dusty ground."""
    centre, angle, radius = scene.place(rng, 32), any_angle(rng), rng.uniform(16, 30)
    dust = blob(rng, centre, radius + 3, 0.15, 5)
    scene.paint(None, 0.75 * dust, speckled(rng, (0.50, 0.45, 0.34), (30, 0.12)))
    block = rng.uniform(8, 11)
    streets = np.arange(-3, 4) * block
    grid = [np.array([(a, -radius), (a, radius)]) for a in streets if abs(a) < radius]
    grid = [line @ turn(angle) + centre for way in grid for line in (way, way[:, ::-1])]
    scene.paint("road", 0.85 * lines(grid, 0.9) * dust, np.array([0.68, 0.62, 0.52]))
    for roof in ROOFS:
        spots = rng.uniform(-radius, radius, (int(radius * 2.2), 2))
        spots = spots[(np.hypot(*spots.T) < radius) & (np.abs((spots + block / 2) % block - block / 2).min(1) > 1.9)]
        spots = np.round(spots / 2.6) * 2.6
        half = rng.uniform(0.7, 1.4, len(spots))
        houses = [
            (s + h * np.array([(-1, 0), (1, 0)])) @ turn(angle) + centre for s, h in zip(spots, half, strict=True)
        ]
        scene.paint("habitation", 0.95 * lines(houses, 1.9), roof)


PAINTERS = {
    "primary": ground.canopy,
    "agriculture": ground.farmland,
    "cultivation": ground.gardens,
    "bare_ground": ground.bare,
    "slash_burn": ground.burn,
    "selective_logging": ground.logging,
    "blow_down": ground.windfall,
    "blooming": ground.blossom,
    "water": ground.river,
    "artisinal_mine": ground.small_mine,
    "conventional_mine": ground.great_mine,
    "road": road,
    "habitation": town,
}
LABELS = (*WEATHER, *PAINTERS)
SETTLED = {"agriculture": 0.62, "road": 0.60, "cultivation": 0.26, "habitation": 0.26, "bare_ground": 0.13}
SETTLED |= {"slash_burn": 0.13, "conventional_mine": 0.11, "water": 0.22}
OPEN = {"road": 0.6, "habitation": 0.3, "water": 0.3, "bare_ground": 0.2}
EVENTS = ("blooming", "blow_down", "selective_logging", "artisinal_mine")
BRINGS = {"habitation": ("road", "agriculture"), "conventional_mine": ("road",), "artisinal_mine": ("water",)}
LEAST = {"primary": 1500, "agriculture": 250, "water": 90, "road": 60, "habitation": 40}  # pixels, at least 60 else


def _chosen(rng: Rng, chances: dict[str, float]) -> set[str]:
    return {tag for tag, chance in chances.items() if rng.random() < chance}


def plan(rng: Rng) -> tuple[str, set[str]]:
    """The weather of a tile and what is on its ground."""
    weather = str(rng.choice(list(WEATHER), p=list(WEATHER.values())))
    kind = rng.choice(["settled", "wild", "fields", "lake"], p=[0.50, 0.42, 0.065, 0.015])
    if kind == "lake":
        tags = {"water", "bare_ground"}
    elif kind == "fields":
        tags = {"agriculture"} | _chosen(rng, OPEN)
    elif kind == "settled":
        tags = {"primary"} | _chosen(rng, SETTLED)
    else:
        tags = {"primary"} | _chosen(rng, {"water": 0.33, "road": 0.12})
        tags |= set(rng.choice([*EVENTS, ""], 1, p=[0.14, 0.16, 0.18, 0.15, 0.37])) - {""}
    return weather, tags.union(*(BRINGS.get(tag, ()) for tag in tags))


def clouds(rng: Rng, scene: Scene) -> None:
    """White clouds over a part of the tile, and their shadows, cast in any direction."""
    room = 24
    density = noise(rng, rng.integers(3, 9), 5, SIDE + 2 * room)
    share = step((density - np.quantile(density, rng.uniform(0.60, 0.86))) / rng.uniform(0.7, 1.6))
    away = (rng.uniform(8, room) * turn(any_angle(rng))[0]).round().astype(int)
    cloud, shadow = (share[room + r :, room + c :][:SIDE, :SIDE] for r, c in ((0, 0), away))
    scene.picture *= 1 - rng.uniform(0.40, 0.55) * shadow[..., None]
    scene.paint("partly_cloudy", 0.96 * cloud, (0.80 + 0.10 * cloud + 0.03 * noise(rng, 12, 3))[..., None])


def overcast(rng: Rng, scene: Scene) -> None:
    """Cloud from edge to edge."""
    grey = rng.uniform(0.66, 0.85) + rng.uniform(0.02, 0.06) * noise(rng, rng.integers(2, 6), 5)
    scene.paint("cloudy", np.ones((SIDE, SIDE)), grey[..., None] * np.array([0.98, 1.0, 1.02]))


def veil(rng: Rng, scene: Scene, low: float, high: float) -> None:
    """Haze of a strength between `low` and `high`: it lightens what is dark and takes the contrast away."""
    share = rng.uniform(low, high) * (1 + 0.10 * noise(rng, 2, 2))[..., None]
    scene.picture += share.clip(0, 0.8) * (np.array([0.52, 0.56, 0.60]) - scene.picture)


def compose(rng: Rng, weather: str, tags: set[str]) -> Scene:
    """Paint the ground, one label after the other, then the weather."""
    scene = Scene()
    for tag, painter in PAINTERS.items():
        if tag in tags:
            painter(rng, scene)
    veil(rng, scene, *((0.35, 0.58) if weather == "haze" else (0.0, 0.10)))
    if weather == "partly_cloudy":
        clouds(rng, scene)
    return scene


def visible(scene: Scene, tags: set[str]) -> bool:
    """Whether enough pixels of every label show."""
    return all(scene.shown[tag].sum() >= LEAST.get(tag, 60) for tag in tags)


def tile(part: str, index: int) -> tuple[Image.Image, list[str]]:
    """One tile and its labels, from its own seed."""
    rng = np.random.default_rng([SEED, list(TILES).index(part), index])
    weather, tags = plan(rng)
    if weather == "cloudy":
        tags, scene = set(), Scene()
        overcast(rng, scene)
    else:
        while not visible(scene := compose(rng, weather, tags), tags):
            pass
    picture = np.rot90(scene.picture, rng.integers(4))
    picture = picture.swapaxes(0, 1) if rng.random() < 0.5 else picture
    pixels = (picture + rng.normal(0, 0.006, (SIDE, SIDE, 1))).clip(0, 1) * 255
    return Image.fromarray(pixels.round().astype(np.uint8)), [label for label in LABELS if label in tags | {weather}]


def save_part(part: str, target: Path, count: int) -> list[list[str]]:
    """Write the first `count` pictures of a part; return the labels of each."""
    folder = target / f"{part}-jpg"
    folder.mkdir(parents=True, exist_ok=True)
    tags = []
    for index in range(count):
        image, labels = tile(part, index)
        image.save(folder / f"{part}_{index}.jpg", quality=QUALITY, optimize=True)
        tags.append(labels)
    return tags


def save_csv(path: Path, part: str, tags: list[list[str]]) -> None:
    """Write `image_name,tags`, the tags separated by spaces."""
    rows = [f"{part}_{index},{' '.join(labels)}\n" for index, labels in enumerate(tags)]
    path.write_bytes(("image_name,tags\n" + "".join(rows)).encode())


def main(target: Path = TARGET, counts: dict[str, int] = TILES) -> None:
    """Write both parts, the labels of the first, and a sample submission that gives every test tile the same."""
    save_csv(target / "train_v2.csv", "train", save_part("train", target, counts["train"]))
    save_part("test", target, counts["test"])
    save_csv(target / "sample_submission_v2.csv", "test", [["primary", "clear"]] * counts["test"])


if __name__ == "__main__":
    main()
