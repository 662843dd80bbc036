"""Sheets "trained network" and "digits" of convolution.xlsx: a network that reads handwriting, as live formulas."""

from collections.abc import Sequence

from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from torch import Tensor

from . import style
from .cells import Area, address, define_name, write, write_formulas
from .words import TRAINED

SHEET = "trained network"
START, PITCH = 3, 11  # the first map starts in column C, the next one 11 columns on
PANEL, CONV1, CONV2, POOL, DENSE = 6, 19, (47, 78), 109, 118  # rows where the parts start
BAND = 5  # rows for one digit in the dense layer: four of weights, one empty
BIAS, LOGIT, SHIFTED, EXP, SOFTMAX = 37, 38, 39, 40, 41  # columns of the dense layer's results
FIRST_DIGIT = 8  # the one that the sheet shows when opened


def build(book: Workbook, weights: dict[str, Tensor], digits: Tensor, labels: Tensor) -> None:
    """Add both sheets.

    weights is the state of the network in train_digits.py; digits, (n, 8, 8), are whole numbers from 0 to 16.
    """
    sheet = book.create_sheet(SHEET)
    _digits(book.create_sheet("digits"), digits, labels)
    picture = _picture(sheet)
    maps = _layer_1(sheet, picture, weights["0.weight"], weights["0.bias"])
    maps = _layer_2(sheet, maps, weights["2.weight"], weights["2.bias"])
    softmax = _dense(sheet, _pool(sheet, maps), weights["6.weight"], weights["6.bias"])
    _answer(sheet, softmax, len(digits))
    columns = {get_column_letter(column): 4.7 for column in range(START, START + 4 * PITCH - 1)}
    style.page(
        sheet, "A trained network, cell by cell",
        "1,626 numbers, trained on 1,437 handwritten digits. Type another digit's number in the yellow cell below.",
        widths={"A": 48, "B": 2.5} | columns, frozen="A4", last=get_column_letter(START + 4 * PITCH - 2),
        breaks=[CONV2[0] - 1, CONV2[1] - 1, POOL - 1],
    )  # fmt: skip


def _digits(sheet: Worksheet, digits: Tensor, labels: Tensor) -> None:
    """One row a digit: its number, its label, its 64 pixels."""
    for column, text in [(1, "digit"), (2, "label"), (3, "the 64 pixels, row by row: 0 is paper, 16 is ink")]:
        style.label(sheet, 4, column, text, bold=True)
    count = len(digits)
    style.numbers(sheet, write(sheet, "A5", [[number] for number in range(1, count + 1)]), 0)
    style.numbers(sheet, write(sheet, "B5", labels[:, None], name="digits_label"), 0, kind="input")
    pixels = write(sheet, "C5", digits.flatten(1), name="digits_pixels")
    style.heat(sheet, [style.numbers(sheet, pixels, 0, kind="input", size=7)], 16, kind="input")
    widths = {get_column_letter(column): 2.8 for column in range(3, 67)}
    style.page(
        sheet, "The held-out digits",
        f"The first {count} of the 360 digits that training did not see, as they come. From UCI Optdigits, CC BY 4.0.",
        widths={"A": 8, "B": 8} | widths, frozen="C5", last="BN",
    )  # fmt: skip


def _picture(sheet: Worksheet) -> Area:
    style.note(sheet, PANEL - 1, *TRAINED["picture"], rows=11)
    style.label(sheet, PANEL - 1, START, "picture, with a ring of zeros", bold=True)
    padded = _padded(sheet, PANEL, START, lambda i, j: f"=INDEX(digits_pixels,digit,{8 * i + j + 1})/16")
    style.heat(sheet, [padded], 1)
    define_name(sheet.parent, "picture", [padded.window(1, 1, (8, 8))])
    return padded


def _padded(sheet: Worksheet, row: int, column: int, formulas) -> Area:
    """Formulas (8, 8) in a ring of zeros: the area (10, 10) of both."""
    padded = style.numbers(sheet, write(sheet, address(row, column), [[0] * 10] * 10), 0, kind="padding")
    inner = write_formulas(sheet, address(row + 1, column + 1), formulas, (8, 8))
    style.numbers(sheet, inner, 1)
    return padded


def _sums(sheet: Worksheet, row: int, column: int, maps: Sequence[Area], filters: Sequence[Area], bias: Area) -> Area:
    """The (8, 8) sums of products of one filter's slices with the padded maps, plus its bias."""

    def products(i: int, j: int) -> str:
        pairs = zip(maps, filters, strict=True)
        parts = [f"SUMPRODUCT({m.window(i, j, (3, 3)).range},{f.fixed})" for m, f in pairs]
        return f"={'+'.join(parts)}+{bias.fixed}"

    return style.numbers(sheet, write_formulas(sheet, address(row, column), products, (8, 8)), 1)


