"""broadcasting.xlsx: every formula against PyTorch, and its rule against torch.broadcast_shapes."""

import random
from functools import partial

import pytest
import torch
from workbooks import EXCEL, EveryWorkbook, assert_equal, inputs_of, recalculates, texts_at, typed_in

from coursekit.classroom import sheets

PATH = EXCEL / "broadcasting.xlsx"
AXES, REFUSED = 5, -1
INPUTS = ["scalar", "vector", "row_matrix", "row_vector", "column_matrix", "column_vector", "outer_column", "outer_row",
          "shape_a", "shape_b", "table", "mv_matrix", "mv_vector", "mm_left", "mm_right"]  # fmt: skip
# Pairs of shapes, and the words of the sheet.
PAIRS = [
    ((8, 1, 6, 1), (7, 1, 5), "They fit: 8 × 7 × 6 × 5."),
    ((3, 4), (4,), "They fit: 3 × 4."),
    ((3, 4), (3,), "Refused: 4 and 3 differ, and neither is 1. It is axis -1."),
    ((3, 4), (3, 1), "They fit: 3 × 4."),
    ((256, 256, 3), (3,), "They fit: 256 × 256 × 3."),
    ((3, 256, 256), (3,), "Refused: 256 and 3 differ, and neither is 1. It is axis -1."),
    ((3, 256, 256), (3, 1, 1), "They fit: 3 × 256 × 256."),
    ((2, 1, 4), (3, 7, 4), "Refused: 2 and 3 differ, and neither is 1. It is axis -3."),
    ((2, 3, 4, 5, 6), (2, 9, 4, 8, 6), "Refused: 5 and 8 differ, and neither is 1. It is axis -2."),
    ((), (), "They fit: two single numbers."),
    ((), (1, 2), "They fit: 1 × 2."),
    ((1, 1, 1, 1, 1), (2,), "They fit: 1 × 1 × 1 × 1 × 2."),
]


def typed(shape):
    """A shape as the sheet holds it: from the left, and 0 for no axis."""
    return [*shape, *[0] * (AXES - len(shape))]


def aligned(shape):
    return [*[0] * (AXES - len(shape)), *shape]


def shape_of(numbers):
    return tuple(int(length) for length in numbers if length)


def fit(a, b):
    """The shape of the result, or None, as PyTorch sees it; and the length of each axis of five."""
    each = []
    for pair in zip(aligned(a), aligned(b), strict=True):
        known = [(length,) for length in pair if length]
        try:
            each.append(torch.broadcast_shapes(*known)[0] if known else 0)
        except RuntimeError:
            each.append(REFUSED)
    try:
        return torch.broadcast_shapes(a, b), each
    except RuntimeError:
        return None, each


def shapes(inputs):
    pair = [shape_of(inputs[name]) for name in ("shape_a", "shape_b")]
    result, each = fit(*pair)
    longest = max(map(len, pair))
    found = {"shape_result": torch.tensor(each), "shape_size": torch.tensor(0)}
    if result is not None:
        found["shape_size"] = torch.tensor(torch.empty(result, device="meta").numel())
    for name, shape in zip("ab", pair, strict=True):
        ones = (1,) * (longest - len(shape)) + shape
        found |= {f"axes_{name}": torch.tensor(len(shape)), f"gaps_{name}": torch.tensor(0),
                  f"shape_{name}_aligned": torch.tensor(aligned(shape)),
                  f"shape_{name}_filled": torch.tensor(aligned(ones))}  # fmt: skip
    return found


def two_ranges(inputs):
    (row, wide), (column, high) = (
        (inputs[f"{name}_matrix"] + vector, vector.expand(3, 4))
        for name, vector in [("row", inputs["row_vector"]), ("column", inputs["column_vector"][:, None])]
    )
    pair = inputs["outer_column"], inputs["outer_row"]
    tall, flat = torch.meshgrid(*pair, indexing="ij")
    return {
        "scalar_stretched": inputs["scalar"].expand(4), "scalar_result": inputs["scalar"] + inputs["vector"],
        "row_stretched": wide, "row_result": row, "column_stretched": high, "column_result": column,
        "outer_column_stretched": tall, "outer_row_stretched": flat, "outer_product": torch.outer(*pair),
        "outer_sum": pair[0][:, None] + pair[1], "outer_larger": (pair[0][:, None] > pair[1]).double(),
    }  # fmt: skip


def columns(inputs):
    table = inputs["table"]
    mean, std, of_rows = table.mean(0), table.std(0, correction=0), table.mean(1)
    normal = torch.nn.functional.batch_norm(table, None, None, training=True, eps=1e-12)
    return {
        "table_mean": mean, "table_std": std, "table_centred": table - mean, "table_normal": normal,
        "table_centred_stretched": mean.expand(6, 3), "table_normal_stretched": std.expand(6, 3),
        "table_normal_mean": torch.zeros(3), "table_normal_std": torch.ones(3), "table_row_mean": of_rows,
        "table_row_stretched": of_rows[:, None].expand(6, 3), "table_row_centred": table - of_rows[:, None],
    }  # fmt: skip


