"""Workbook gradient_descent.xlsx: a line fitted by SGD, momentum, RMSprop and Adam, one row of formulas a step."""

from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from . import style
from .blocks import SUBTITLE, at, inputs, results, row_names, stacked, validate
from .cells import Area, define_name, named, write, write_formulas
from .charts import Axis, Curve, scatter
from .words_gradient_descent import OVERVIEW, SHEETS

# Near the line y = 2 x + 1, in the order in which the steps take them.
POINTS = [
    (3.8, 8.1), (2.4, 5.51), (0.0, 0.89), (3.0, 7.1), (1.0, 2.86), (1.2, 3.48), (0.6, 1.94), (2.8, 6.47), (3.4, 7.92),
    (1.8, 4.77), (3.6, 8.59), (0.4, 2.13), (3.2, 7.41), (0.8, 1.93), (2.6, 5.59), (0.2, 1.47), (1.4, 4.18),
    (2.0, 5.36), (1.6, 4.74), (2.2, 5.82),
]  # fmt: skip
STEPS, EVERY = 120, 20  # steps on each sheet; those after which the overview tells the loss
TITLES = {"sgd": "SGD", "momentum": "momentum", "rmsprop": "RMSprop", "adam": "Adam"}
COLOURS = {"sgd": "0072B2", "momentum": "E69F00", "rmsprop": "009E73", "adam": "CC79A7"}  # Okabe-Ito

# The columns of a row: a key, and a formula in which {key} is a cell of the row and {last_key} the one above it.
BEFORE = {
    "number": "={last_number}+1", "point": f"=MOD({{number}}-1,{len(POINTS)})+1",
    "x": "=INDEX(xs,{point})", "y": "=INDEX(ys,{point})", "a": "={last_new_a}", "b": "={last_new_b}",
    "prediction": "={a}*{x}+{b}", "error": "={prediction}-{y}", "loss": "={error}^2",
    "gradient_a": "=2*{error}*{x}", "gradient_b": "=2*{error}",
}  # fmt: skip
AFTER = {
    "new_a": "={a}+{step_a}", "new_b": "={b}+{step_b}",
    "mean_loss": f"=SUMPRODUCT(({{new_a}}*xs+{{new_b}}-ys)^2)/{len(POINTS)}",
}  # fmt: skip
# What each optimiser does with a gradient, for each weight W.
RULES = {
    "sgd": {"step_W": "=-sgd_lr*{gradient_W}"},
    "momentum": {
        "velocity_W": "=momentum_beta*{last_velocity_W}+{gradient_W}",
        "step_W": "=-momentum_lr*{velocity_W}",
    },
    "rmsprop": {
        "square_W": "=rmsprop_alpha*{last_square_W}+(1-rmsprop_alpha)*{gradient_W}^2",
        "step_W": "=-rmsprop_lr*{gradient_W}/(SQRT({square_W})+rmsprop_eps)",
    },
    "adam": {
        "mean_W": "=adam_beta1*{last_mean_W}+(1-adam_beta1)*{gradient_W}",
        "square_W": "=adam_beta2*{last_square_W}+(1-adam_beta2)*{gradient_W}^2",
        "mean_hat_W": "={mean_W}/(1-adam_beta1^{number})",
        "square_hat_W": "={square_W}/(1-adam_beta2^{number})",
        "step_W": "=-adam_lr*{mean_hat_W}/(SQRT({square_hat_W})+adam_eps)",
    },
}
MEMORIES = ("velocity", "mean", "square")  # what starts at 0
# Groups of columns: the heading over them, the keys, the heading of each.
GROUPS = [
    ("step", ["number"], ["no."]), ("point", ["point", "x", "y"], ["no.", "x", "y"]),
    ("weights before", ["a", "b"], "ab"), ("line", ["prediction", "error", "loss"], ["a x + b", "error", "loss"]),
    ("gradient", ["gradient_a", "gradient_b"], "ab"), ("velocity", ["velocity_a", "velocity_b"], "ab"),
    ("mean", ["mean_a", "mean_b"], "ab"), ("square", ["square_a", "square_b"], "ab"),
    ("corrected mean", ["mean_hat_a", "mean_hat_b"], "ab"),
    ("corrected square", ["square_hat_a", "square_hat_b"], "ab"), ("step", ["step_a", "step_b"], "ab"),
    ("weights after", ["new_a", "new_b"], "ab"), ("all points", ["mean_loss"], ["loss"]),
]  # fmt: skip
LEFT, HEADS, START = 3, 4, 6  # first column; row of the headings; row of step 0


