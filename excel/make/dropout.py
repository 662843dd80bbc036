"""Workbook dropout.xlsx: masks from random numbers that stay, scaling, pooling, and the mean over many draws."""

import torch
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

from coursekit.vision.images import read_idx

from . import style
from .blocks import at, page, results, setting, validate
from .cells import Area, address, define_name, write, write_formulas
from .charts import Axis, Curve, scatter
from .train_digits import DIGITS, WEIGHTS
from .trained import FIRST_DIGIT
from .words_dropout import DROPOUT

DRAWS, SIZE, POOLED = 200, (8, 8), (4, 4)
COLUMNS = [3, 12, 21, 30]  # where the four blocks beside each other start
STRONG = 10  # the activation that is shown in full colour, on all sheets
RANDOM = Area("random numbers", 6, 3, 5 + DRAWS, 2 + SIZE[0] * SIZE[1])


def build() -> Workbook:
    """The workbook, its formulas not yet calculated."""
    book = Workbook()
    book.remove(book.active)
    first = book.create_sheet("one draw")
    others = [book.create_sheet(title) for title in ("several draws", "mean of draws", "totals", "random numbers")]
    activations = _one_draw(first)
    _random_numbers(others[3], activations)
    _several_draws(others[0])
    _mean(others[1], activations)
    _totals(others[2])
    return book


def feature_map() -> Tensor:
    """Layer 2, filter 5 of the trained network, after ReLU: (8, 8), one decimal."""
    weights = {name: value.double() for name, value in load_file(WEIGHTS).items()}
    digit = read_idx(DIGITS / "t10k-images-idx3-ubyte")[FIRST_DIGIT - 1].double() / 16
    layer = F.conv2d(digit[None, None], weights["0.weight"], weights["0.bias"], padding=1).relu()
    layer = F.conv2d(layer, weights["2.weight"], weights["2.bias"], padding=1).relu()
    return (layer[0, 4] * 10).round() / 10


def uniform() -> Tensor:
    """Random numbers from 0.000 to 0.999, (draws, 64)."""
    numbers = torch.rand(DRAWS, SIZE[0] * SIZE[1], generator=torch.Generator().manual_seed(10), dtype=torch.float64)
    return (numbers * 1000).floor() / 1000


def _block(
    sheet: Worksheet,
    row: int,
    place: int,
    heading: str,
    formula,
    shape=SIZE,
    name: str | None = None,
    decimals: int = 1,
) -> Area:
    """A map of formulas with a heading above it; place counts the blocks beside each other."""
    area = write_formulas(sheet, address(row, COLUMNS[place]), formula, shape, name=name)
    style.label(sheet, row - 1, COLUMNS[place], heading, bold=True)
    return style.numbers(sheet, area, decimals)


def _largest(source: Area):
    return lambda i, j: f"=MAX({source.window(2 * i, 2 * j, (2, 2)).range})"


def _page(sheet: Worksheet, title: str) -> None:
    page(sheet, title, get_column_letter(COLUMNS[-1] + SIZE[1] - 1), columns="")
    for column in range(3, COLUMNS[-1] + SIZE[1]):
        sheet.column_dimensions[get_column_letter(column)].width = 5.0


def _draw_rule(sheet: Worksheet, area: Area) -> None:
    validate(sheet, area, "whole", "between", "1", str(DRAWS), f"A whole number from 1 to {DRAWS}.")


