"""Augmentation of a whole batch at once, on its device: each image moves in its own way, its mask or keypoints with it.

One 3x3 matrix an image holds all of its movements (flip, rotation, zoom, shift, perspective), and two numbers a channel
its contrast and brightness; the batch is then read through the matrices, and its values changed, in one go.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ..arguments import in_words
from ..targets import TargetType

CHUNK = 2**17  # pixels that a processor moves at a time: what is worked out for more leaves its cache


@dataclass(frozen=True)
class Augment:
    """Random changes that leave an image's meaning as it is; drawn anew for each image and batch.

    Args:
        flip: mirror left and right, for every second image. Several keypoints are mirrored only if it is known which
            of them change places then, see `keypoint_labels`.
        dihedral: one of the eight symmetries of a square (the dihedral group) instead: for what has no above and below.
            Square images.
        rotate: up to so many degrees, either way.
        zoom: up to so many times nearer.
        shift: up to this fraction of the image's size, in each direction.
        perspective: turned in space, up to this strength; 0 for what is always seen straight.
        brightness: lighter or darker by up to this fraction of the scale from black to white.
        contrast: multiplied around mid-grey by up to exp(contrast), or divided.
        p: the probability with which each of rotation, zoom, shift, perspective, brightness and contrast applies.

    Beyond the edges the image is mirrored. A keypoint may leave the image: its coordinate is then beyond 1. Of images
    with an opacity channel (two or four channels) only the others change their brightness and contrast.
    Used in lesson 01.
    """

    flip: bool = True
    dihedral: bool = False
    rotate: float = 10.0
    zoom: float = 1.1
    shift: float = 0.0
    perspective: float = 0.2
    brightness: float = 0.1
    contrast: float = 0.2
    p: float = 0.75

    def __post_init__(self) -> None:
        """Refuse strengths that make no sense."""
        least = min(self.rotate, self.shift, self.perspective, self.brightness, self.contrast)
        if self.zoom < 1 or not 0 <= self.p <= 1 or least < 0 or self.perspective >= 0.5:
            raise ValueError(f"zoom >= 1, 0 <= p <= 1, 0 <= perspective < 0.5 and the others >= 0 are needed: {self}")

    def __call__(self, images: Tensor, targets: Tensor, target_type: TargetType) -> tuple[Tensor, Tensor]:
        """Change a batch.

        Args:
            images: (n, channels, H, W), float from 0 to 1 or uint8 from 0 to 255; they become float from 0 to 1.
            targets: masks and keypoints move with their images, other targets stay.
            target_type: what the targets are.
        """
        matrices = self.matrices(len(images), *images.shape[-2:], self.mirrors(target_type)).to(images.device)
        moved = move_images(images, matrices, jitter=self._jitter(images))
        return moved, move_targets(targets, matrices, target_type)

    def mirrors(self, target_type: TargetType) -> bool:
        """Whether images with such targets are mirrored."""
        return (self.flip or self.dihedral) and getattr(target_type, "mirrored", True)

    def matrices(self, n: int, height: int, width: int, mirror: bool = True) -> Tensor:
        """One random movement an image, (n, 3, 3): from a position in the new image to where it is taken from.

        `mirror=False` leaves out mirror images, and of the dihedral group all but its four quarter turns.
        """
        if self.dihedral and height != width:
            raise ValueError(f"the eight symmetries need square images; these are {height} x {width}")
        m = torch.eye(3).repeat(n, 1, 1)
        if self.dihedral:
            m = dihedral_group()[torch.randint(8 if mirror else 4, (n,))]
        elif self.flip and mirror:
            m = dihedral_group()[4 * torch.randint(2, (n,))]
        if self.rotate:
            m = m @ rotations(self._strength(n, math.radians(self.rotate)), height / width)
        if self.zoom > 1:
            m = m @ scales(1 / (1 + self._strength(n, self.zoom - 1).abs()))
        if self.shift:
            m = m @ shifts(self._strength(n, 2 * self.shift), self._strength(n, 2 * self.shift))
        if self.perspective:
            m = m @ perspectives(self._strength(n, self.perspective), self._strength(n, self.perspective))
        return m

    def _strength(self, n: int, most: float) -> Tensor:
        """(n,) numbers from -most to most, or 0 for the images that are spared."""
        return (2 * torch.rand(n) - 1) * most * (torch.rand(n) < self.p)

    def _jitter(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The factor and the addend, (n, channels, 1, 1), that give values other contrast and brightness on 0 to 1."""
        n, channels = images.shape[:2]
        factor, addend = torch.ones(n, channels), torch.zeros(n, channels)
        if self.brightness or self.contrast:
            contrast, brightness = (self._strength(n, most)[:, None] for most in (self.contrast, self.brightness))
            colors = channels - (channels in (2, 4))  # the opacity stays
            factor[:, :colors] = contrast.exp()
            addend[:, :colors] = 0.5 + brightness - 0.5 * contrast.exp()
        factor /= 255 if images.dtype == torch.uint8 else 1
        return factor.to(images.device)[..., None, None], addend.to(images.device)[..., None, None]


@in_words
def dihedral(**changes: float) -> Augment:
    """The dihedral group, a little zoom and color jitter, no perspective: for what is seen straight from above.

    Args:
        changes: other values for `Augment`.

    Used in lesson 04.
    """
    usual = {"rotate": 0.0, "zoom": 1.05, "perspective": 0.0, "brightness": 0.05, "contrast": 0.1}
    return Augment(**{"dihedral": True} | usual | changes)