def build() -> Workbook:
    """The workbook, its formulas not yet calculated."""
    book = Workbook()
    book.remove(book.active)
    overview = book.create_sheet("overview")
    _inputs(overview)
    for name in RULES:
        _optimiser(book.create_sheet(TITLES[name]), name)
    _results(overview)
    return book


def _optimiser(sheet: Worksheet, name: str) -> None:
    """One optimiser's sheet: a row for the start, and one for each step."""
    rules = {key.replace("W", w): text.replace("W", w) for key, text in RULES[name].items() for w in "ab"}
    formulas = BEFORE | rules | AFTER
    columns = {key: LEFT + i for i, key in enumerate(key for _, keys, _ in GROUPS for key in keys if key in formulas)}
    letters = {key: get_column_letter(column) for key, column in columns.items()}
    steps = range(START + 1, START + STEPS + 1)
    for row in steps:
        cells = {key: f"{letter}{row}" for key, letter in letters.items()}
        cells |= {f"last_{key}": f"{letter}{row - 1}" for key, letter in letters.items()}
        for key, text in formulas.items():
            write_formulas(sheet, cells[key], [[text.format(**cells)]])
    _start(sheet, letters, formulas)
    names = {"number": "number", "point": "point", "x": "point_x", "y": "point_y", "a": "weights", "new_a": "after"}
    for _, keys, _ in GROUPS:
        for key in keys:
            if key in columns and not key.endswith("b"):
                first = START if key in ("new_a", "mean_loss") else START + 1
                area = Area(sheet.title, first, columns[key], steps[-1], columns[key] + key.endswith("a"))
                define_name(sheet.parent, f"{name}_{names.get(key, key.removesuffix('_a'))}", [area])
    _format(sheet, columns)
    title, subtitle, notes = SHEETS[name]
    _notes(sheet, notes)
    last = get_column_letter(max(columns.values()))
    widths = {"A": 44, "B": 2.5} | {letter: 9.0 for letter in letters.values()}
    widths |= {letters["number"]: 5.5, letters["point"]: 5.5, letters["x"]: 6.5, letters["y"]: 6.5}
    style.page(sheet, title, subtitle, widths=widths, frozen=f"A{START}", last=last)
    sheet.print_title_rows = f"{HEADS}:{HEADS + 1}"


def _notes(sheet: Worksheet, notes: list[tuple[str, str, int]]) -> None:
    row = START
    for heading, text, rows in notes:
        style.note(sheet, row, heading, text, rows=rows)
        row += rows + 1


def _start(sheet: Worksheet, letters: dict[str, str], formulas: dict[str, str]) -> None:
    """The row of step 0: no memory yet, the weights to start with, and their loss."""
    for key, letter in letters.items():
        if key == "number" or key.rsplit("_", 1)[0] in MEMORIES:
            area = write(sheet, f"{letter}{START}", 0)
            style.numbers(sheet, area, 0, kind="padding")
    after = {key: f"{letters[key]}{START}" for key in ("new_a", "new_b")}
    write_formulas(sheet, after["new_a"], [["=start_a"]])
    write_formulas(sheet, after["new_b"], [["=start_b"]])
    write_formulas(sheet, f"{letters['mean_loss']}{START}", [[formulas["mean_loss"].format(**after)]])