def _one_draw(sheet: Worksheet) -> Area:
    fraction = setting(sheet, "A3", "Fraction to drop, p: ", "C3", 0.5, "p", 2)
    validate(sheet, fraction, "decimal", "between", "0", "0.95", "From 0, which drops nothing, to 0.95.")
    _draw_rule(sheet, setting(sheet, "F3:K3", f"Draw, 1 to {DRAWS}: ", "L3", 3, "draw", 0))

    style.note(sheet, 5, *DROPOUT["one"], rows=12)
    style.label(sheet, 5, 3, "activations", bold=True)
    activations = style.numbers(sheet, write(sheet, "C6", feature_map(), name="activations"), 1, kind="input")
    drawn = _block(
        sheet, 6, 1, "random numbers of this draw",
        lambda i, j: f"=INDEX(random_numbers,draw,{SIZE[1] * i + j + 1})", name="drawn", decimals=3,
    )  # fmt: skip
    style.when_below(sheet, drawn, "p", style.BLUE)
    mask = _block(sheet, 6, 2, "mask", lambda i, j: f"=IF({at(drawn, i, j)}>=p,1,0)", name="mask", decimals=0)
    style.heat(sheet, [mask], 2)
    style.legend(sheet, [(row, COLUMNS[3]) for row in (6, 7, 8)], blue="below p: dropped")

    style.note(sheet, 19, *DROPOUT["training"], rows=9)
    thinned = _block(
        sheet, 20, 0, "thinned", lambda i, j: f"={at(activations, i, j)}*{at(mask, i, j)}", name="thinned"
    )  # fmt: skip
    training = _block(
        sheet, 20, 1, "training: thinned / (1 - p)", lambda i, j: f"={at(thinned, i, j)}/(1-p)", name="training"
    )
    evaluation = _block(
        sheet, 20, 2, "evaluation: the map itself", lambda i, j: f"={at(activations, i, j)}", name="evaluation"
    )

    style.note(sheet, 30, *DROPOUT["pool"], rows=5)
    pools = [
        _block(sheet, 31, place, heading, _largest(source), POOLED, name)
        for place, (heading, source, name) in enumerate([
            ("thinned", thinned, "thinned_pooled"), ("training", training, "training_pooled"),
            ("evaluation", evaluation, "evaluation_pooled"),
        ])
    ]  # fmt: skip
    same = _block(
        sheet, 31, 3, "still the largest", lambda i, j: f"=IF({at(pools[0], i, j)}={at(pools[2], i, j)},1,0)",
        POOLED, "survived", 0,
    )  # fmt: skip
    style.heat(sheet, [same], 2)

    style.note(sheet, 37, *DROPOUT["totals"], rows=6)
    facts = [
        ("total, thinned", "thinned_total", f"=SUM({thinned.range})"),
        ("total, training", "training_total", f"=SUM({training.range})"),
        ("total, evaluation", "evaluation_total", f"=SUM({evaluation.range})"),
        ("fraction kept", "kept", f"=AVERAGE({mask.range})"),
        ("fraction of the pooled that survived", "survived_fraction", f"=AVERAGE({same.range})"),
    ]
    for row, (text, name, formula) in enumerate(facts, 38):
        style.label(sheet, row, 3, text)
        area = style.numbers(sheet, write_formulas(sheet, f"J{row}", [[formula]], name=name), 2)
        sheet.merge_cells(area.window(0, 0, (1, 2)).range)
    style.heat(sheet, [activations], STRONG, kind="input")
    style.heat(sheet, [thinned, training, evaluation, *pools], STRONG)
    _page(sheet, "Dropout, one draw")
    return activations


