"""Workbook initialisation.xlsx: the spread through twenty layers, why it changes in each, and normalisation."""

from collections.abc import Callable

import torch
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet
from torch import Tensor

from . import style
from .blocks import Formula, at, inputs, page, results, row_names, row_of, setting, validate
from .cells import Area, address, define_name, write, write_formulas
from .charts import Axis, Curve, scatter
from .words_initialisation import LAYER, NORMALISATION, NUMBERS, TWENTY

LAYERS, SAMPLES, WIDTH = 20, 8, 10
SEED = 5281  # of 8,000 the third best at keeping the spread; the sheet says that most drift further
ROWS, MOST, LAYER_SEED = 24, 64, 2207  # of the sheet "one layer": samples, and as many units; inputs of a unit at most
FACTOR = f"gain/SQRT({WIDTH})"  # what a normal number is multiplied by to be a weight
TABLE = [
    [3.1, -1.2, 0.4, 2.0, 0.9], [1.5, 0.3, -0.8, 4.2, 1.1], [-0.6, 2.2, 1.9, 3.3, 0.2],
    [2.4, -0.5, 0.7, 5.1, -1.4], [-0.2, 1.0, -2.1, 2.7, 0.6], [1.9, 0.1, 1.3, 3.9, 2.5],
]  # fmt: skip


def build() -> Workbook:
    """The workbook, its formulas not yet calculated."""
    book = Workbook()
    book.remove(book.active)
    titles = ["twenty layers", "one layer", "normalisation", "activations", "normal numbers", "numbers of one layer"]
    twenty, layer, normalisation, inner, normals, fixed = map(book.create_sheet, titles)
    _settings(twenty)
    weights = _normal_numbers(normals)
    spreads = _activations(inner, weights)
    _twenty_layers(twenty, *spreads)
    _one_layer(layer, fixed)
    _normalisation(normalisation)
    return book


def normal(seed: int, *shapes: tuple[int, ...]) -> list[Tensor]:
    """Standard normal numbers, float64, one tensor a shape."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]


def start() -> list[Tensor]:
    """Weights (layers, out, in), samples (samples, width) and the last gradient, whose mean is 0 and spread 1."""
    weights, *others = normal(SEED, (LAYERS, WIDTH, WIDTH), (SAMPLES, WIDTH), (SAMPLES, WIDTH))
    scaled = [(other - other.mean()) / other.std(correction=0) for other in others]
    return [values.round(decimals=2) for values in (weights, *scaled)]


def variance(cells: str, count: int) -> str:
    """A formula's part: the mean of the squared differences to the mean."""
    return f"SUMPRODUCT(({cells}-AVERAGE({cells}))^2)/{count}"


def _settings(sheet: Worksheet) -> None:
    gain = setting(sheet, "A3", "Gain: ", "C3", 1.0, "gain", 3)
    validate(sheet, gain, "decimal", "between", "0.1", "5", "From 0.1 to 5.")
    chosen = setting(sheet, "D3:H3", "Activation (1 none, 2 tanh, 3 ReLU): ", "I3", 1, "activation", 0)
    validate(sheet, chosen, "whole", "between", "1", "3", "1 for none, 2 for tanh, 3 for ReLU.")


def _normal_numbers(sheet: Worksheet) -> list[Area]:
    """The blocks of the layers under each other; one row holds the ten numbers of one unit."""
    style.note(sheet, 4, *NUMBERS["weights"], rows=12)
    areas = []
    for layer, values in enumerate(start()[0]):
        top = 5 + layer * (WIDTH + 2)
        style.label(sheet, top - 1, 3, f"layer {layer + 1}", bold=True)
        areas.append(style.numbers(sheet, write(sheet, f"C{top}", values), 2, kind="input"))
    define_name(sheet.parent, "normal_numbers", areas)
    style.heat(sheet, areas, 3, kind="input")
    page(sheet, "Normal numbers: what the weights are made of", "L", columns="")
    _narrow(sheet, range(3, 3 + WIDTH), 7.0)
    _break_after(sheet, [3 + layer * (WIDTH + 2) for layer in range(3, LAYERS, 3)])
    return areas


