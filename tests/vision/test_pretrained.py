"""The pre-trained body that ships: its file is whole and described, and its features know textures and creatures."""

from functools import cache

import numpy as np
import pytest
import torch

from coursekit import load_tensors
from coursekit.vision.backbones import WEIGHTS, resnet_tiny
from data.make.weights import creatures, shapes


@cache
def drawn():
    return shapes.draw(512, seed=77)


@cache
def body(pretrained, seed=0):
    """Pre-trained, or with random weights whose batch norms have seen the images, so that only the weights differ."""
    torch.manual_seed(seed)
    network = resnet_tiny(pretrained=pretrained)
    if not pretrained:
        with torch.no_grad():
            for _ in range(20):
                network(normalised(drawn()[0][:128]))
    return network.eval()


def normalised(images):
    _, notes = load_tensors(WEIGHTS)
    mean, std = (torch.tensor(notes[name])[:, None, None] for name in ("mean", "std"))
    return (images.float() / 255 - mean) / std


@cache
@torch.inference_mode()
def features(draw, pretrained, seed=0):
    """Each feature of the pictures that `draw` gives first, averaged over all places, (n, 128)."""
    network = body(pretrained) if pretrained else body(False, seed)  # weights that are read have no seed
    return torch.cat([network(part).mean((2, 3)) for part in normalised(draw()[0]).split(128)])


def probe(seen, labels, classes, train):
    """Accuracy, on the pictures after the first `train`, of least squares from features to one-hot labels."""
    seen = (seen - seen[:train].mean(0)) / (seen[:train].std(0) + 1e-6)
    seen = torch.cat([seen, torch.ones(len(seen), 1)], 1)
    wanted = torch.nn.functional.one_hot(labels, classes).float()
    known = seen[:train]
    weights = torch.linalg.solve(known.T @ known + 30 * torch.eye(known.shape[1]), known.T @ wanted[:train])
    return ((seen[train:] @ weights).argmax(1) == labels[train:]).float().mean().item()


@cache
def swatches(kinds=("plain", "stripes", "checks", "spots", "rosettes", "bricks", "clouds", "blotches"), each=50):
    """Pictures filled with one texture, in any two colours, directions and sizes; and which it is."""
    artist = shapes.Artist(len(kinds) * each, 64, torch.Generator().manual_seed(5))
    skin = artist.skin()
    names = torch.tensor([shapes.TEXTURES.index(kind) for kind in kinds])
    labels = torch.randperm(artist.n, generator=artist.generator) % len(kinds)
    skin.texture = names[labels]
    rows = torch.arange(artist.n)
    artist.fill(torch.ones(artist.n, 64, 64), None, None, skin, "ground", skin.texture, rows)
    return artist.finish(), labels, len(kinds)


def test_the_file_fills_the_body_and_is_small():
    weights, _ = load_tensors(WEIGHTS)
    own = resnet_tiny(pretrained=True).state_dict()
    assert weights.keys() == own.keys() and all(torch.equal(weights[name], own[name]) for name in own)
    assert all(value.dtype == torch.float32 for name, value in weights.items() if not name.endswith("tracked"))
    assert all(value.isfinite().all() for value in weights.values())
    assert WEIGHTS.stat().st_size <= 4_000_000


def test_the_notes_tell_how_it_was_made():
    _, notes = load_tensors(WEIGHTS)
    wanted = {"trained on", "pictures", "epochs", "seed", "minutes", "held-out accuracy", "mean", "std"}
    assert wanted <= notes.keys()
    assert len(notes["trained on"]) > 50 and notes["pictures"] > 1000 and notes["minutes"] > 1
    asked = {*shapes.TASKS, *shapes.CELL_TASKS, "present"}
    assert notes["held-out accuracy"].keys() == asked
    assert all(0 < value <= 1 for value in notes["held-out accuracy"].values())
    images = drawn()[0].float() / 255
    assert torch.allclose(images.mean((0, 2, 3)), torch.tensor(notes["mean"]), atol=0.05)
    assert torch.allclose(images.std((0, 2, 3)), torch.tensor(notes["std"]), atol=0.05)


@pytest.mark.parametrize("seed", [0, 1])
def test_its_features_tell_textures_apart_where_random_ones_do_not(seed):
    _, labels, classes = swatches()
    learnt, random = (probe(features(swatches, kind, seed), labels, classes, 200) for kind in (True, False))
    assert learnt > random + 0.25, f"pre-trained {learnt:.2f}, random weights {random:.2f}"


@cache
def beasts():
    """Creatures that were not trained on, and the numbers of their features."""
    return creatures.draw(300, first=100_000)


@pytest.mark.parametrize("asked, gap", [("coat", 0.1), ("eyes", 0.15), ("muzzle", 0.1)])
def test_its_features_tell_creatures_apart_where_random_ones_do_not(asked, gap):
    _, answers = beasts()
    place = creatures.ASKED.index(asked)
    learnt, random = (
        probe(features(beasts, kind), answers[:, place], creatures.COUNTS[place], 200) for kind in (True, False)
    )
    assert learnt > random + gap, f"pre-trained {learnt:.2f}, random weights {random:.2f}"


def test_no_creature_is_a_breed_or_differs_from_one_in_a_single_feature():
    for number in range(500):
        creature = creatures.features(creatures.mixture(np.random.default_rng([creatures.SEED, number])))
        assert all(sum(a != b for a, b in zip(creature, breed, strict=True)) > 1 for breed in creatures.KNOWN)


def test_the_same_seed_draws_the_same_images_and_the_targets_are_in_range():
    first, second, other = shapes.draw(70, seed=3), shapes.draw(70, seed=3), shapes.draw(70, seed=4)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not torch.equal(first[0], other[0])
    images, whole, cells = drawn()
    assert images.dtype == torch.uint8 and images.shape == (512, 3, 64, 64)
    for name, values in zip(shapes.TASKS, whole.T, strict=False):
        asked = values[values != shapes.UNKNOWN]
        assert len(asked) > 20 and asked.min() >= 0 and asked.max() < shapes.TASKS[name], name
    for name, values in zip(shapes.CELL_TASKS, cells.transpose(0, 1), strict=True):
        asked = values[values != shapes.UNKNOWN]
        assert asked.min() >= 0 and asked.max() < shapes.CELL_TASKS[name], name


def test_a_drawn_plain_ground_has_the_colour_that_its_target_says():
    images, _, cells = drawn()
    paints = torch.tensor(list(shapes.COLOURS.values()))
    centres = images[:, :, 4::8, 4::8].float() / 255
    plain = (cells[:, 0] == 0) & (cells[:, 2] == 0)
    found = centres.permute(0, 2, 3, 1)[plain]
    nearest = torch.cdist(found, paints).argmin(1)
    assert (nearest == cells[:, 1][plain]).float().mean() > 0.5
