"""`show_results` of images: what was given, what was said, and whether it is wrong, for every type of target."""

import matplotlib.pyplot as plt
import pytest
import torch
from drawn import classes, discs, mask_source, multi_source, point_source
from torch import nn

import coursekit as ck
from coursekit.display import BLUE, RED


class Says(nn.Module):
    """A model whose answer, whatever is given, is always the same."""

    def __init__(self, outputs):
        super().__init__()
        self.outputs = nn.Parameter(torch.as_tensor(outputs, dtype=torch.float32))

    def forward(self, x):
        return self.outputs.expand(len(x), *self.outputs.shape)


@pytest.fixture
def shown(monkeypatch):
    """Draws what a model says that always says the same; gives the axes with an image, and the text for the blind."""
    kept = []
    monkeypatch.setattr("coursekit.vision.plots.finish", lambda alt: kept.append((plt.gcf().axes, alt)))

    def show(source, outputs, n, size=16):
        data = source.split(ck.at_random(0.5)).loaders(size, batch_size=3, device="cpu")
        learn = ck.Learner(data, Says(outputs), data.target_type.loss_fn, progress=False)
        assert learn.show_results(n) is None
        axes, alt = kept.pop()
        return [ax for ax in axes if ax.images], alt, data

    yield show
    plt.close("all")


def titles(axes):
    return [(ax.get_title(), ax.title.get_color()) for ax in axes]


def test_a_class_is_said_and_a_wrong_one_is_red_with_the_true_one(tmp_path, shown):
    axes, alt, data = shown(classes(tmp_path, 6), [0.0, 9.0, 0.0], 9)
    truth = [data.target_type.names[t] for _, targets in data.valid for t in targets.tolist()]
    assert set(truth) > {"light"}
    right, wrong = ("light (100%)", "black"), "said light (100%)\nis {}"
    assert titles(axes) == [right if name == "light" else (wrong.format(name), RED) for name in truth]
    for ax, image in zip(axes, torch.cat([images for images, _ in data.valid]), strict=False):
        assert torch.allclose(torch.as_tensor(ax.images[0].get_array()), image.permute(1, 2, 0))
    assert alt.startswith("9 held-out images, what was said of each") and "said light (100%), is dark" in alt


def test_labels_that_were_forgotten_and_those_that_are_not_there(tmp_path, shown):
    axes, _, data = shown(multi_source(tmp_path, 8), [-9.0, 9.0, 9.0], 4)
    truth = torch.cat([targets for _, targets in data.valid]).bool().tolist()
    for (title, color), (blue, green, red) in zip(titles(axes), truth, strict=True):
        lines = [" ".join(["green"] * green + ["red"] * red)]
        lines += ["not said: blue"] * blue
        extra = " ".join(["green"] * (not green) + ["red"] * (not red))
        lines += [f"not there: {extra}"] * bool(extra)
        assert title == "\n".join(filter(None, lines)) and color == ("black" if title == "green red" else RED)


def test_numbers_are_said_beside_the_true_ones(tmp_path, shown):
    source = classes(tmp_path, 2)
    one = source.labelled_by(ck.number_labels(lambda file: len(file.stem)))
    axes, alt, data = shown(one, [31.5], 3)
    truth = [int(n) for _, targets in data.valid for n in targets]
    assert titles(axes) == [(f"said 31.5, is {n}", "black") for n in truth]
    two = source.labelled_by(ck.number_labels(lambda file: (len(file.stem), 20_000), ["length", "price"]))
    axes, _, _ = shown(two, [31.5, 19_000], 1)
    assert titles(axes) == [(f"length 31.5, is {truth[1]}\nprice 19,000, is 20,000", "black")]


def test_keypoints_are_crosses_where_they_are_and_where_they_were_said_to_be(tmp_path, shown):
    middles = discs(tmp_path, 6)
    axes, _, data = shown(point_source(tmp_path, middles), [0.0, 0.5], 3, size=(16, 32))
    for ax, file in zip(axes, data.source.part(True)[0], strict=True):
        true, said = ax.lines
        x, y = middles[file.name]
        at = (2 * x - 0.5, y - 0.5)  # of 32 x 16 pixels; a pixel's middle is a whole number in the axes
        assert (true.get_color(), said.get_color()) == (BLUE, RED)
        assert [true.get_xdata()[0], true.get_ydata()[0]] == pytest.approx(at, abs=1e-4)
        assert [said.get_xdata()[0], said.get_ydata()[0]] == pytest.approx((15.5, 11.5))
        away = ((2 * x - 16) ** 2 + (y - 12) ** 2) ** 0.5
        assert ax.get_title() == f"{away:.1f} pixels apart"


def test_masks_stand_beside_the_image_with_a_legend(tmp_path, shown):
    discs(tmp_path, 6)
    outputs = torch.zeros(3, 16, 16)
    outputs[1] = 1
    axes, alt, data = shown(mask_source(tmp_path), outputs, 3)
    assert [ax.get_title() for ax in axes[:2]] == ["image", "true"] and len(axes) == 9
    _, masks = next(iter(data.valid))
    for ax, mask in zip(axes[2::3], masks, strict=True):
        right = (mask == 1).sum() / (mask != 2).sum()  # what lies on the rim counts for nothing
        assert ax.get_title() == f"said: {right:.0%} right"
    assert torch.equal(colors(axes[1]), colors_of(masks[0])) and (colors(axes[2]) == colors_of(masks[0] * 0 + 1)).all()
    (legend,) = axes[0].figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["ground", "disc", "rim"]


def colors(ax):
    return torch.as_tensor(ax.images[1].get_array())


def colors_of(mask):
    return torch.as_tensor(ck.image_plots.mask_colors(mask))
