"""Picture files as tensors: what is read, what is refused, and where things lie after a change of size."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
import torch
from drawn import blob, centre, noise, save
from PIL import Image
from torchvision import tv_tensors

import coursekit as ck
from coursekit.vision.images import height_and_width

# Finding


def test_images_are_found_in_folders_in_order_and_hidden_ones_left_out(tmp_path):
    names = ["b/2.PNG", "a.jpg", "b/1.tiff", "b/c/ü 猫.webp"]
    for name in [*names, ".hidden.png", "b/.ipynb_checkpoints/2-checkpoint.png"]:
        save(tmp_path / name, noise())
    (tmp_path / "notes.txt").write_text("no image", encoding="utf-8")
    (tmp_path / "folder.png").mkdir()
    expected = sorted(tmp_path / name for name in names)
    assert ck.find_images(tmp_path) == ck.find_images(str(tmp_path)) == expected
    assert ck.read_image(tmp_path / "b/c/ü 猫.webp").shape == (3, 16, 16)


def test_images_lie_in_the_same_order_where_paths_compare_without_case(tmp_path, without_case):
    """A seed splits the same images off on every system: Windows would put `dog` between `Cat` and `Emu`."""
    names = ["Cat/2.png", "Emu/1.png", "dog/1.png", "dog/B.png", "dog/a.png"]
    for name in names:
        save(tmp_path / name, noise())
    assert [file.relative_to(tmp_path).as_posix() for file in ck.find_images(tmp_path)] == names


def test_a_folder_below_a_hidden_one_is_searched(tmp_path):
    file = save(tmp_path / ".cache" / "pets" / "cat.png", noise())
    assert ck.find_images(tmp_path / ".cache" / "pets") == [file]


def test_relative_paths_stay_relative(tmp_path, monkeypatch):
    save(tmp_path / "pets" / "cat.png", noise())
    monkeypatch.chdir(tmp_path)
    assert [str(file) for file in ck.find_images("pets")] == [os.path.join("pets", "cat.png")]


def test_links_are_followed_once(tmp_path):
    save(tmp_path / "elsewhere" / "cat.png", noise())
    (tmp_path / "pets" / "cats").mkdir(parents=True)
    (tmp_path / "pets" / "cats" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "pets" / "cats" / "round").symlink_to(tmp_path / "pets")
    (tmp_path / "pets" / "one.png").symlink_to(tmp_path / "elsewhere" / "cat.png")
    (tmp_path / "pets" / "nothing.png").symlink_to(tmp_path / "gone.png")
    found = [str(file.relative_to(tmp_path / "pets")) for file in ck.find_images(tmp_path / "pets")]
    assert found == ["cats/linked/cat.png", "one.png"]


def test_nothing_found_says_what_is_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder .*pets: it is not there"):
        ck.find_images(tmp_path / "pets")
    with pytest.raises(FileNotFoundError, match=r"no image in .* \(looked for .jpg, .*; found no files at all\)"):
        ck.find_images(tmp_path)
    (tmp_path / "notes.txt").write_text("no image", encoding="utf-8")
    (tmp_path / "LICENSE").write_text("no image", encoding="utf-8")
    with pytest.raises(FileNotFoundError, match=r"found .txt, LICENSE\)"):
        ck.find_images(tmp_path)
    with pytest.raises(FileNotFoundError, match="it is a file; give several files as a list"):
        ck.find_images(tmp_path / "notes.txt")


# Reading


@pytest.mark.parametrize("channels, mode", [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
@pytest.mark.parametrize("kept", [1, 2, 3, 4])
def test_any_image_is_read_with_any_number_of_channels(tmp_path, channels, mode, kept):
    array = noise(5, 7, kept)
    path = save(tmp_path / "a.png", array)
    found = ck.read_image(path, channels)
    image = Image.fromarray(array)
    if kept in (2, 4) and channels in (1, 3):  # what is seen on white paper
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    expected = np.array(image.convert(mode)).reshape(5, 7, channels)
    if kept in (2, 4) and channels in (2, 4):
        expected[expected[:, :, -1] == 0] = 0
    assert found.dtype == torch.uint8 and torch.equal(found, torch.from_numpy(expected).permute(2, 0, 1))
    assert torch.equal(ck.read_image(str(path), channels), found)
    assert torch.equal(ck.read_image(io.BytesIO(path.read_bytes()), channels), found)


@pytest.mark.parametrize("transparency", [1, bytes([255, 0, 128, 255])], ids=["one entry", "each entry"])
@pytest.mark.filterwarnings("error")
def test_a_palette_with_transparency(tmp_path, transparency):
    image = Image.fromarray(np.array([[0, 1], [2, 3]], np.uint8), "P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
    image.save(tmp_path / "a.png", transparency=transparency)
    found = ck.read_image(tmp_path / "a.png", 4)
    assert found[:, 0, 1].tolist() == [0, 0, 0, 0] and found[:, 0, 0].tolist() == [255, 0, 0, 255]
    assert ck.read_image(tmp_path / "a.png")[:, 0].T.tolist() == [[255, 0, 0], [255, 255, 255]]


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_of_grey_keep_the_upper_eight(tmp_path, suffix, channels):
    levels = np.array([[0, 255, 256], [40000, 65279, 65535]], np.uint16)
    Image.fromarray(levels).save(tmp_path / f"a.{suffix}")
    found = ck.read_image(tmp_path / f"a.{suffix}", channels)
    assert found[0].tolist() == (levels // 256).tolist() and found.shape == (channels, 2, 3)


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_grey_without_a_known_range_is_refused(tmp_path, dtype):
    Image.fromarray(np.zeros((4, 4), dtype)).save(tmp_path / "a.tif")
    with pytest.raises(ValueError, match="32 bits a pixel of unknown range: save it with 8 or 16 bits"):
        ck.read_image(tmp_path / "a.tif")


def test_black_and_white_is_0_and_255_as_a_image_and_0_and_1_as_a_mask(tmp_path):
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "a.png")
    assert ck.read_image(tmp_path / "a.png", 1).tolist() == [[[255, 0]]]
    assert ck.read_mask(tmp_path / "a.png").tolist() == [[1, 0]]


def test_cmyk_is_read_as_colours(tmp_path):
    red = np.zeros((8, 8, 4), np.uint8)
    red[:, :, 1:3] = 255  # magenta and yellow
    Image.fromarray(red, "CMYK").save(tmp_path / "a.jpg", quality=100)
    found = ck.read_image(tmp_path / "a.jpg").float().mean((1, 2))
    assert found[0] > 240 and found[1:].max() < 15


def test_the_note_on_which_side_is_up_is_obeyed(tmp_path):
    note = Image.Exif()
    note[0x0112] = 6  # the camera was turned: show it a quarter turn clockwise
    array = noise(4, 6)
    save(tmp_path / "a.png", array, exif=note)
    save(tmp_path / "mask.png", array[:, :, 0], exif=note)
    assert torch.equal(ck.read_image(tmp_path / "a.png"), torch.from_numpy(np.rot90(array, -1).copy()).permute(2, 0, 1))
    assert torch.equal(ck.read_mask(tmp_path / "mask.png"), torch.from_numpy(np.rot90(array[:, :, 0], -1).copy()))


def test_of_an_animation_the_first_image_is_read(tmp_path):
    first, second = (Image.new("RGB", (4, 4), colour) for colour in ("red", "blue"))
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    assert ck.read_image(tmp_path / "a.gif")[:, 0, 0].tolist() == [255, 0, 0]


def bomb():
    def part(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(b"0")) + part(b"IEND", b"")


def damaged(kind):
    whole, palette = io.BytesIO(), io.BytesIO()
    Image.fromarray(noise(32, 32)).save(whole, "PNG")
    Image.fromarray(noise(4, 4, 1)).convert("P").save(palette, "BMP")
    half, palette = whole.getvalue()[:1000], bytearray(palette.getvalue())
    palette[46] = 3  # Pillow says ValueError there, without the file's name
    return {"text": b"hello", "empty": b"", "half": half, "bomb": bomb(), "palette": bytes(palette)}[kind]


@pytest.mark.parametrize("kind", ["text", "empty", "half", "bomb", "palette"])
def test_a_damaged_file_is_named(tmp_path, kind):
    path = tmp_path / "cat.png"
    path.write_bytes(damaged(kind))
    with pytest.raises(ValueError, match=r"cat.png is not a whole image \(.*\.unreadable\(\) lists all such files"):
        ck.read_image(path)
    with pytest.raises(ValueError, match="the mask .*cat.png is not a whole image"):
        ck.read_mask(path)
    with pytest.raises(ValueError, match="this is not a whole image"):
        ck.read_image(io.BytesIO(path.read_bytes()))


def test_what_is_no_file_is_told(tmp_path):
    for read, name in ((ck.read_image, "file"), (ck.read_mask, "mask")):
        with pytest.raises(FileNotFoundError, match=f"there is no {name} .*gone.png"):
            read(tmp_path / "gone.png")
    with pytest.raises(ValueError, match="not a whole image .*Is a directory"):
        ck.read_image(tmp_path)
    for wrong in (None, 3, torch.zeros(3, 4, 4)):
        with pytest.raises(ValueError, match=f"an image is a path, .* or a Pillow image; found {type(wrong).__name__}"):
            ck.read_image(wrong)
    for channels in (0, 5, "3"):
        with pytest.raises(ValueError, match=f"1, 2, 3 or 4 channels, not {channels}"):
            ck.read_image(save(tmp_path / "a.png", noise()), channels)


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_a_mask_has_one_channel(tmp_path, channels):
    with pytest.raises(ValueError, match="has the mode .*: one channel of class numbers, 8 bits each, is needed"):
        ck.read_mask(save(tmp_path / "mask.png", noise(channels=channels)))


def test_a_mask_holds_grey_levels_or_palette_entries(tmp_path):
    numbers = np.arange(12, dtype=np.uint8).reshape(3, 4)
    save(tmp_path / "grey.png", numbers)
    coloured = Image.fromarray(numbers, "P")
    coloured.putpalette([200, 10, 10] * 12)
    coloured.save(tmp_path / "palette.png")
    for name in ("grey", "palette"):
        assert ck.read_mask(tmp_path / f"{name}.png").tolist() == numbers.tolist()


# Size

SHAPES = [(20, 30), (31, 17), (16, 16), (15, 40), (120, 160)]
SIZES = [(16, 16), (24, 12), (13, 29)]
each_fit = pytest.mark.parametrize("fit", ["squish", "crop", "pad"])
each_size = pytest.mark.parametrize("size", SIZES, ids=str)
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


@each_fit
@each_size
@each_shape
def test_points_masks_and_images_land_at_one_place(shape, size, fit):
    (rows, columns), reach = shape, max(shape) // 40 + 1
    row, column = rows // 2 - 1, columns // 2 + 1
    image = torch.from_numpy(blob(rows, columns, row, column, reach)).permute(2, 0, 1)
    drawn = centre(image[0].float())
    point = (drawn + 1) / 2 * torch.tensor([columns, rows])
    resize = ck.Resize(size, fit)
    small, points = resize(image, tv_tensors.KeyPoints(point[None].float(), canvas_size=shape))
    again, mask = resize(image, tv_tensors.Mask(image[0] // 255))
    assert small.shape == (3, *size) and mask.shape == size and torch.equal(small, again)
    assert type(small) is torch.Tensor and small.dtype == mask.dtype == torch.uint8
    assert torch.equal(resize(image), small)
    scaled = 2 * points.as_subclass(torch.Tensor)[0] / torch.tensor([size[1], size[0]]) - 1
    pixel = 2 / torch.tensor([size[1], size[0]])
    if fit == "pad":  # the mirrored border may hold the blob a second time
        x, y = points[0].long().tolist()
        assert small[0, y, x] > 0.6 * small.max() and small.max() > 50
    else:
        assert ((centre(small[0].float()) - scaled).abs() < 0.3 * pixel).all()
        assert mask.any() and ((centre(mask.float()) - scaled).abs() < 0.7 * pixel).all()
    assert torch.allclose(resize.back(scaled[None], rows, columns)[0], point.float(), atol=1e-3)


def test_a_mask_made_small_stays_where_its_image_is():
    mask = torch.zeros(64, 64, dtype=torch.uint8)
    mask[17:41, 9:25] = 1
    small, marked = ck.Resize(8)(255 * mask[None], tv_tensors.Mask(mask))
    pixel = 2 / 8
    assert ((centre(small[0].float()) - centre(marked.float())).abs() < 0.2 * pixel).all()


def test_squish_is_torchvisions_resize():
    image = torch.from_numpy(noise(20, 30)).permute(2, 0, 1)
    expected = torch.nn.functional.interpolate(image[None].float(), (9, 14), mode="bilinear", antialias=True)[0]
    assert (ck.Resize((9, 14))(image).float() - expected).abs().max() <= 1


def test_crop_keeps_the_middle_and_pad_keeps_all():
    image = torch.arange(8, dtype=torch.uint8).repeat(1, 4, 1)
    assert ck.Resize(4, "crop")(image).tolist() == [[[2, 3, 4, 5]] * 4]
    assert ck.Resize(8, "pad")(image).tolist() == [[list(range(8))] * 8]
    rows = image.transpose(1, 2)
    assert ck.Resize(8, "pad")(rows)[0, :, 2].tolist() == list(range(8))
    mirrored = ck.Resize((4, 12), "pad")(image)
    assert mirrored[0, 0].tolist() == [1, 0, *range(8), 7, 6]
    _, mask = ck.Resize((4, 12), "pad")(image, tv_tensors.Mask(image[0]))
    assert torch.equal(mask.as_subclass(torch.Tensor), mirrored[0])


def test_a_image_far_from_square_is_padded_with_its_edge():
    image = torch.arange(3, dtype=torch.uint8)[None, :, None].expand(1, 3, 60)
    found = ck.Resize(20, "pad")(image)
    assert found.shape == (1, 20, 20) and found[0, 0].eq(found[0, 9]).all()


@pytest.mark.parametrize("size", [32, [32, 32], (32, 32), torch.Size([32, 32]), np.int64(32)], ids=repr)
def test_a_size_is_a_number_or_a_pair(size):
    assert height_and_width(size) == (32, 32)


@pytest.mark.parametrize("size", [0, -4, 1.5, 32.0, "32", (1, 2, 3), (4,), (4, 0), (4.0, 4), None, ()], ids=repr)
def test_what_is_no_size_is_refused(size):
    with pytest.raises(ValueError, match="a size is a whole number of pixels, or a pair"):
        ck.Resize(size)


def test_an_unknown_fit_is_refused():
    with pytest.raises(ValueError, match="fit is one of squish, crop, pad; found 'stretch'"):
        ck.Resize(8, "stretch")


def test_odd_notes_beside_the_orientation_do_no_harm(tmp_path):
    note = Image.Exif()
    note[0x0112], note[0x829A] = 6, "no number"  # ExposureTime, which is one
    array = noise(4, 6)
    save(tmp_path / "a.jpg", array, exif=note, quality=100)
    assert ck.read_image(tmp_path / "a.jpg").shape == (3, 6, 4)


@pytest.mark.parametrize("tag", range(10))
def test_every_orientation_is_pillows(tmp_path, tag):
    from PIL import ImageOps

    note = Image.Exif()
    note[0x0112] = tag
    array = noise(4, 6)
    path = save(tmp_path / "a.png", array, exif=note)
    expected = np.array(ImageOps.exif_transpose(Image.open(path)))
    assert torch.equal(ck.read_image(path), torch.from_numpy(expected).permute(2, 0, 1))
    assert torch.equal(ck.read_image(Image.open(path)), torch.from_numpy(expected).permute(2, 0, 1))


def test_a_mask_as_jpeg_is_refused(tmp_path):
    save(tmp_path / "mask.jpg", np.zeros((8, 8)))
    with pytest.raises(ValueError, match="is a JPEG, which does not keep class numbers: save masks as PNG"):
        ck.read_mask(tmp_path / "mask.jpg")


def test_a_strip_without_end_is_refused_before_it_is_decoded(tmp_path):
    Image.new("1", (1, 30_000)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="it has 1 x 30,000 pixels, and 20,000 a side are read"):
        ck.read_image(tmp_path / "a.png")