def dihedral_group() -> Tensor:
    """(8, 3, 3): the eight symmetries of a square, its four quarter turns, and the same of its mirror image."""
    quarter = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    mirror = torch.diag(torch.tensor([-1.0, 1, 1]))
    turns = [torch.linalg.matrix_power(quarter, i) for i in range(4)]
    return torch.stack([*turns, *(turn @ mirror for turn in turns)])


def rotations(angles: Tensor, aspect: float) -> Tensor:
    """(n, 3, 3) rotations by angles in radians, for images whose height is `aspect` times their width."""
    cos, sin = angles.cos(), angles.sin()
    return _matrices({(0, 0): cos, (1, 1): cos, (0, 1): -sin * aspect, (1, 0): sin / aspect})


def scales(factors: Tensor) -> Tensor:
    """(n, 3, 3): below 1 comes nearer, since less of the image fills the frame."""
    return _matrices({(0, 0): factors, (1, 1): factors})


def shifts(x: Tensor, y: Tensor) -> Tensor:
    """(n, 3, 3): moves by x and y, of which 2 is the whole image."""
    return _matrices({(0, 2): x, (1, 2): y})


def perspectives(x: Tensor, y: Tensor) -> Tensor:
    """(n, 3, 3): the image turned away in space, so that one side looks farther off."""
    return _matrices({(2, 0): x, (2, 1): y})


def _matrices(entries: dict[tuple[int, int], Tensor]) -> Tensor:
    """(n, 3, 3): the identity but for these entries, each (n,)."""
    m = torch.eye(3).repeat(len(next(iter(entries.values()))), 1, 1)
    for (row, column), values in entries.items():
        m[:, row, column] = values
    return m


def move_images(
    images: Tensor, matrices: Tensor, mode: str = "bilinear", jitter: tuple[Tensor, Tensor] | None = None
) -> Tensor:
    """Read each image through its matrix.

    Args:
        images: (n, channels, H, W); the result is float of that shape.
        matrices: (n, 3, 3), on the images' device.
        mode: how values between pixels are found, "bilinear" or "nearest".
        jitter: a factor and an addend for the values, (n, channels, 1, 1) each; what is then below 0 or above 1 is cut.
    """
    n, _, height, width = images.shape
    moved = torch.empty_like(images, dtype=images.dtype if images.is_floating_point() else torch.float32)
    step = max(1, CHUNK // (height * width) if images.device.type == "cpu" else n)
    for part in (slice(start, start + step) for start in range(0, n, step)):
        grid = _grid(matrices[part], height, width).to(moved.dtype)
        chunk = images[part].to(moved.dtype)
        chunk = F.grid_sample(chunk, grid, mode, padding_mode="reflection", align_corners=False)
        if jitter:
            chunk.mul_(jitter[0][part]).add_(jitter[1][part]).clamp_(0, 1)
        moved[part] = chunk
    return moved


def move_keypoints(keypoints: Tensor, matrices: Tensor, swap: Sequence[tuple[int, int]] | None = None) -> Tensor:
    """The positions, (n, 2 * keypoints), of keypoints after `move_images`; pairs in `swap` exchanged in a mirror."""
    pairs = keypoints.reshape(len(keypoints), -1, 2)
    # a matrix leads from the new position to the old one; a keypoint goes the other way
    moved = F.pad(pairs, (0, 1), value=1) @ torch.linalg.inv(matrices).transpose(1, 2)
    moved = moved[..., :2] / moved[..., 2:]
    for a, b in swap or ():
        exchanged = moved.clone()
        exchanged[:, [a, b]] = moved[:, [b, a]]
        moved = torch.where(torch.linalg.det(matrices)[:, None, None] < 0, exchanged, moved)
    return moved.reshape(keypoints.shape)


def move_targets(targets: Tensor, matrices: Tensor, target_type: TargetType) -> Tensor:
    """Targets moved with their images, or what a model says of them.

    Args:
        targets: masks, int64 (n, H, W), of which a pixel takes the nearest one's class, or float (n, classes, H, W);
            keypoints, (n, 2 * keypoints); others stay.
        matrices: (n, 3, 3).
        target_type: what the targets are.
    """
    if target_type.spatial == "keypoints":
        return move_keypoints(targets, matrices, target_type.swap)
    if target_type.spatial == "mask" and not targets.is_floating_point():
        return move_images(targets[:, None], matrices, "nearest")[:, 0].long()
    return move_images(targets, matrices) if target_type.spatial else targets


def _grid(matrices: Tensor, height: int, width: int) -> Tensor:
    """(n, H, W, 2): where each pixel's middle is taken from; -1 and 1 are the image's edges."""
    y = (2 * torch.arange(height, device=matrices.device) + 1) / height - 1
    x = (2 * torch.arange(width, device=matrices.device) + 1) / width - 1
    along_x, along_y, constant = matrices.unsqueeze(2).unbind(-1)  # (n, 3, 1) each
    moved = (along_y * y).unsqueeze(3) + (along_x * x + constant).unsqueeze(2)
    return (moved[:, :2] / moved[:, 2:]).permute(0, 2, 3, 1)