def product(inputs):
    matrix, vector, left, right = (inputs[name] for name in ("mv_matrix", "mv_vector", "mm_left", "mm_right"))
    return {
        "mv_products": matrix * vector, "mv_result": matrix @ vector, "mm_columns": left,
        "mm_stretched": left[..., None].expand(3, 4, 2), "mm_products": left[..., None] * right,
        "mm_sums": left @ right, "mm_result": left @ right,
    }  # fmt: skip


def twin(inputs):
    """All that the workbook works out, from its inputs."""
    return two_ranges(inputs) | shapes(inputs) | columns(inputs) | product(inputs)


class TestWorkbook(EveryWorkbook):
    path, inputs = PATH, INPUTS
    texts = ["shape_reasons", "shape_verdict"]
    sheets = ["two ranges", "shapes", "normalising columns", "matrix product"]
    twin = staticmethod(twin)

    def changed(self, inputs):
        other = {"shape_a": torch.tensor(typed((2, 1, 5))), "shape_b": torch.tensor(typed((7, 1, 3, 4)))}
        return {name: other.get(name, 3 * torch.randn_like(value)) for name, value in inputs.items()}


def test_the_rule_is_the_rule_of_pytorch():
    """Random pairs of shapes: among them many that fit, and many that do not."""
    luck, fits = random.Random(5), []
    for _ in range(300):
        a, b = (tuple(luck.choice([1, 1, 2, 3, 10]) for _ in range(luck.randint(0, AXES))) for _ in "ab")
        given = {"shape_a": torch.tensor(typed(a)), "shape_b": torch.tensor(typed(b))}
        expected = shapes(given)
        assert_equal(sheets.calculate(PATH, given, list(expected)), expected)
        fits.append(fit(a, b)[0] is not None)
    assert 60 < sum(fits) < 240


@pytest.mark.parametrize("gap", [(0, 3, 0, 0, 0), (2, 0, 3, 0, 0), (2, 3, 0, 0, 4)])
def test_a_gap_is_counted_and_no_size_given(gap):
    found = sheets.calculate(PATH, {"shape_a": gap}, ["gaps_a", "gaps_b", "shape_size"])
    assert found["gaps_a"] == 1 and found["gaps_b"] == 0 and found["shape_size"] == 0


def test_the_words_as_saved():
    pair = [shape_of(sheets.read(PATH, name)) for name in ("shape_a", "shape_b")]
    assert pair == [PAIRS[0][0], PAIRS[0][1]] and texts_at(PATH, "shape_verdict") == [PAIRS[0][2]]
    reasons = ["B is stretched", "A is stretched", "B is stretched", "A is stretched"]
    assert [text or "" for text in texts_at(PATH, "shape_reasons")] == ["", *reasons]


def what_happens(a, b):
    """The words under each pair of axes, from the rule of the lesson."""
    longest, words = max(len(a), len(b)), []
    for place, (m, n) in enumerate(zip(aligned(a), aligned(b), strict=True)):
        m, n = m or 1, n or 1
        outside = place < AXES - longest
        text = "equal" if m == n else "A is stretched" if m == 1 else "B is stretched" if n == 1 else "refused"
        words.append("" if outside else text)
    return words


def with_shapes(a, b):
    """Writes a copy of the workbook with two shapes typed in."""
    cells = {f"{column}{row}": length for row, shape in [(5, a), (6, b)]
             for column, length in zip("DEFGH", typed(shape), strict=True)}  # fmt: skip
    return partial(typed_in, PATH, 2, cells)


TYPED = [*PAIRS, ((2, 0, 3), (3,), "Type the lengths from the left, without a gap.")]


@recalculates(*(with_shapes(a, b) for a, b, _ in TYPED))
def test_libreoffice_says_it_in_words(recalculated):
    """Every pair typed in; a refusal names both lengths and the axis."""
    for (a, b, words), copy in zip(TYPED, recalculated, strict=True):
        assert texts_at(copy, "shape_verdict") == [words]
        if (a, b) in [pair[:2] for pair in PAIRS]:
            assert [text or "" for text in texts_at(copy, "shape_reasons")] == what_happens(a, b), (a, b)
            expected = twin(inputs_of(copy, INPUTS))
            assert_equal({name: sheets.read(copy, name) for name in expected}, expected)
            result = fit(a, b)[0]
            assert words.startswith("Refused") == (result is None)
            assert result is None or not result or " × ".join(map(str, result)) in words