def _relu(sums: Area):
    return lambda i, j: f"=MAX(0,{sums.window(i, j, (1, 1)).range})"


def _filter(
    sheet: Worksheet, row: int, column: int, name: str, slices: Tensor, bias: Tensor
) -> tuple[list[Area], Area]:
    """The slices (maps, 3, 3) of one filter, two abreast, and its bias to the right of them."""
    style.label(sheet, row - 1, column, name, bold=True)
    areas = [
        style.numbers(sheet, write(sheet, address(row + 4 * (k // 2), column + 4 * (k % 2)), part), 1, kind="input")
        for k, part in enumerate(slices)
    ]
    style.heat(sheet, areas, 1, kind="input")
    right = column + (4 if len(areas) == 1 else 8)
    style.label(sheet, row, right, "bias")
    return areas, style.numbers(sheet, write(sheet, address(row + 1, right), bias), 1, kind="input")


def _layer_1(sheet: Worksheet, picture: Area, weight: Tensor, bias: Tensor) -> list[Area]:
    for row, name, rows in [(CONV1, "conv1", 4), (CONV1 + 5, "sums1", 4), (CONV1 + 15, "relu1", 4)]:
        style.note(sheet, row, *TRAINED[name], rows=rows)
    filters, biases, sums, padded = [], [], [], []
    for k in range(len(weight)):
        column = START + PITCH * k
        areas, b = _filter(sheet, CONV1 + 1, column + 1, f"filter {k + 1}", weight[k], bias[k])
        sums.append(_sums(sheet, CONV1 + 6, column + 1, [picture], areas, b))
        padded.append(_padded(sheet, CONV1 + 16, column, _relu(sums[-1])))
        filters, biases = filters + areas, [*biases, b]
    style.heat(sheet, sums + padded, 2)
    relu = [area.window(1, 1, (8, 8)) for area in padded]
    _define(sheet, {"conv1_weight": filters, "conv1_bias": biases, "conv1": sums, "conv1_relu": relu})
    return padded


def _layer_2(sheet: Worksheet, maps: Sequence[Area], weight: Tensor, bias: Tensor) -> list[Area]:
    for start, name in zip(CONV2, ("conv2", "conv2 more"), strict=True):
        for row, block, rows in [(start, name, 7), (start + 9, "sums2", 4), (start + 19, "relu2", 2)]:
            style.note(sheet, row, *TRAINED[block], rows=rows)
    filters, biases, sums, relu = [], [], [], []
    for k in range(len(weight)):
        row, column = CONV2[k // 4], START + PITCH * (k % 4) + 1
        areas, b = _filter(sheet, row + 1, column, f"filter {k + 1}", weight[k], bias[k])
        sums.append(_sums(sheet, row + 10, column, maps, areas, b))
        relu.append(style.numbers(sheet, write_formulas(sheet, address(row + 20, column), _relu(sums[-1]), (8, 8)), 1))
        filters, biases = filters + areas, [*biases, b]
    style.heat(sheet, sums + relu, 4)
    _define(sheet, {"conv2_weight": filters, "conv2_bias": biases, "conv2": sums, "conv2_relu": relu})
    return relu


def _pool(sheet: Worksheet, maps: Sequence[Area]) -> list[Area]:
    """The pooled maps, (4, 4) each, side by side."""
    style.note(sheet, POOL, *TRAINED["pool"], rows=4)
    pooled = []
    for k, source in enumerate(maps):

        def largest(i: int, j: int, source: Area = source) -> str:
            return f"=MAX({source.window(2 * i, 2 * j, (2, 2)).range})"

        column = START + 1 + 4 * k
        pooled.append(style.numbers(sheet, write_formulas(sheet, address(POOL + 1, column), largest, (4, 4)), 1))
        style.frame(sheet, pooled[-1])
        style.label(sheet, POOL, column, f"map {k + 1}", bold=True)
    style.heat(sheet, pooled, 4)
    _define(sheet, {"pooled": pooled})
    return pooled


def _dense(sheet: Worksheet, pooled: Sequence[Area], weight: Tensor, bias: Tensor) -> list[Area]:
    """Four rows for each digit: its weights under the pooled maps, then its logit and the steps of softmax."""
    style.note(sheet, DENSE, *TRAINED["dense"], rows=17)
    heads = {BIAS: "bias", LOGIT: "logit", SHIFTED: "- max", EXP: "exp", SOFTMAX: "softmax"}
    for column, text in heads.items():
        style.label(sheet, DENSE, column, text, bold=True)
    width, end = 4 * len(pooled), DENSE + 1 + BAND * len(bias)  # `end` is the row of the largest logit and of the sum
    everything = Area(SHEET, pooled[0].top, pooled[0].left, pooled[0].bottom, pooled[0].left + width - 1)
    steps: dict[int, list[Area]] = {column: [] for column in heads}
    squares = []
    for k in range(len(bias)):
        row = DENSE + 1 + BAND * k
        line = weight[k].view(len(pooled), 4, 4).permute(1, 0, 2).flatten(1)  # (8, 4, 4) to (4, 32): side by side
        band = style.numbers(sheet, write(sheet, address(row, pooled[0].left), line), 1, kind="input", size=8)
        squares += [band.window(0, 4 * m, (4, 4)) for m in range(len(pooled))]
        steps[BIAS].append(style.numbers(sheet, write(sheet, address(row, BIAS), bias[k]), 2, kind="input"))
        for column, formula in {
            LOGIT: f"=SUMPRODUCT({everything.fixed},{band.range})+{address(row, BIAS)}",
            SHIFTED: f"={address(row, LOGIT)}-logits_max",
            EXP: f"=EXP({address(row, SHIFTED)})",
            SOFTMAX: f"={address(row, EXP)}/exps_sum",
        }.items():
            steps[column].append(style.numbers(sheet, write_formulas(sheet, address(row, column), [[formula]]), 2))
        style.label(sheet, row, START, k, bold=True, centre=True)
        sheet.row_dimensions[row + 4].height = 6
    for square in squares:
        style.frame(sheet, square)
    style.heat(sheet, squares, 1, kind="input")
    style.heat(sheet, steps[LOGIT], 15)
    style.heat(sheet, steps[EXP] + steps[SOFTMAX], 1)
    for name, function, column in [("logits_max", "MAX", LOGIT), ("exps_sum", "SUM", EXP)]:
        column_area = Area(SHEET, DENSE + 1, column, end - 1, column)
        total = write_formulas(sheet, address(end, column), [[f"={function}({column_area.range})"]], name=name)
        style.numbers(sheet, total, 2)
        style.label(sheet, end + 1, column, function.lower(), centre=True)
    _define(sheet, {
        "dense_weight": squares, "dense_bias": steps[BIAS], "logits": steps[LOGIT], "shifted": steps[SHIFTED],
        "exps": steps[EXP], "softmax": steps[SOFTMAX],
    })  # fmt: skip
    return steps[SOFTMAX]


def _answer(sheet: Worksheet, softmax: Sequence[Area], count: int) -> None:
    """The frozen row with the input and the answer, and the panel of probabilities beside the picture."""
    left = START + PITCH + 1
    style.label(sheet, PANEL - 1, left, "the ten probabilities", bold=True)
    for k, source in enumerate(softmax):
        style.label(sheet, PANEL + k, left, k, bold=True, centre=True)
        bar = write_formulas(sheet, address(PANEL + k, left + 1), [[f"={source.range}"]])
        style.numbers(sheet, bar, 4)
        sheet.merge_cells(bar.window(0, 0, (1, 12)).range)
    panel = Area(SHEET, PANEL, left + 1, PANEL + 9, left + 1)
    style.bars(sheet, panel)
    style.legend(sheet, [(PANEL + k, left + 15) for k in range(3)])
    classes = write(sheet, address(PANEL, left), [[k] for k in range(10)])
    digit = style.numbers(sheet, write(sheet, "C3", FIRST_DIGIT, name="digit"), 0, kind="input", size=12)
    best = f"=INDEX({classes.range},MATCH(MAX({panel.range}),{panel.range},0))"
    verdict = write_formulas(sheet, "S3", [['=IF(prediction=label,"right","wrong")']], name="verdict")
    for area in [
        write_formulas(sheet, "L3", [[best]], name="prediction"),
        write_formulas(sheet, "Q3", [["=INDEX(digits_label,digit)"]], name="label"),
        verdict,
    ]:
        style.numbers(sheet, area, 0, size=12)
    sheet.merge_cells("S3:U3")
    style.when_equal(sheet, verdict, "right", style.BLUE)
    style.when_equal(sheet, verdict, "wrong", style.ORANGE)
    style.sentence(sheet, "A3", f"Digit to read, 1 to {count}: ")
    style.sentence(sheet, "F3:K3", "The network says ")
    style.sentence(sheet, "N3:P3", "It is a ")
    sheet.row_dimensions[3].height = 22
    _validate(sheet, digit, count)
    _define(sheet, {"probabilities": [panel]})


def _validate(sheet: Worksheet, digit: Area, count: int) -> None:
    rule = DataValidation(type="whole", operator="between", formula1="1", formula2=str(count), allow_blank=False)
    rule.promptTitle, rule.prompt = "Digit", f"A whole number from 1 to {count}: a row of the sheet 'digits'."
    rule.errorTitle, rule.error = "No such digit", f"Type a whole number from 1 to {count}."
    rule.showInputMessage = rule.showErrorMessage = True
    rule.add(digit.range)
    sheet.add_data_validation(rule)


def _define(sheet: Worksheet, names: dict[str, list[Area]]) -> None:
    for name, areas in names.items():
        define_name(sheet.parent, name, areas)
