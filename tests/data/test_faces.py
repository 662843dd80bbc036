"""The sample `faces`: Biwi's layout, poses that are poses, points inside the picture, the same bytes when made anew."""

import numpy as np
import pytest
from PIL import Image

from coursekit.datasets import SAMPLES
from data.make import faces, faces_head

FACES = SAMPLES / "faces"
PEOPLE = [f"{number:02d}" for number in range(1, 13)]


def pose(file):
    """Rotation and centre, as Biwi writes them: three lines, an empty one, one line."""
    rows = file.read_text(encoding="utf-8").splitlines()
    assert len(rows) == 5 and not rows[3]
    return np.array([row.split() for row in rows[:3]], float), np.array(rows[4].split(), float)


def camera(folder):
    return np.genfromtxt(folder / "rgb.cal", skip_footer=6)


def point(folder, frame):
    """The recipe that is known from the course on the full set."""
    centre, cal = np.genfromtxt(folder / f"{frame}_pose.txt", skip_header=3), camera(folder)
    return np.array([centre[0] * cal[0][0] / centre[2] + cal[0][2], centre[1] * cal[1][1] / centre[2] + cal[1][2]])


def points():
    return {
        (name, file.name[:11]): point(FACES / name, file.name[:11])
        for name in PEOPLE
        for file in sorted((FACES / name).glob("*_pose.txt"))
    }


def test_every_person_has_thirty_frames_and_a_camera():
    assert sorted(folder.name for folder in FACES.iterdir()) == PEOPLE
    for name in PEOPLE:
        frames = [f"frame_{3 + 12 * i:05d}" for i in range(30)]
        expected = [f"{frame}_{end}" for frame in frames for end in ("pose.txt", "rgb.jpg")] + ["rgb.cal"]
        assert sorted(file.name for file in (FACES / name).iterdir()) == expected


@pytest.mark.parametrize("name", PEOPLE)
def test_pictures_have_the_size_that_the_camera_tells(name):
    parts = (FACES / name / "rgb.cal").read_text(encoding="utf-8").split("\n\n")
    assert [len(part.split()) for part in parts] == [9, 4, 9, 3, 2] and parts[4].split() == ["160", "120"]
    assert camera(FACES / name).shape == (3, 3)
    for file in (FACES / name).glob("*.jpg"):
        picture = Image.open(file)
        assert picture.size == (160, 120) and picture.mode == "RGB"


@pytest.mark.parametrize("name", PEOPLE)
def test_rotations_are_rotations(name):
    for file in (FACES / name).glob("*_pose.txt"):
        rotation, centre = pose(file)
        assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-5) and np.isclose(np.linalg.det(rotation), 1)
        assert rotation[2, 2] > 0.5 and 400 < centre[2] < 900


def test_points_are_inside_the_picture_and_all_over_it():
    places = np.array(list(points().values()))
    assert len(places) == 360
    assert (places > 8).all() and (places < [152, 112]).all()
    assert (places.min(0) < [30, 30]).all() and (places.max(0) > [130, 82]).all()
    for name in PEOPLE:
        own = np.array([place for (person, _), place in points().items() if person == name])
        others = np.array([place for (person, _), place in points().items() if person != name])
        assert np.linalg.norm(own - others.mean(0), axis=1).mean() > 0.18 * 160


def test_what_is_drawn_is_where_the_point_says():
    """A head without a hat or hair, with one red ball at its origin: the ball's middle is the point."""
    ball = faces_head.Part((0, 0, 0), (9, 9, 9), faces_head.plain((255, 0, 0)))
    lens = (faces.FOCAL * 4, faces.MIDDLE * 4, faces.LEVEL * 4)
    for (name, frame), place in list(points().items())[::40]:
        rotation, centre = pose(FACES / name / f"{frame}_pose.txt")
        picture, depth = np.zeros((480, 640, 3)), np.full((480, 640), np.inf)
        faces_head.cast(picture, depth, ball, rotation, centre, lens, np.array([0.0, 0, -1]))
        rows, columns = np.nonzero(picture[..., 0])
        assert np.allclose([(columns.mean() + 0.5) / 4, (rows.mean() + 0.5) / 4], place, atol=0.15)


@pytest.mark.parametrize("number", [4, 10])
def test_a_person_made_anew_is_the_same_bytes(tmp_path, number):
    faces.main(tmp_path, [number])
    files = [file for file in sorted(tmp_path.rglob("*")) if file.is_file()]
    assert len(files) == 61
    for file in files:
        assert file.read_bytes() == (FACES / file.relative_to(tmp_path)).read_bytes(), file.name