def _break_after(sheet: Worksheet, rows: list[int]) -> None:
    """Print on as many pages as it needs, a new one after each of these rows."""
    sheet.page_setup.fitToHeight = 0
    for row in rows:
        sheet.row_breaks.append(Break(id=row))


def _narrow(sheet: Worksheet, columns: range, width: float) -> None:
    for column in columns:
        sheet.column_dimensions[get_column_letter(column)].width = width


def _activations(sheet: Worksheet, weights: list[Area]) -> tuple[list[Area], list[Area]]:
    """All layers forwards, and the gradient backwards; gives the activations and the gradients, from layer 0 on."""
    _, samples, last = start()
    shape, lefts = (SAMPLES, WIDTH), [3 + k * (WIDTH + 1) for k in range(4)]

    def corner(layer: int, block: int, words: str) -> str:
        row = 6 + layer * (SAMPLES + 2)
        style.label(sheet, row - 1, lefts[block], words, bold=True)
        return address(row, lefts[block])

    style.note(sheet, 4, *TWENTY["inner"], rows=18)
    activations, sums, deltas = [inputs(sheet, corner(0, 1, ""), "samples", samples, "samples", 2)], [], []
    for layer, weight in enumerate(weights, 1):
        formula = _sum(activations[-1], weight)
        sums.append(write_formulas(sheet, corner(layer, 0, f"layer {layer}: sums"), formula, shape))
        formula = _activation(sums[-1])
        activations.append(write_formulas(sheet, corner(layer, 1, f"layer {layer}: activations"), formula, shape))
    gradients = [inputs(sheet, corner(LAYERS, 2, ""), f"layer {LAYERS}: gradient", last, "last_gradient", 2)]
    for layer in range(LAYERS, 0, -1):
        formula = _derivative(activations[layer], gradients[0])
        deltas.insert(0, write_formulas(sheet, corner(layer, 3, f"layer {layer}: gradient of sums"), formula, shape))
        words = f"layer {layer - 1}: gradient" if layer > 1 else "gradient of the samples"
        formula = _back(deltas[0], weights[layer - 1])
        gradients.insert(0, write_formulas(sheet, corner(layer - 1, 2, words), formula, shape))
    for name, areas in [("sums", sums), ("activations", activations[1:]), ("gradients", gradients[:-1]),
                        ("sum_gradients", deltas)]:  # fmt: skip
        define_name(sheet.parent, name, areas)
        for area in areas:
            _shrink(sheet, style.numbers(sheet, area, 3, size=8))
        style.heat(sheet, areas, 2)
    page(sheet, "Inside the twenty layers", get_column_letter(lefts[-1] + WIDTH - 1), columns="")
    _narrow(sheet, range(3, lefts[-1] + WIDTH), 7.0)
    _narrow(sheet, range(lefts[1] - 1, lefts[-1], WIDTH + 1), 2.5)
    _break_after(sheet, [4 + layer * (SAMPLES + 2) for layer in range(10, LAYERS, 10)])
    return activations, gradients


def _shrink(sheet: Worksheet, area: Area) -> None:
    """Let numbers that explode be drawn smaller rather than as ###."""
    for _, row, column in (cell for cells in area.rows for cell in cells):
        sheet.cell(row, column).alignment = Alignment(horizontal="center", vertical="center", shrink_to_fit=True)


def _sum(before: Area, weights: Area) -> Formula:
    return lambda i, j: f"={FACTOR}*SUMPRODUCT({row_of(before, i)},{_absolute_row(weights, j)})"


def _activation(sums: Area) -> Formula:
    return lambda i, j: "=IF(activation=1,{0},IF(activation=2,TANH({0}),MAX(0,{0})))".format(at(sums, i, j))


def _derivative(activations: Area, gradient: Area) -> Formula:
    factor = "IF(activation=1,1,IF(activation=2,1-{0}^2,IF({0}>0,1,0)))"
    return lambda i, j: f"={at(gradient, i, j)}*{factor.format(at(activations, i, j))}"


