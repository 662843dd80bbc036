"""Augmentation: image, mask and points move as one; what is switched off changes nothing."""

import math

import pytest
import torch
from drawn import blob, centre
from torch.nn import functional

import coursekit as ck
from coursekit.targets import Categories, Keypoints, Masks
from coursekit.vision.augment import CHUNK, dihedral_group, move_images, move_keypoints, move_targets

OFF = {"flip": False, "rotate": 0.0, "zoom": 1.0, "shift": 0.0, "perspective": 0.0, "brightness": 0.0, "contrast": 0.0}
NAMES, MASKS, POINT = Categories(("a", "b")), Masks(("ground", "blob")), Keypoints(1)
MOVES = {
    "flip": {"flip": True},
    "rotate": {"rotate": 30.0},
    "zoom": {"zoom": 1.3},
    "shift": {"shift": 0.15},
    "perspective": {"perspective": 0.3},
    "dihedral": {"dihedral": True},
    "all": {"flip": True, "rotate": 20.0, "zoom": 1.15, "shift": 0.1, "perspective": 0.15},
}


def batch(rows, columns, n=12):
    """Pictures with a white square off the middle, their masks, and its middle as a point."""
    row, column = rows // 3, round(columns * 0.6)
    image = torch.from_numpy(blob(rows, columns, row, column, 2)).permute(2, 0, 1)
    point = torch.tensor([(2 * column + 1) / columns - 1, (2 * row + 1) / rows - 1])
    return (image.float() / 255).repeat(n, 1, 1, 1), (image[0] // 255).long().repeat(n, 1, 1), point.repeat(n, 1)


def near(point, shape):
    """1 in the 11 x 11 pixels around a point, else 0: the mirror image beyond an edge may hold the square again."""
    column, row = ((point + 1) / 2 * torch.tensor([shape[1], shape[0]])).long().tolist()
    window = torch.zeros(shape)
    window[max(0, row - 5) : row + 6, max(0, column - 5) : column + 6] = 1
    return window


def augmented(augment, *parts):
    """Each (images, targets, kind) under the same draw."""
    found = []
    for part in parts:
        torch.manual_seed(4)
        found.append(augment(*part))
    return found


MOVES_OF_SHAPES = [
    pytest.param(move, shape, id=f"{name} {shape}")
    for name, move in MOVES.items()
    for shape in [(48, 48), (40, 60), (60, 40)]
    if name != "dihedral" or shape[0] == shape[1]
]


@pytest.mark.parametrize("move, shape", MOVES_OF_SHAPES)
def test_image_mask_and_points_move_as_one(move, shape):
    images, masks, points = batch(*shape)
    augment = ck.Augment(**(OFF | {"p": 1.0} | move))
    (moved, masks_moved), (same, points_moved) = augmented(
        augment, (images, masks, MASKS), (images, points, POINT)
    )  # fmt: skip
    assert torch.equal(moved, same) and masks_moved.dtype == torch.int64 and points_moved.dtype == torch.float32
    pixel = torch.tensor([2 / shape[1], 2 / shape[0]])
    for image, mask, point in zip(moved, masks_moved, points_moved, strict=True):
        for found, most in ((image[0], 0.4), (mask.float(), 0.6)):
            assert ((centre(found * near(point, shape)) - point).abs() < most * pixel).all()
    assert not torch.equal(moved, images)


def test_what_is_switched_off_changes_nothing():
    images, masks, points = torch.rand(4, 3, 20, 30), torch.randint(2, (4, 20, 30)), torch.rand(4, 2) * 2 - 1
    for targets, kind in ((masks, MASKS), (points, POINT), (torch.arange(4), NAMES)):
        for augment in (ck.Augment(**OFF), ck.Augment(flip=False, p=0.0)):
            moved, same = augment(images, targets, kind)
            assert torch.allclose(moved, images, atol=1e-5) and torch.allclose(same, targets, atol=1e-6)


def by_hand(image):
    """The eight symmetries of a square image, (rows, columns), by PyTorch's own functions."""
    return [torch.rot90(p, turns, (-2, -1)) for p in (image, image.flip(-1)) for turns in range(4)]


def test_the_dihedral_group_are_the_turns_and_their_mirror_images():
    images = torch.rand(8, 3, 7, 7)
    masks = torch.randint(9, (8, 7, 7))
    moved, masks_moved = move_images(images, dihedral_group()), move_targets(masks, dihedral_group(), MASKS)
    used = set()
    for i in range(8):
        same = [torch.allclose(moved[i], p, atol=1e-5) for p in by_hand(images[i])]
        assert same.count(True) == 1 and torch.equal(masks_moved[i], by_hand(masks[i])[same.index(True)])
        used.add(same.index(True))
    assert len(used) == 8 and torch.allclose(moved[0], images[0], atol=1e-6)
    assert torch.allclose(moved[4], images[4].flip(-1), atol=1e-5), "the fifth is the mirror image"


def test_dihedral_draws_all_eight_and_nothing_else_when_told_so():
    images = torch.rand(1, 1, 6, 6).repeat(200, 1, 1, 1)
    moved, _ = ck.dihedral(zoom=1.0, brightness=0.0, contrast=0.0)(images, torch.zeros(200), NAMES)
    counts = [sum(torch.allclose(p, view, atol=1e-5) for p in moved) for view in by_hand(images[0])]
    assert sum(counts) == 200 and min(counts) > 8
    assert ck.dihedral().dihedral and ck.dihedral(rotate=5).rotate == 5


def test_flip_mirrors_about_half_of_the_images():
    images = torch.rand(200, 1, 4, 6)
    moved, points = ck.Augment(**(OFF | {"flip": True}))(images, torch.full((200, 4), 0.25), Keypoints(2, swap=()))
    mirrored = (moved - images.flip(-1)).abs().amax((1, 2, 3)) < 1e-5
    same = (moved - images).abs().amax((1, 2, 3)) < 1e-5
    assert (mirrored ^ same).all() and 60 < mirrored.sum() < 140
    expected = torch.tensor([0.25, 0.25, 0.25, 0.25]) * torch.where(mirrored[:, None], torch.tensor([-1, 1, -1, 1]), 1)
    assert torch.allclose(points, expected)


@pytest.mark.parametrize("shape", [(31, 31), (20, 40)], ids=str)
def test_a_turn_keeps_distances_in_pixels(shape):
    rows, columns = shape
    around = torch.tensor([[0.3, 0.0], [0.0, 0.3 * columns / rows]]).reshape(1, 4)
    matrices = ck.Augment(**(OFF | {"rotate": 60.0, "p": 1.0})).matrices(1, rows, columns)
    moved = move_keypoints(around, matrices).reshape(2, 2)
    lengths = (moved * torch.tensor([columns / 2, rows / 2])).norm(dim=1)
    assert torch.allclose(lengths, torch.full((2,), 0.3 * columns / 2), atol=1e-5)


def test_strengths_are_kept():
    def matrices(**move):
        return ck.Augment(**(OFF | move)).matrices(500, 20, 20)

    angles = torch.atan2(*matrices(rotate=15.0)[:, :2, 0].T.flip(0)).rad2deg().abs()
    assert 13 < angles.max() <= 15.001 and (angles < 1e-3).double().mean().sub(0.25).abs() < 0.08
    zooms = 1 / matrices(zoom=1.5, p=1.0)[:, 0, 0]
    assert 1 <= zooms.min() < 1.05 and 1.45 < zooms.max() <= 1.5001
    shifts = matrices(shift=0.1)[:, :2, 2].abs()
    assert 0.18 < shifts.max() <= 0.2001, "2 is the whole image"


def test_each_image_moves_in_its_own_way_and_by_the_seed():
    images = torch.rand(1, 3, 16, 16).repeat(6, 1, 1, 1)
    first, _ = ck.Augment(p=1.0)(images, torch.zeros(6), NAMES)
    second, _ = ck.Augment(p=1.0)(images, torch.zeros(6), NAMES)
    torch.manual_seed(0)
    again, _ = augmented(ck.Augment(p=1.0), (images, torch.zeros(6), NAMES), (images, torch.zeros(6), NAMES))
    assert torch.equal(again[0], augmented(ck.Augment(p=1.0), (images, torch.zeros(6), NAMES))[0][0])
    apart = (first[:, None] - first[None]).abs().amax((2, 3, 4)) + torch.eye(6)
    assert apart.min() > 1e-3 and not torch.equal(first, second)


def test_values_stay_between_0_and_1_whatever_the_light():
    images = torch.rand(32, 3, 8, 8)
    moved, _ = ck.Augment(brightness=1.0, contrast=2.0, perspective=0.45, rotate=90.0, zoom=3.0, p=1.0)(
        images, torch.zeros(32), NAMES
    )
    assert moved.min() == 0 and moved.max() == 1 and moved.isfinite().all()


def test_light_is_contrast_around_grey_and_brightness():
    images = torch.rand(64, 3, 8, 8) * 0.2 + 0.4
    lit, _ = ck.Augment(**(OFF | {"brightness": 0.1, "contrast": 0.2, "p": 1.0}))(images, torch.zeros(64), NAMES)
    for before, after in zip(images, lit, strict=True):
        contrast = (after.max() - after.min()) / (before.max() - before.min())
        assert math.exp(-0.2) - 1e-3 < contrast < math.exp(0.2) + 1e-3
        shift = after - 0.5 - (before - 0.5) * contrast
        assert torch.allclose(shift, shift.mean(), atol=1e-4) and shift.abs().max() < 0.1 + 1e-3


def test_beyond_the_edge_the_image_is_mirrored():
    images = torch.ones(1, 1, 8, 8)
    moved, masks = ck.Augment(**(OFF | {"shift": 0.5, "rotate": 45.0, "p": 1.0}))(images, images[:, 0].long(), MASKS)
    assert torch.allclose(moved, images, atol=1e-5) and (masks == 1).all()


def test_the_dihedral_group_are_refused_for_images_that_are_no_squares():
    with pytest.raises(ValueError, match="the eight symmetries need square images; these are 20 x 30"):
        ck.dihedral()(torch.rand(2, 3, 20, 30), torch.zeros(2), NAMES)


@pytest.mark.parametrize(
    "wrong",
    [{"zoom": 0.9}, {"p": 1.1}, {"p": -0.1}, {"rotate": -1}, {"shift": -0.1}, {"perspective": 0.5}, {"contrast": -1},
     {"brightness": -1}],
    ids=str,
)  # fmt: skip
def test_strengths_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="zoom >= 1, 0 <= p <= 1, 0 <= perspective < 0.5 and the others >= 0"):
        ck.Augment(**wrong)
    if "p" not in wrong:
        with pytest.raises(ValueError, match="are needed"):
            ck.dihedral(**wrong)


