"""Workbook collaborative_filtering.xlsx: vectors of eight users and eight films, learned by gradient steps in formulas.

The ratings are those of the sample `movies`; the steps are blocks under each other, each made of the one above.
"""

import csv

from openpyxl.styles import Alignment
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from coursekit.datasets import SAMPLES

from . import style
from .blocks import SUBTITLE, at, inputs, results, row_names, row_of, validate
from .cells import Area, address, define_name, write, write_formulas
from .charts import Axis, Curve, scatter
from .words_collaborative_filtering import OVERVIEW, STEPS_TITLE, STEPS_WORDS

USERS = [16, 28, 50, 114, 152, 201, 228, 286]
FILMS = [629, 3119, 4976, 9031, 927, 1980, 8896, 9151]  # four of action, then four quiet ones
STEPS, HEIGHT, START = 40, 14, 5  # steps; rows of a block; the first block's row
KINDS = ["bias", "factor 1", "factor 2"]
HOLES, NO_ZERO = "0.0;-0.0;", "0.00;-0.00;"  # formats that leave a 0 blank
# One decimal each, drawn once at random; the biases start at 0.
USER_START = [[0, 0.2, 0.1], [0, 0, 0.2], [0, -0.1, -0.5], [0, -0.2, -0.2], [0, -0.2, 0.3], [0, 0.2, -0.1],
              [0, -0.5, 0.4], [0, -0.2, 0.3]]  # fmt: skip
FILM_START = [[0] * 8, [-0.5, -0.1, 0.3, -0.1, 0.5, -0.2, 0.3, -0.3], [0.3, -0.2, 0.1, 0.2, -0.4, 0, -0.1, -0.4]]


def build() -> Workbook:
    """The workbook, its formulas not yet calculated."""
    book = Workbook()
    overview = book.active
    overview.title = "overview"
    steps = book.create_sheet("steps")
    titles, ratings = _sample()
    table = _inputs(overview, titles, ratings)
    blocks = _steps(steps, table)
    _results(overview, blocks)
    return book


def _sample() -> tuple[list[str], list[list[float]]]:
    """The films' titles, and the ratings, a row for each user, with 0 for none."""
    with (SAMPLES / "movies" / "movies.csv").open(encoding="utf-8", newline="") as file:
        titles = {int(row["movieId"]): row["title"] for row in csv.DictReader(file)}
    with (SAMPLES / "movies" / "ratings.csv").open(encoding="utf-8", newline="") as file:
        stars = {(int(row["userId"]), int(row["movieId"])): float(row["rating"]) for row in csv.DictReader(file)}
    return [titles[film] for film in FILMS], [[stars.get((user, film), 0.0) for film in FILMS] for user in USERS]


def _users(sheet: Worksheet, top: int) -> None:
    row_names(sheet, top, [f"user {user}" for user in USERS])


def _titles(sheet: Worksheet, row: int, left: int, titles: list[str]) -> None:
    """The films' titles in the cells of a row, in several lines each."""
    for column, title in enumerate(titles, left):
        style.label(sheet, row, column, title, centre=True)
        sheet.cell(row, column).alignment = Alignment(horizontal="center", vertical="bottom", wrap_text=True)
    sheet.row_dimensions[row].height = 52


def _decimals(sheet: Worksheet, area: Area, text: str) -> None:
    for _, row, column in (cell for cells in area.rows for cell in cells):
        sheet.cell(row, column).number_format = text


def _inputs(sheet: Worksheet, titles: list[str], ratings: list[list[float]]) -> Area:
    """The table with holes, the weights to start with, and the settings."""
    style.note(sheet, 4, *OVERVIEW["ratings"], rows=9)
    _titles(sheet, 5, 4, titles)
    table = inputs(sheet, "D6", titles[0], ratings, "ratings")
    _titles(sheet, 5, 4, titles)  # the heading of a block is one line; a title is more
    _decimals(sheet, table, HOLES)
    _users(sheet, 6)
    style.when_below(sheet, table, "0.25", style.WHITE)
    validate(sheet, table, "decimal", "between", "0", "5", "Stars from 0.5 to 5, or 0 for a hole.")

    style.note(sheet, 15, *OVERVIEW["start"], rows=6)
    for i, kind in enumerate(KINDS):
        style.label(sheet, 5, 13 + i, kind, centre=True)
        sheet.cell(5, 13 + i).alignment = Alignment(horizontal="center", vertical="bottom")
    users = inputs(sheet, "M6", "users: start", USER_START, "user_start")
    style.label(sheet, 5, 13, "bias", centre=True)
    sheet.cell(5, 13).alignment = Alignment(horizontal="center", vertical="bottom")
    style.label(sheet, 4, 13, "users' weights at the start", bold=True)
    films = inputs(sheet, "D16", "films' weights at the start", FILM_START, "film_start")
    row_names(sheet, 16, KINDS)
    style.heat(sheet, [users, films], 2, kind="input")

    style.note(sheet, 22, *OVERVIEW["settings"], rows=6)
    for column, (name, text, value, decimals, high) in enumerate(
        [("lr", "learning rate", 1.0, 2, "3"), ("decay", "weight decay", 0.0, 3, "1"),
         ("shown", "look after step", STEPS, 0, str(STEPS))], 0
    ):  # fmt: skip
        area = inputs(sheet, address(22, 4 + 2 * column), text, value, name, decimals)
        kind = "whole" if name == "shown" else "decimal"
        validate(sheet, area, kind, "between", "0", high, f"A number from 0 to {high}.")
    results(sheet, "J22", "mean", lambda *_: "=SUM(ratings)/known", name="mean")
    results(sheet, "K22", "known", lambda *_: "=SUMPRODUCT(1*(ratings>0))", name="known", decimals=0)
    return table


