"""Write the `faces` sample: drawn heads that turn and move, with the point between the eyes, in the layout of Biwi.

Twelve people, thirty frames each. A frame has a picture and a pose: the rotation of the head and the place of its
centre, the bridge of the nose, in millimetres before the camera. `rgb.cal` holds the camera, which projects the one
into the other. Here the depth camera and the colour camera are one: no rotation and no shift lies between them.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from .faces_head import Person, build, cast, turned

TARGET = Path(__file__).parents[1] / "faces"
FRAMES, STEP, FIRST = 30, 12, 3  # pictures a person, frames between two of them, number of the first
WIDTH, HEIGHT, FINE = 160, 120, 3  # pixels of a picture, and how many times finer it is drawn
FOCAL, MIDDLE, LEVEL = 517.679 / 4, 80.0, 60.125  # Biwi's camera at a quarter of its size

PEOPLE = [
    Person((232, 190, 160), (92, 58, 36), "short", (44, 82, 140), (196, 204, 210), eyes=(60, 100, 150)),
    Person((120, 78, 54), (26, 20, 20), "curls", (214, 160, 48), (140, 160, 150), stripes=True),
    Person((240, 204, 178), (212, 170, 92), "long", (160, 48, 62), (212, 198, 176), eyes=(70, 130, 90)),
    Person((198, 146, 104), (34, 26, 24), "short", (60, 110, 84), (120, 130, 150), beard="full", glasses=(24, 24, 28)),
    Person((226, 176, 142), (150, 150, 152), "bald", (98, 92, 120), (206, 188, 160), beard="moustache", broad=1.06),
    Person((92, 58, 42), (18, 16, 16), "bald", (210, 210, 214), (96, 124, 138), beard="full", broad=1.04),
    Person((246, 212, 190), (170, 72, 34), "bun", (52, 120, 128), (170, 182, 150), glasses=(140, 40, 50)),
    Person((214, 164, 122), (40, 30, 28), "long", (120, 70, 130), (222, 214, 204), broad=0.95),
    Person((236, 194, 164), (120, 84, 52), "short", (70, 74, 80), (130, 110, 96), hat="cap", cloth=(176, 40, 44)),
    Person((164, 112, 78), (30, 24, 22), "long", (226, 120, 90), (112, 140, 170), hat="brim", cloth=(206, 180, 128)),
    Person((230, 184, 152), (196, 192, 186), "curls", (66, 96, 60), (188, 160, 150), glasses=(90, 70, 40), broad=1.03),
    Person(
        (206, 152, 116),
        (58, 38, 28),
        "short",
        (30, 60, 90),
        (158, 152, 176),
        "moustache",
        None,
        "woolly",
        (40, 110, 100),
    ),
]


def room(who: Person, rng: np.random.Generator) -> np.ndarray:
    """The background of one person, (rows, columns, 3) of the fine size: a wall, a window or a picture, a shelf."""
    rows, columns = HEIGHT * FINE, WIDTH * FINE
    fade = 1.08 - 0.3 * np.mgrid[0 : 1 : rows * 1j, 0 : 1 : columns * 1j].mean(0)[..., None]
    wall = Image.fromarray((np.array(who.wall) * fade).clip(0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(wall)

    def tone(low: int = 40, high: int = 220) -> tuple[int, ...]:
        return tuple(int(value) for value in rng.integers(low, high, 3))

    x, y = int(rng.integers(10, columns - 120)), int(rng.integers(8, 40))
    wide, high = int(rng.integers(60, 110)), int(rng.integers(50, 100))
    pen.rectangle((x, y, x + wide, y + high), tone(60, 150))
    pen.rectangle((x + 5, y + 5, x + wide - 5, y + high - 5), (214, 228, 240) if rng.random() < 0.5 else tone(120, 230))
    pen.line((x + wide // 2, y, x + wide // 2, y + high), tone(60, 150), 4)
    pen.line((x, y + high // 2, x + wide, y + high // 2), tone(60, 150), 4)
    left = int(rng.integers(0, columns - 130))
    shelf = int(rng.integers(130, 180))
    at = left + 6
    while at < left + 110:
        thick, tall = int(rng.integers(6, 15)), int(rng.integers(22, 44))
        pen.rectangle((at, shelf - tall, at + thick, shelf), tone())
        at += thick + int(rng.choice([1, 1, 1, 9]))
    pen.rectangle((left, shelf, left + 126, shelf + 6), tone(50, 120))
    pen.rectangle((0, rows - 26, columns, rows), tuple(int(0.6 * c) for c in who.wall))
    return np.asarray(wall, float)


def walk(rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each frame of one person the rotation (3, 3) and the head's centre (3,), on a path all over the picture."""
    speeds, phases = rng.uniform(0.35, 1.5, 6), rng.uniform(0, 2 * np.pi, 6)
    wide, high = rng.uniform(42, 58), rng.uniform(24, 34)
    path = []
    for t in range(FRAMES):
        u, v, near, yaw, pitch, roll = np.sin(speeds * t + phases)
        column, row, z = 80 + wide * u, 56 + high * v, 590 + 90 * near
        centre = np.array([(column - MIDDLE) * z / FOCAL, (row - LEVEL) * z / FOCAL, z])
        path.append((turned(*np.radians([42 * yaw, 22 * pitch, 16 * roll])), centre))
    return path


def draw(who: Person, back: np.ndarray, pose: np.ndarray, centre: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One picture, (rows, columns, 3) of bytes."""
    picture, depth = back.copy(), np.full(back.shape[:2], np.inf)
    light = np.array([rng.uniform(-0.5, 0.5), -0.55, -0.7])
    for part in who.parts:
        cast(
            picture,
            depth,
            part,
            pose,
            centre,
            (FOCAL * FINE, MIDDLE * FINE, LEVEL * FINE),
            light / np.linalg.norm(light),
        )
    small = sum(picture[i::FINE, j::FINE].clip(0, 255) for i in range(FINE) for j in range(FINE)) / FINE**2
    small = small * rng.uniform(0.92, 1.06) + rng.normal(0, 1.2, small.shape[:2])[..., None]
    return small.round().clip(0, 255).astype(np.uint8)


def lines(matrix: np.ndarray) -> str:
    """Numbers as Biwi writes them: six digits, a space after each."""
    return "".join("".join(f"{value:g} " for value in row) + "\n" for row in np.atleast_2d(matrix))


def calibration() -> str:
    """The camera: its matrix, distortion, rotation and shift from the depth camera, width and height."""
    camera = np.array([[FOCAL, 0, MIDDLE], [0, FOCAL, LEVEL], [0, 0, 1]])
    parts = (camera, np.zeros(4), np.eye(3), np.zeros(3), np.array([WIDTH, HEIGHT]))
    return "\n".join(lines(part) for part in parts)


def main(target: Path = TARGET, people: list[int] | None = None) -> None:
    """Draw all people, or those of the given numbers (from 1), into `target`."""
    for number in people or range(1, len(PEOPLE) + 1):
        rng = np.random.default_rng([2013, number])
        who = PEOPLE[number - 1]
        who.parts = build(who)
        back, folder = room(who, rng), target / f"{number:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "rgb.cal").write_bytes(calibration().encode())
        for i, (pose, centre) in enumerate(walk(rng)):
            name = f"frame_{FIRST + STEP * i:05d}"
            picture = Image.fromarray(draw(who, back, pose, centre, rng))
            picture.save(folder / f"{name}_rgb.jpg", quality=84)
            (folder / f"{name}_pose.txt").write_bytes(f"{lines(pose)}\n{lines(centre)}".encode())


if __name__ == "__main__":
    main()