def pass_by_pass(augment, images, masks):
    """What `Augment` does to floats and masks, the whole batch at each step, in the order in which one would say it."""
    n, channels, height, width = images.shape
    matrices = augment.matrices(n, height, width)
    contrast = augment._strength(n, augment.contrast)[:, None, None, None]
    brightness = augment._strength(n, augment.brightness)[:, None, None, None]
    x, y = ((2 * torch.arange(size) + 1) / size - 1 for size in (width, height))
    positions = torch.stack([*torch.meshgrid(x, y, indexing="xy"), torch.ones(height, width)], -1)
    grid = torch.einsum("ijk,nlk->nijl", positions, matrices)
    grid = grid[..., :2] / grid[..., 2:]
    options = {"padding_mode": "reflection", "align_corners": False}
    moved = functional.grid_sample(images, grid, "bilinear", **options)
    colors = channels - (channels in (2, 4))
    jittered = ((moved - 0.5) * contrast.exp() + 0.5 + brightness).clamp(0, 1)
    masks = functional.grid_sample(masks[:, None].float(), grid, "nearest", **options)[:, 0].long()
    return torch.cat([jittered[:, :colors], moved[:, colors:]], 1), masks


@pytest.mark.parametrize(
    "augment", [ck.Augment(), ck.Augment(p=1.0, shift=0.2, zoom=1.5, contrast=1.0)], ids=["", "p=1"]
)
@pytest.mark.parametrize("shape", [(20, 3, 128, 128), (5, 4, 128, 160), (9, 1, 30, 20), (1, 3, 400, 400)], ids=str)
def test_a_few_images_at_a_time_are_what_the_batch_is_pass_by_pass(augment, shape):
    images, masks = torch.randint(256, shape, dtype=torch.uint8), torch.randint(5, (shape[0], *shape[2:]))
    torch.manual_seed(2)
    expected, masks_expected = pass_by_pass(augment, images.float() / 255, masks)
    for given in (images, images.float() / 255):
        torch.manual_seed(2)
        found, masks_found = augment(given, masks, MASKS)
        assert found.dtype == torch.float32 and (found - expected).abs().max() < 3e-4, "noise, so steep everywhere"
        assert (masks_found != masks_expected).double().mean() < 1e-4, "but for ties between two pixels"
    assert shape[1:3] != (3, 128) or shape[0] > CHUNK // 128**2, "more than one chunk"