def _back(gradient: Area, weights: Area) -> Formula:
    column = (WIDTH, 1)
    return lambda i, j: f"={FACTOR}*MMULT({row_of(gradient, i)},{weights.window(0, j, column).absolute})"


def _absolute_row(area: Area, row: int) -> str:
    return area.window(row, 0, (1, area.shape[1])).absolute


def _twenty_layers(sheet: Worksheet, activations: list[Area], gradients: list[Area]) -> None:
    """The spread after each layer, on the way there and on the way back, beside the rule."""
    count, column = SAMPLES * WIDTH, (LAYERS + 1, 1)
    top = 6
    for row, key, rows in [(4, "spread", 7), (12, "try", 9), (22, "gradients", 6), (29, "luck", 4)]:
        style.note(sheet, row, *TWENTY[key], rows=rows)
    style.label(sheet, top - 1, 3, "layer", bold=True)
    numbers = style.numbers(sheet, write(sheet, f"C{top}", [[layer] for layer in range(LAYERS + 1)]), 0, size=10)

    def spread(areas: list[Area]) -> Formula:
        return lambda i, _: f"=SQRT({variance(areas[i].absolute, count)})"

    there = results(sheet, f"D{top}", "activations", spread(activations), column, "spread", "wide")
    back = results(sheet, f"E{top}", "gradients", spread(gradients), column, "gradient_spread", "wide")
    rule = results(
        sheet, f"F{top}", "rule", lambda i, _: f"=(gain*IF(activation=3,SQRT(0.5),1))^{at(numbers, i)}", column, "rule",
        "wide",
    )  # fmt: skip
    style.label(sheet, top - 2, 4, "spread (standard deviation)", bold=True)
    for row, words, area, place, name in [
        (5, f"Activations after layer {LAYERS}:", there, LAYERS, "verdict"),
        (6, "Gradient back at the samples:", back, 0, "gradient_verdict"),
    ]:
        style.label(sheet, row, 8, words)
        cell = at(area, place)
        text = f'=IF({cell}<0.1,"dies out",IF({cell}>10,"explodes","stays between 0.1 and 10"))'
        verdict = write_formulas(sheet, f"K{row}", [[text]], name=name)
        style.label(sheet, row, 11, text, bold=True)
        style.when_equal(sheet, verdict, "dies out", style.BLUE)
        style.when_equal(sheet, verdict, "explodes", style.ORANGE)
        sheet.merge_cells(verdict.window(0, 0, (1, 3)).range)
    curves = [
        Curve("activations", numbers, there, "0072B2"),
        Curve("gradients", numbers, back, "D55E00"),
        Curve("rule", numbers, rule, style.INK, dashed=True),
    ]
    y = Axis("standard deviation, log scale", decimals="0E+00", log=True)
    scatter(sheet, "H8", "The spread after each layer", Axis("layer", 0, LAYERS), y, curves)
    page(sheet, "Twenty layers: one number decides how the spread changes", "P", columns="CDEFHIJKLMNOP")
    sheet.column_dimensions["G"].width = 2.5
    sheet.print_area = "A1:P35"