def _random_numbers(sheet: Worksheet, activations: Area) -> None:
    """One row a draw; above them the activations in one row, as the sums over a draw need them."""
    for row, column, text in [
        (4, 1, "activations"),
        (5, 1, "draw"),
        (5, 3, "64 random numbers, one for each activation"),
    ]:
        style.label(sheet, row, column, text, bold=True)
    width = SIZE[1]
    flat = write_formulas(
        sheet, "C4", lambda _, j: f"={activations.window(j // width, j % width, (1, 1)).absolute}",
        (1, RANDOM.shape[1]), name="activations_flat",
    )  # fmt: skip
    style.heat(sheet, [style.numbers(sheet, flat, 1, size=8)], STRONG)
    style.numbers(sheet, write(sheet, "A6", [[k] for k in range(1, DRAWS + 1)]), 0)
    numbers = write(sheet, address(RANDOM.top, RANDOM.left), uniform(), name="random_numbers")
    assert numbers == RANDOM
    style.numbers(sheet, numbers, 3, kind="input", size=7)
    style.when_below(sheet, numbers, "p", style.BLUE)
    widths = {get_column_letter(column): 4.6 for column in range(RANDOM.left, RANDOM.right + 1)}
    style.page(
        sheet, "Random numbers",
        f"{DRAWS} draws, 0.000 to 0.999. RAND() would draw anew at every change; these stay. Blue: below p, dropped.",
        widths={"A": 11, "B": 2.5} | widths, frozen="C6", last=get_column_letter(RANDOM.right),
    )  # fmt: skip


def _several_draws(sheet: Worksheet) -> None:
    style.note(sheet, 5, *DROPOUT["several masks"], rows=8)
    style.note(sheet, 17, *DROPOUT["several outputs"], rows=8)
    style.note(sheet, 28, *DROPOUT["several pooled"], rows=6)
    found: dict[str, list[Area]] = {}
    for k, left in enumerate(COLUMNS):
        style.label(sheet, 5, left, "draw", bold=True)
        number = style.numbers(sheet, write(sheet, address(5, left + 1), k + 1), 0, kind="input", size=10)
        _draw_rule(sheet, number)
        mask = _block(
            sheet, 7, k, "mask",
            lambda i, j, n=number: f"=IF(INDEX(random_numbers,{n.fixed},{SIZE[1] * i + j + 1})>=p,1,0)", decimals=0,
        )  # fmt: skip
        output = _block(
            sheet, 18, k, "training", lambda i, j, m=mask: f"=INDEX(activations,{i + 1},{j + 1})*{at(m, i, j)}/(1-p)"
        )
        pooled = _block(sheet, 29, k, "pooled", _largest(output), POOLED)
        style.label(sheet, 34, left, "total")
        total = style.numbers(sheet, write_formulas(sheet, address(34, left + 2), [[f"=SUM({output.range})"]]), 1)
        for name, area in [("draws", number), ("masks", mask), ("training", output), ("pooled", pooled),
                           ("totals", total)]:  # fmt: skip
            found.setdefault(f"several_{name}", []).append(area)
    for name, areas in found.items():
        define_name(sheet.parent, name, areas)
    style.heat(sheet, found["several_masks"], 2)
    style.heat(sheet, found["several_training"] + found["several_pooled"], STRONG)
    style.label(sheet, 35, 3, "total at evaluation, and so on average:")
    area = style.numbers(sheet, write_formulas(sheet, "L35", [["=evaluation_total"]], name="several_goal"), 1)
    assert area.left == COLUMNS[1]
    _page(sheet, "Dropout, four draws")