def _steps(sheet: Worksheet, ratings: Area) -> list[dict[str, Area]]:
    """A block for each step: weights, predictions, errors, loss."""
    blocks = []
    for step in range(STEPS + 1):
        blocks.append(_block(sheet, step, ratings, blocks[-1] if blocks else None))
    for name in blocks[0]:
        define_name(sheet.parent, name, [block[name] for block in blocks])
    style.heat(sheet, [block[name] for block in blocks for name in ("user_weights", "film_weights")], 2)
    style.heat(sheet, [block["errors"] for block in blocks], 3)
    row = START
    for heading, text, rows in STEPS_WORDS:
        style.note(sheet, row, heading, text, rows=rows)
        row += rows + 1
    widths = {"A": 46, "B": 2.5, "C": 9.0, "O": 2.5, "X": 2.5}
    widths |= dict.fromkeys("DEFGHIJKLMNPQRSTUVW", 7.0)
    breaks = [START + HEIGHT * step - 2 for step in range(4, STEPS + 1, 4)]
    style.page(sheet, *STEPS_TITLE, widths=widths, frozen=f"A{START - 1}", last="W", breaks=breaks)
    return blocks


def _block(sheet: Worksheet, step: int, ratings: Area, before: dict[str, Area] | None) -> dict[str, Area]:
    top = START + HEIGHT * step
    style.label(sheet, top, 3, f"step {step}", bold=True)
    for i, kind in enumerate(KINDS):
        style.label(sheet, top + 3, 4 + i, kind, centre=True)
        style.label(sheet, top + i, 6, kind)
    style.label(sheet, top - 1, 7, "films' weights; below them the predictions", bold=True)
    style.label(sheet, top + 3, 16, "errors: prediction - rating", bold=True)
    style.label(sheet, top, 16, "mean of the squared errors", bold=True)
    _users(sheet, top + 4)
    areas = {
        "user_weights": Area(sheet.title, top + 4, 4, top + 11, 6),
        "film_weights": Area(sheet.title, top, 7, top + 2, 14),
    }
    for name, area in areas.items():
        write_formulas(sheet, at(area, 0), lambda i, j, name=name: _weight(name, i, j, before), area.shape)
        style.numbers(sheet, area, 2)
    users, films = areas.values()

    def prediction(i: int, j: int) -> str:
        products = "+".join(f"{at(users, i, f)}*{at(films, f, j)}" for f in (1, 2))
        return f"=mean+{at(users, i)}+{at(films, 0, j)}+{products}"

    shape = ratings.shape
    guesses = areas["predictions"] = write_formulas(sheet, address(top + 4, 7), prediction, shape)
    style.numbers(sheet, guesses, 2)
    stars = [[f"overview!{at(ratings, i, j)}" for j in range(shape[1])] for i in range(shape[0])]
    errors = areas["errors"] = write_formulas(
        sheet, address(top + 4, 16), lambda i, j: f"=IF({stars[i][j]}>0,{at(guesses, i, j)}-{stars[i][j]},0)", shape
    )
    _decimals(sheet, style.numbers(sheet, errors, 2), NO_ZERO)
    areas["loss"] = write_formulas(sheet, address(top + 1, 16), [[f"=SUMPRODUCT({errors.range}^2)/known"]])
    style.numbers(sheet, areas["loss"], 4)
    return areas