def _one_layer(sheet: Worksheet, fixed: Worksheet) -> None:
    """The variance of sums of n products, measured and by the rule."""
    count = setting(sheet, "A3", f"Inputs of each unit, n, 1 to {MOST}: ", "C3", 16, "n", 0)
    validate(sheet, count, "whole", "between", "1", str(MOST), f"A whole number from 1 to {MOST}.")
    scale = setting(sheet, "D3:J3", "Spread of the weights: ", "K3", 1.0, "weight_spread", 3)
    validate(sheet, scale, "decimal", "between", "0.001", "10", "From 0.001 to 10.")
    cut = setting(sheet, "L3:R3", "Inputs (1 as drawn, 2 after ReLU): ", "S3", 1, "inputs_as", 0)
    validate(sheet, cut, "whole", "between", "1", "2", "1 for inputs as drawn, 2 for inputs after ReLU.")
    used, weights, positions = _fixed_numbers(fixed)
    chosen = f"({positions.absolute}<=n)*({weights.absolute})"
    facts = [
        ("var(w): variance of the weights", "weight_variance",
         f"=weight_spread^2*(SUMPRODUCT({chosen}^2)/({ROWS}*n)-(SUMPRODUCT({chosen})/({ROWS}*n))^2)"),
        ("mean of x²: var(x), if the mean of x is 0", "input_square", f"=SUMPRODUCT({used.absolute}^2)/({ROWS}*n)"),
        ("rule: n · var(w) · mean of x²", "ruled", "=n*weight_variance*input_square"),
        (f"measured: variance of the {ROWS * ROWS} sums", "measured", f"={variance('layer_sums', ROWS * ROWS)}"),
        ("measured / rule", "ratio", "=measured/ruled"),
        ("spread of the sums (root of the variance)", "sum_spread", "=SQRT(measured)"),
        ("weights that keep the spread: 1/√n, after ReLU √(2/n)", "keeps", "=SQRT(inputs_as/n)"),
    ]  # fmt: skip
    for row, key, rows in [(4, "why", 12), (17, "settle", 9), (27, "relu", 9)]:
        style.note(sheet, row, *LAYER[key], rows=rows)
    for row, (words, name, formula) in enumerate(facts, 5):
        style.label(sheet, row, 3, words)
        area = style.numbers(sheet, write_formulas(sheet, f"K{row}", [[formula]], name=name), 4, size=10)
        sheet.merge_cells(area.window(0, 0, (1, 2)).range)
    style.legend(sheet, [(row, 14) for row in (5, 6, 7)])
    sums = results(
        sheet, "C14", f"the layer's sums: {ROWS} samples in rows, {ROWS} units in columns",
        lambda i, j: f"=weight_spread*SUMPRODUCT({_absolute_row(used, i)},{_absolute_row(weights, j)})",
        (ROWS, ROWS), "layer_sums", 1,
    )  # fmt: skip
    style.numbers(sheet, sums, 1, size=8)
    style.heat(sheet, [sums], 8)
    page(sheet, "One layer: the variance of a sum of n products", get_column_letter(2 + ROWS), columns="")
    _narrow(sheet, range(3, 3 + ROWS), 6.0)


def _fixed_numbers(sheet: Worksheet) -> tuple[Area, Area, Area]:
    """Inputs and weights of one layer; gives the inputs in use, the weights, and the positions above them."""
    drawn, weights = (values.round(decimals=2) for values in normal(LAYER_SEED, (ROWS, MOST), (ROWS, MOST)))
    style.note(sheet, 4, *NUMBERS["layer"], rows=8)
    style.label(sheet, 4, 3, "position", bold=True)
    positions = style.numbers(sheet, write(sheet, "C5", list(range(1, MOST + 1))), 0, size=8)
    x = inputs(sheet, "C8", "inputs: one sample a row", drawn, "inputs", 2)
    w = inputs(sheet, f"C{10 + ROWS}", "weights, before their spread: one unit a row", weights, "unit_weights", 2)

    def one(i: int, j: int) -> str:
        cell = at(x, i, j)
        return f"=IF({at(positions, 0, j)}>n,0,IF(inputs_as=2,MAX(0,{cell}),{cell}))"

    shape = (ROWS, MOST)
    used = results(sheet, f"C{12 + 2 * ROWS}", "inputs in use: 0 beyond n", one, shape, "used_inputs", 2)
    for area, kind in [(x, "input"), (w, "input"), (used, "result")]:
        style.numbers(sheet, area, 2, kind=kind, size=7)
        style.heat(sheet, [area], 3, kind=kind)
    page(sheet, "The numbers of the sheet one layer", get_column_letter(2 + MOST), columns="")
    _narrow(sheet, range(3, 3 + MOST), 5.2)
    return used, w, positions