def _format(sheet: Worksheet, columns: dict[str, int]) -> None:
    """Headings over the columns, decimals, and colours: one scale for the gradients, one for the steps."""
    last = START + STEPS
    for heading, keys, heads in GROUPS:
        if keys[0] not in columns:
            continue
        style.label(sheet, HEADS, columns[keys[0]], heading, bold=True)
        for key, head in zip(keys, heads, strict=True):
            style.label(sheet, HEADS + 1, columns[key], head, centre=True)
            after = key in AFTER
            area = Area(sheet.title, START if after else START + 1, columns[key], last, columns[key])
            style.numbers(sheet, area, {"number": 0, "point": 0, "x": 1, "y": 2}.get(key, 4), size=9)
    for keys, bound in [(("error", "error"), 5), (("gradient_a", "gradient_b"), 10), (("step_a", "step_b"), 0.3)]:
        area = Area(sheet.title, START + 1, columns[keys[0]], last, columns[keys[1]])
        style.heat(sheet, [area], bound)
    for key in ("velocity", "mean"):
        if f"{key}_a" in columns:
            area = Area(sheet.title, START + 1, columns[f"{key}_a"], last, columns[f"{key}_b"])
            style.heat(sheet, [area], 30 if key == "velocity" else 10)


def _inputs(sheet: Worksheet) -> None:
    """The points, the settings of the optimisers, where to start, and which step to look at."""
    style.note(sheet, 4, *OVERVIEW["data"], rows=6)
    inputs(sheet, "D6", "x", stacked([x for x, _ in POINTS]), "xs")
    inputs(sheet, "E6", "y", stacked([y for _, y in POINTS]), "ys", 2)
    for i in range(len(POINTS)):
        style.label(sheet, 6 + i, 3, i + 1, centre=True)
    style.label(sheet, 5, 3, "point", bold=True)

    style.note(sheet, 11, *OVERVIEW["settings"], rows=7)
    settings = {
        "H6": ("sgd_lr", 0.02), "H7": ("momentum_lr", 0.005), "H8": ("rmsprop_lr", 0.1), "H9": ("adam_lr", 0.2),
        "I7": ("momentum_beta", 0.9), "I9": ("adam_beta1", 0.9), "J8": ("rmsprop_alpha", 0.9),
        "J9": ("adam_beta2", 0.999), "K8": ("rmsprop_eps", 1e-8), "K9": ("adam_eps", 1e-8),
    }  # fmt: skip
    for place, (name, value) in settings.items():
        decimals = "scientific" if name.endswith("eps") else 3
        area = style.numbers(sheet, write(sheet, place, value, name=name), decimals, kind="input", size=10)
        if place[0] in "IJ":
            validate(sheet, area, "decimal", "between", "0", "0.9999", "From 0 to below 1: the fraction that is kept.")
        else:
            validate(sheet, area, "decimal", "greaterThanOrEqual", "0", None, "Not below 0.")
    row_names(sheet, 6, list(TITLES.values()), left=7)
    for column, text in enumerate(["optimiser", "learning rate", "momentum, β1", "α, β2", "ε"], 7):
        style.label(sheet, 5, column, text, bold=True)
    style.note(sheet, 19, *OVERVIEW["start"], rows=6)
    inputs(sheet, "H12", "a at the start", -1.0, "start_a")
    inputs(sheet, "I12", "b at the start", 4.0, "start_b")
    shown = inputs(sheet, "J12", "look after step", 60, "shown", 0)
    validate(sheet, shown, "whole", "between", "0", str(STEPS), f"A whole number from 0 to {STEPS}.")
    style.legend(sheet, [(row, 3) for row in (28, 29, 30)])