def _mean(sheet: Worksheet, activations: Area) -> None:
    _draw_rule(sheet, setting(sheet, "A3", f"Mean over the first draws, 1 to {DRAWS}: ", "C3", 200, "used", 0))
    style.note(sheet, 5, *DROPOUT["kept"], rows=5)
    style.note(sheet, 11, *DROPOUT["mean"], rows=6)
    style.note(sheet, 18, *DROPOUT["difference"], rows=4)
    numbers = Area(RANDOM.sheet, RANDOM.top, 1, RANDOM.bottom, 1).absolute

    def fraction(i: int, j: int) -> str:
        column = RANDOM.window(0, SIZE[1] * i + j, (DRAWS, 1)).absolute
        return f"=SUMPRODUCT(({column}>=p)*({numbers}<=used))/used"

    kept = _block(sheet, 6, 0, "fraction of draws that kept it", fraction, name="kept_fraction", decimals=2)
    style.heat(sheet, [kept], 2)
    mean = _block(
        sheet, 6, 1, "mean map", lambda i, j: f"={activations.window(i, j, (1, 1)).absolute}*{at(kept, i, j)}/(1-p)",
        name="mean_map",
    )  # fmt: skip
    goal = _block(
        sheet, 6, 2, "the map itself", lambda i, j: f"={activations.window(i, j, (1, 1)).absolute}", name="goal_map"
    )  # fmt: skip
    left = _block(
        sheet, 6, 3, "difference", lambda i, j: f"={at(mean, i, j)}-{at(goal, i, j)}", name="difference", decimals=2
    )
    style.heat(sheet, [mean, goal], STRONG)
    style.heat(sheet, [left], 2)
    for row, (text, name, formula) in enumerate([
        ("mean of the fractions", "kept_mean", f"=AVERAGE({kept.range})"),
        ("total of the mean map", "mean_total", f"=SUM({mean.range})"),
        ("total of the map itself", "goal_total", f"=SUM({goal.range})"),
        ("typical difference: root of the mean square", "typical", f"=SQRT(SUMPRODUCT({left.range}^2)/{8 * 8})"),
    ], 16):  # fmt: skip
        style.label(sheet, row, COLUMNS[0], text)
        area = style.numbers(sheet, write_formulas(sheet, address(row, COLUMNS[1]), [[formula]], name=name), 3)
        sheet.merge_cells(area.window(0, 0, (1, 2)).range)
    _page(sheet, "The mean over many draws")


def _totals(sheet: Worksheet) -> None:
    style.note(sheet, 4, *DROPOUT["each"], rows=7)
    style.note(sheet, 12, *DROPOUT["spread"], rows=8)
    shape = (DRAWS, 1)
    numbers = style.numbers(sheet, write(sheet, "C6", [[k] for k in range(1, DRAWS + 1)]), 0, size=10)
    style.label(sheet, 5, 3, "draw", bold=True)

    def total(i: int, _: int) -> str:
        return f"=SUMPRODUCT(({RANDOM.window(i, 0, (1, RANDOM.shape[1])).absolute}>=p)*activations_flat)/(1-p)"

    totals = results(sheet, "D6", "total", total, shape, "totals", 2)
    means = results(
        sheet, "E6", "mean so far", lambda i, _: f"=AVERAGE({totals.window(0, 0, (i + 1, 1)).range})", shape, "means", 2
    )
    facts = [
        ("total at evaluation", "expected_total", "=SUM(activations)"),
        ("mean of the draws", "found_mean", "=AVERAGE(totals)"),
        ("variance, by theory", "expected_variance", "=p/(1-p)*SUMPRODUCT(activations^2)"),
        ("variance of the draws", "found_variance", f"=SUMPRODUCT((totals-AVERAGE(totals))^2)/{DRAWS}"),
    ]
    for row, (text, name, formula) in enumerate(facts, 6):
        style.label(sheet, row, 7, text)
        style.numbers(sheet, write_formulas(sheet, f"I{row}", [[formula]], name=name), 2, size=10)
    style.label(sheet, 5, 7, f"all {DRAWS} draws", bold=True)
    ends = write_formulas(sheet, "I32", [["=expected_total"], ["=expected_total"]], name="expected_line")
    style.numbers(sheet, ends, 2)
    steps = style.numbers(sheet, write(sheet, "H32", [[1], [DRAWS]]), 0)
    style.label(sheet, 31, 7, "What the chart draws as its dashed line: the draw, the total", bold=True)
    curves = [
        Curve("one draw", numbers, totals, "9CC9E5", points=True),
        Curve("mean so far", numbers, means, "D55E00"),
        Curve("evaluation", steps, ends, style.INK, dashed=True),
    ]
    scatter(sheet, "G11", "The total of each draw, and the mean so far", Axis("draw", 0, DRAWS), Axis("total"), curves)
    page(sheet, "Totals: right on average", "P", columns="CDE")
    sheet.print_area = "A1:P35"