def _normalisation(sheet: Worksheet) -> None:
    """Batch norm and layer norm of one table, and what a change of one number does to each."""
    added = setting(sheet, "A3", "Add to the first number of sample 1: ", "C3", 2.0, "added", 1)
    validate(sheet, added, "decimal", "between", "-100", "100", "From -100 to 100.")
    samples, features = len(TABLE), len(TABLE[0])
    shape, names = (samples, features), [f"sample {i + 1}" for i in range(samples)]
    for row, key, rows in [(4, "table", 5), (10, "statistics", 7), (18, "batch", 8), (27, "layer", 7)]:
        style.note(sheet, row, *NORMALISATION[key], rows=rows)
    for row in (6, 19, 28):
        row_names(sheet, row, names)
    table = inputs(sheet, "D6", "table: 5 features", TABLE, "table")
    scale = inputs(sheet, "D14", "scale γ, one a feature", [1.0] * features, "scale", 2)
    shift = inputs(sheet, "D16", "shift β, one a feature", [0.0] * features, "shift", 2)
    eps = inputs(sheet, "J16", "ε", 1e-5, "eps", "scientific")
    for area in (table, scale, shift):
        validate(sheet, area, "decimal", "between", "-100", "100", "From -100 to 100.")
    validate(sheet, eps, "decimal", "between", "0.00000001", "1", "From 0.00000001 to 1.")
    changed = results(
        sheet, "J6", "the table with the change", lambda i, j: f"={at(table, i, j)}" + "+added" * (i + j == 0), shape,
        "changed", 1,
    )  # fmt: skip

    def column(area: Area, j: int) -> str:
        return area.window(0, j, (samples, 1)).range

    def statistics(cell: str, cells: Callable[[int], str], count: int, shape: tuple[int, int], name: str) -> list[Area]:
        first = sheet[cell]
        steps = (1, 0) if shape[0] == 1 else (0, 1)
        other = first.offset(*steps).coordinate
        mean = write_formulas(sheet, cell, lambda i, j: f"=AVERAGE({cells(i + j)})", shape, name=f"{name}_mean")
        spread = write_formulas(
            sheet, other, lambda i, j: f"={variance(cells(i + j), count)}", shape, name=f"{name}_variance"
        )  # fmt: skip
        return [style.numbers(sheet, area, 3, size=10) for area in (mean, spread)]

    by_feature = statistics("J12", lambda j: column(changed, j), samples, (1, features), "feature")
    by_sample = statistics("P6", lambda i: row_of(changed, i), features, (samples, 1), "sample")
    row_names(sheet, 12, ["column mean", "variance"], left=16)
    for left, words in [(16, "row mean"), (17, "variance")]:
        style.label(sheet, 5, left, words, bold=True)

    def normalised(value: str, mean: str, spread: str, j: int) -> str:
        return f"=({value}-{mean})/SQRT({spread}+eps)*{at(scale, 0, j)}+{at(shift, 0, j)}"

    def plain(cells: str, count: int) -> tuple[str, str]:
        return f"AVERAGE({cells})", variance(cells, count)

    kinds = {
        "batch_norm": (19, "batch norm",
            lambda i, j: normalised(at(changed, i, j), at(by_feature[0], 0, j), at(by_feature[1], 0, j), j),
            lambda i, j: normalised(at(table, i, j), *plain(column(table, j), samples), j)),
        "layer_norm": (28, "layer norm",
            lambda i, j: normalised(at(changed, i, j), at(by_sample[0], i), at(by_sample[1], i), j),
            lambda i, j: normalised(at(table, i, j), *plain(row_of(table, i), features), j)),
    }  # fmt: skip
    for name, (row, words, after, before) in kinds.items():
        with_ = results(sheet, f"D{row}", f"{words}, with the change", after, shape, name, 3)
        without = results(sheet, f"J{row}", f"{words}, without it", before, shape, f"{name}_before", 3)
        moved = results(
            sheet, f"P{row}", "difference", lambda i, j, a=with_, b=without: f"={at(a, i, j)}-{at(b, i, j)}", shape,
            f"{name}_difference", 3,
        )  # fmt: skip
        style.heat(sheet, [with_, without], 3)
        style.heat(sheet, [moved], 1)
    page(sheet, "Normalisation: over the column, or over the row", "T", columns="CDEFGHJKLMNPQRST")
    _narrow(sheet, range(4, 21), 8.5)
    sheet.column_dimensions["I"].width = sheet.column_dimensions["O"].width = 2.5