@pytest.mark.parametrize("n", [0, 1])
def test_batches_of_one_and_of_none(n):
    assert ck.Augment()(torch.zeros(n, 3, 8, 8, dtype=torch.uint8), torch.zeros(n), NAMES)[0].shape == (n, 3, 8, 8)


def test_the_images_given_are_left_as_they_were():
    for images in (torch.randint(256, (4, 3, 8, 8), dtype=torch.uint8), torch.rand(4, 3, 8, 8)):
        before = images.clone()
        ck.Augment(p=1.0)(images, torch.zeros(4), NAMES)
        assert torch.equal(images, before)


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_any_number_of_channels(channels):
    images = torch.rand(3, channels, 8, 8)
    moved, _ = ck.Augment()(images, torch.zeros(3), NAMES)
    assert moved.shape == images.shape and moved.dtype == torch.float32


def test_only_training_batches_are_augmented(tmp_path):
    from drawn import classes

    source = classes(tmp_path, 3).split(ck.at_random(0.3))
    plain, changed = (source.loaders(8, augment=augment, device="cpu") for augment in (None, ck.Augment()))
    assert torch.equal(next(iter(plain.valid))[0], next(iter(changed.valid))[0])
    first, second = (next(iter(changed.train))[0].sort(0).values for _ in range(2))
    assert not torch.allclose(first, second)
    first, second = (next(iter(plain.train))[0].sort(0).values for _ in range(2))
    assert torch.equal(first, second)


def test_an_augmentation_of_your_own_gets_floats(tmp_path):
    from drawn import classes

    class Own(ck.Augment):
        """Looks at what it is given."""

        def __call__(self, images, targets, target_type):
            assert images.dtype == torch.float32 and 0.5 < images.max() <= 1
            return super().__call__(images, targets, target_type)

    source = classes(tmp_path, 3).split(ck.at_random(0.3))
    for augment in (Own(), lambda images, targets, _: (images.mul(0.5), targets), ck.Augment()):
        for _ in range(2):
            images, _ = next(iter(source.loaders(8, augment=augment, device="cpu").train))
            assert images.dtype == torch.float32 and images.max() <= 1