def _weight(name: str, i: int, j: int, before: dict[str, Area] | None) -> str:
    """One weight of a block: as typed in, or the one above minus the learning rate times its gradient."""
    of_user = name == "user_weights"
    if before is None:
        first = Area("overview", 6, 13, 13, 15) if of_user else Area("overview", 16, 4, 18, 11)
        return f"=overview!{at(first, i, j)}"
    old, errors = at(before[name], i, j), before["errors"]
    if of_user:
        partners, pulls = row_of(before["film_weights"], j), row_of(errors, i)
    else:
        partners = before["user_weights"].window(0, i, (len(USERS), 1)).range
        pulls = errors.window(0, j, (len(USERS), 1)).range
    kind = j if of_user else i
    total = f"SUMPRODUCT({pulls},{partners})" if kind else f"SUM({pulls})"  # a bias has nothing that it multiplies
    return f"={old}-lr*(2*{total}/known+decay*{old})"


def _results(sheet: Worksheet, blocks: list[dict[str, Area]]) -> None:
    """The loss after each step, its chart, and the step that is looked at."""
    style.note(sheet, 29, *OVERVIEW["shown"], rows=11)
    style.note(sheet, 41, *OVERVIEW["loss"], rows=6)
    numbers = write(sheet, "Q6", [[step] for step in range(STEPS + 1)], name="step")
    style.numbers(sheet, numbers, 0, kind="copy", size=9)
    losses = write_formulas(sheet, "R6", [[f"=steps!{block['loss'].range}"] for block in blocks], name="losses")
    style.numbers(sheet, losses, 4, size=9)
    style.heat(sheet, [losses], 2)
    for column, text in ((17, "step"), (18, "loss")):
        style.label(sheet, 5, column, text, bold=True, centre=True)
        sheet.cell(5, column).alignment = Alignment(horizontal="center", vertical="bottom")

    def looked_up(name: str):
        """A formula that takes a cell of the block of step `shown`."""
        area = blocks[0][name]

        def formula(i: int, j: int) -> str:
            first = area.window(i, j, (1, 1))
            column = Area("steps", first.top, first.left, first.top + HEIGHT * STEPS, first.left)
            return f"=INDEX({column.absolute},{HEIGHT}*shown+1)"

        return formula

    guesses = results(sheet, "D36", "", looked_up("predictions"), (8, 8), "shown_predictions", 1)
    films = results(sheet, "D31", "", looked_up("film_weights"), (3, 8), "shown_films", 2)
    users = results(sheet, "M36", "", looked_up("user_weights"), (8, 3), "shown_users", 2)
    style.label(sheet, 30, 4, "films' weights after the step looked at", bold=True)
    style.label(sheet, 35, 4, "predictions, holes included", bold=True)
    for i, kind in enumerate(KINDS):
        style.label(sheet, 35, 13 + i, kind, centre=True)
    row_names(sheet, 31, KINDS)
    _users(sheet, 36)
    style.heat(sheet, [users, films], 2)
    _holes(sheet, guesses)
    _map(sheet, films)
    loss = Curve("loss", numbers, losses, "0072B2")
    scatter(sheet, "T4", "The loss falls, step by step", Axis("step", 0, STEPS), Axis("mean squared error", 0), [loss])
    widths = {"A": 50, "B": 2.5, "C": 10.0, "L": 2.5, "P": 2.5, "Q": 6.0, "R": 9.0, "S": 2.5}
    widths |= dict.fromkeys("DEFGHIJK", 11.5) | dict.fromkeys("MNO", 8.0)
    style.page(sheet, "Who likes what, learned from ratings alone", SUBTITLE, widths=widths, frozen="A4", last="AD")
    sheet.page_setup.fitToHeight = 1
    sheet.print_area = "A1:AD52"


def _holes(sheet: Worksheet, guesses: Area) -> None:
    """Fill the predictions of holes, which nobody could know."""
    from openpyxl.formatting.rule import FormulaRule
    from openpyxl.styles import PatternFill

    rule = FormulaRule(formula=["D6=0"], fill=PatternFill("solid", bgColor=style.ORANGE))
    sheet.conditional_formatting.add(guesses.range, rule)


def _map(sheet: Worksheet, films: Area) -> None:
    """The films as points: how far along each of the two factors."""
    along = write_formulas(sheet, "T45", lambda i, j: f"={at(films, 1 + j, i)}", (len(FILMS), 2), name="map")
    style.numbers(sheet, along, 2)
    style.label(sheet, 43, 20, "what the map draws: each film's two factors", bold=True)
    for i, kind in enumerate(KINDS[1:]):
        style.label(sheet, 44, 20 + i, kind, centre=True)
    curves = []
    for title, first, colour in (("the first four films: action", 0, "D55E00"), ("the last four: quiet", 4, "0072B2")):
        half = [along.window(first, j, (4, 1)) for j in (0, 1)]
        curves.append(Curve(title, *half, colour, points=True))
    scatter(sheet, "T23", "The films after the step looked at", Axis("factor 1", decimals="0.0"),
            Axis("factor 2", decimals="0.0"), curves)  # fmt: skip