def _results(sheet: Worksheet) -> None:
    """The best line, the four after the step that is asked for, their losses, and the charts."""
    spread = "SUMPRODUCT((xs-AVERAGE(xs))^2)"
    slope = f"=SUMPRODUCT((xs-AVERAGE(xs))*(ys-AVERAGE(ys)))/{spread}"
    for place, name, formula in [
        ("H20", "best_a", slope),
        ("I20", "best_b", "=AVERAGE(ys)-best_a*AVERAGE(xs)"),
        ("J20", "best_loss", f"=SUMPRODUCT((best_a*xs+best_b-ys)^2)/{len(POINTS)}"),
    ]:
        style.numbers(sheet, write_formulas(sheet, place, [[formula]], name=name), 4, size=10)
    names, count = list(RULES), len(RULES)
    weights = results(
        sheet, "H16", "a", lambda i, j: f"=INDEX({names[i]}_after,shown+1,{j + 1})", (count, 2), "shown_weights"
    )
    results(sheet, "J16", "loss", lambda i, _: f"=INDEX({names[i]}_mean_loss,shown+1)", (count, 1), "shown_loss")
    for row, column, text in [(15, 7, "after this step"), (15, 9, "b")]:
        style.label(sheet, row, column, text, bold=True)
    row_names(sheet, 16, [*TITLES.values(), "best line"], left=7)

    style.note(sheet, 26, *OVERVIEW["loss"], rows=5)
    marks = range(0, STEPS + 1, EVERY)
    losses = results(
        sheet, "H24", "", lambda i, j: f"=INDEX({names[j]}_mean_loss,{marks[i] + 1})", (len(marks), count), "losses"
    )
    style.label(sheet, 22, 7, "the loss after so many steps", bold=True)
    for j, title in enumerate(TITLES.values()):
        style.label(sheet, 23, losses.left + j, title, bold=True)
    for i, mark in enumerate(marks):
        style.label(sheet, losses.top + i, 7, mark)
    style.heat(sheet, [losses], 5)
    _charts(sheet, _line_ends(sheet, weights))
    style.note(sheet, 33, *OVERVIEW["path"], rows=9)
    widths = {"A": 46, "B": 2.5, "C": 6.0, "D": 7.5, "E": 7.5, "F": 3.0, "G": 13.0} | dict.fromkeys("HIJK", 12.5)
    style.page(sheet, "A line, fitted step by step", SUBTITLE, widths=widths | {"L": 3.0}, frozen="A4", last="U")
    sheet.page_setup.fitToHeight = 1
    sheet.print_area = "A1:U51"


def _line_ends(sheet: Worksheet, weights: Area) -> Area:
    """What the chart of the lines draws: the smallest and the largest x, and the five lines there."""
    style.label(sheet, 44, 13, "What the chart of the lines draws: each line's two ends", bold=True)
    for j, text in enumerate(["x", *TITLES.values(), "best line"]):
        style.label(sheet, 45, 13 + j, text)
    lines = [*((at(weights, i), at(weights, i, 1)) for i in range(len(RULES))), ("best_a", "best_b")]

    def end(i: int, j: int) -> str:
        return f"={lines[j - 1][0]}*M{46 + i}+{lines[j - 1][1]}" if j else f"={('MIN', 'MAX')[i]}(xs)"

    area = write_formulas(sheet, "M46", end, (2, len(lines) + 1), name="line_ends")
    return style.numbers(sheet, area, 2)


def _charts(sheet: Worksheet, ends: Area) -> None:
    """Losses, lines and paths."""

    def place(name: str) -> Area:
        return named(sheet.parent, name)

    steps = Area(TITLES["sgd"], START, LEFT, START + STEPS, LEFT)
    losses = [Curve(title, steps, place(f"{name}_mean_loss"), COLOURS[name]) for name, title in TITLES.items()]
    scatter(sheet, "M4", "Loss of all points", Axis("step", 0, STEPS), Axis("mean squared error", log=True), losses)
    drawn = [Curve("points", place("xs"), place("ys"), style.INK, points=True)]
    for j, (title, colour) in enumerate([*((TITLES[name], COLOURS[name]) for name in TITLES), ("best", style.INK)], 1):
        drawn.append(Curve(title, _column(ends, 0), _column(ends, j), colour, dashed=title == "best"))
    scatter(sheet, "M24", "The lines after the step looked at", Axis("x"), Axis("y"), drawn)
    goal = Curve("best", place("best_a"), place("best_b"), style.INK, points=True)
    paths = [
        Curve(title, _column(place(f"{name}_after"), 0), _column(place(f"{name}_after"), 1), COLOURS[name])
        for name, title in TITLES.items()
    ]
    decimals = {"decimals": "0.0"}
    scatter(sheet, "C33", "The path of the two weights", Axis("a", **decimals), Axis("b", **decimals), [goal, *paths])


def _column(area: Area, column: int) -> Area:
    return area.window(0, column, (area.shape[0], 1))
