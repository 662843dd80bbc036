"""Augmentation of a whole batch at once, on its device: each picture moves in its own way, its mask or points with it.

One 3x3 matrix a picture holds all of its movements (flip, turn, zoom, shift, tilt); the batch is then read through
these matrices in one go.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from .kinds import Kind, Masks, Points


@dataclass(frozen=True)
class Augment:
    """Random changes that leave a picture's meaning as it is; drawn anew for each picture and batch.

    Args:
        flip: mirror left and right, for every second picture.
        symmetries: one of the eight symmetries of a square instead: for what has no above and below. Square pictures.
        rotate: up to so many degrees, either way.
        zoom: up to so many times nearer.
        shift: up to this share of the picture's size, in each direction.
        warp: tilt in space, up to this share; 0 for what is always seen straight.
        light: brightness and contrast, up to this share.
        share: of the pictures that turn, zoom, shift, tilt and light each apply to.

    Beyond the edges the picture is mirrored. A point may leave the picture: its coordinate is then beyond 1.
    Used in lesson 01.
    """

    flip: bool = True
    symmetries: bool = False
    rotate: float = 10.0
    zoom: float = 1.1
    shift: float = 0.0
    warp: float = 0.2
    light: float = 0.2
    share: float = 0.75

    def __post_init__(self) -> None:
        """Refuse strengths that make no sense."""
        least = min(self.rotate, self.shift, self.warp, self.light)
        if self.zoom < 1 or not 0 <= self.share <= 1 or least < 0 or self.warp >= 0.5:
            raise ValueError(f"zoom >= 1, 0 <= share <= 1, 0 <= warp < 0.5 and the others >= 0 are needed: {self}")

    def __call__(self, pictures: Tensor, targets: Tensor, kind: Kind) -> tuple[Tensor, Tensor]:
        """Change a batch.

        Args:
            pictures: float (n, channels, rows, columns), 0 to 1.
            targets: masks and points move with their pictures, other targets stay.
            kind: what the targets are.
        """
        matrices = self.matrices(len(pictures), *pictures.shape[-2:]).to(pictures.device)
        pictures = self._lit(move_pictures(pictures, matrices))
        if isinstance(kind, Masks):
            targets = move_masks(targets, matrices)
        elif isinstance(kind, Points):
            targets = move_points(targets, matrices)
        return pictures, targets

    def matrices(self, n: int, rows: int, columns: int) -> Tensor:
        """One random movement a picture, (n, 3, 3): from a place in the new picture to the place it is taken from."""
        if self.symmetries and rows != columns:
            raise ValueError(f"the eight symmetries need square pictures; these are {rows} x {columns}")
        m = eight_symmetries()[torch.randint(8, (n,))] if self.symmetries else self._flips(n)
        if self.rotate:
            m = m @ rotations(self._strength(n, math.radians(self.rotate)), rows / columns)
        if self.zoom > 1:
            m = m @ scales(1 / (1 + self._strength(n, self.zoom - 1).abs()))
        if self.shift:
            m = m @ shifts(self._strength(n, 2 * self.shift), self._strength(n, 2 * self.shift))
        if self.warp:
            m = m @ tilts(self._strength(n, self.warp), self._strength(n, self.warp))
        return m

    def _strength(self, n: int, most: float) -> Tensor:
        """(n,) numbers from -most to most, or 0 for the pictures that are spared."""
        return (2 * torch.rand(n) - 1) * most * (torch.rand(n) < self.share)

    def _flips(self, n: int) -> Tensor:
        m = torch.eye(3).repeat(n, 1, 1)
        if self.flip:
            m[:, 0, 0] = 1 - 2 * torch.randint(2, (n,)).float()
        return m

    def _lit(self, pictures: Tensor) -> Tensor:
        if not self.light:
            return pictures
        n = len(pictures)
        contrast = torch.exp(self._strength(n, self.light)).to(pictures.device)[:, None, None, None]
        brightness = self._strength(n, self.light / 2).to(pictures.device)[:, None, None, None]
        return ((pictures - 0.5) * contrast + (0.5 + brightness)).clamp(0, 1)


def dihedral(**changes: float) -> Augment:
    """The eight symmetries of a square, a little zoom and light, no tilt: for what is seen straight from above.

    Args:
        changes: other values for `Augment`.

    Used in lesson 04.
    """
    return Augment(**{"symmetries": True, "rotate": 0.0, "zoom": 1.05, "warp": 0.0, "light": 0.1} | changes)


def eight_symmetries() -> Tensor:
    """(8, 3, 3): the four quarter turns of a square, and the same of its mirror image."""
    quarter = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    mirror = torch.diag(torch.tensor([-1.0, 1, 1]))
    turns = [torch.linalg.matrix_power(quarter, i) for i in range(4)]
    return torch.stack([*turns, *(turn @ mirror for turn in turns)])


def rotations(angles: Tensor, aspect: float) -> Tensor:
    """(n, 3, 3) turns by angles in radians, for pictures whose rows are `aspect` times their columns."""
    m = torch.eye(3).repeat(len(angles), 1, 1)
    m[:, 0, 0] = m[:, 1, 1] = angles.cos()
    m[:, 0, 1], m[:, 1, 0] = -angles.sin() * aspect, angles.sin() / aspect
    return m


def scales(factors: Tensor) -> Tensor:
    """(n, 3, 3): below 1 comes nearer, since less of the picture fills the frame."""
    m = torch.eye(3).repeat(len(factors), 1, 1)
    m[:, 0, 0] = m[:, 1, 1] = factors
    return m


def shifts(x: Tensor, y: Tensor) -> Tensor:
    """(n, 3, 3): moves by x and y, of which 2 is the whole picture."""
    m = torch.eye(3).repeat(len(x), 1, 1)
    m[:, 0, 2], m[:, 1, 2] = x, y
    return m


def tilts(x: Tensor, y: Tensor) -> Tensor:
    """(n, 3, 3): the picture turned away in space, so that one side looks farther off."""
    m = torch.eye(3).repeat(len(x), 1, 1)
    m[:, 2, 0], m[:, 2, 1] = x, y
    return m


def move_pictures(pictures: Tensor, matrices: Tensor, mode: str = "bilinear") -> Tensor:
    """Read each picture through its matrix; float (n, channels, rows, columns)."""
    grid = _grid(matrices, *pictures.shape[-2:]).to(pictures.dtype)
    return F.grid_sample(pictures, grid, mode, padding_mode="reflection", align_corners=False)


def move_masks(masks: Tensor, matrices: Tensor) -> Tensor:
    """Read each mask, int64 (n, rows, columns), through its matrix; a pixel takes the nearest one's class."""
    return move_pictures(masks[:, None].float(), matrices, "nearest")[:, 0].long()


def move_points(points: Tensor, matrices: Tensor) -> Tensor:
    """The places, (n, 2 * points), at which the points are found after `move_pictures`."""
    pairs = points.reshape(len(points), -1, 2)
    # a matrix leads from the new place to the old one; a point goes the other way
    moved = F.pad(pairs, (0, 1), value=1) @ torch.linalg.inv(matrices).transpose(1, 2)
    return (moved[..., :2] / moved[..., 2:]).reshape(points.shape)


def _grid(matrices: Tensor, rows: int, columns: int) -> Tensor:
    """(n, rows, columns, 2): where each pixel's middle is taken from; -1 and 1 are the picture's edges."""
    y = (2 * torch.arange(rows, device=matrices.device) + 1) / rows - 1
    x = (2 * torch.arange(columns, device=matrices.device) + 1) / columns - 1
    places = torch.stack([*torch.meshgrid(x, y, indexing="xy"), torch.ones(rows, columns, device=x.device)], -1)
    moved = torch.einsum("ijk,nlk->nijl", places, matrices)
    return moved[..., :2] / moved[..., 2:]
