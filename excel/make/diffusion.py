"""Workbook diffusion.xlsx: points under noise, the best denoiser in closed form, ten steps back, and guidance."""

from collections.abc import Sequence

from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from . import style
from .blocks import Formula, at, inputs, page, results, row_of, setting, stacked, validate
from .cells import Area, address, define_name, named, write, write_formulas
from .charts import Axis, Curve, scatter
from .words_diffusion import BACK, DENOISER, FORWARD, GUIDANCE

STEPS, EYES = 10, 4  # steps; the first so many points are the eyes, class 1, the others the mouth, class 2
POINTS = [
    [-0.8, 1.0], [-0.8, 1.6], [0.8, 1.0], [0.8, 1.6], [-1.6, 0.0], [-1.3, -0.6], [-0.8, -0.9], [-0.3, -1.1],
    [0.3, -1.1], [0.8, -0.9], [1.3, -0.6], [1.6, 0.0],
]  # fmt: skip
COUNT = len(POINTS)
# Normal numbers with a mean of 0 and a spread of 1: of 4,000 draws the one that goes least with the points.
NOISE = [
    [-1.67, -0.2], [-0.75, -0.53], [0.23, -0.25], [1.13, 0.44], [0.5, -0.22], [-1.2, 0.97], [1.16, 0.6], [1.5, 0.02],
    [0.37, -2.58], [0.45, 1.77], [-1.19, 0.38], [-0.52, -0.4],
]  # fmt: skip
STARTS = [[-1.2, 1.2], [0.4, 0.9], [1.5, -0.3], [0.2, -1.5], [-0.7, 0.2]]
EYE, MOUTH, PALE = "D55E00", "0072B2", "9CA3AF"
COLOURS = ["E69F00", "56B4E9", "009E73", "CC79A7", style.INK]  # of the paths: Okabe-Ito, and ink
X, Y = (Axis(name, -3, 3, "0.0") for name in "xy")
SQUARE = {"width": 14.0, "height": 13.6}  # of a chart with these two axes

# The columns of a way back, from column C on: a key, how many columns, how many rows less than STEPS + 1, the headings.
WAY = [
    ("t", 1, 0, "t"), ("signal", 1, 0, "√ᾱ"), ("noise", 1, 0, "√(1-ᾱ)"), ("path", 2, 0, "x y"),
    ("denoised", 2, 1, "x₀ y₀"), ("predicted", 2, 1, "noise:x noise:y"), ("weights", COUNT, 1, ""),
]  # fmt: skip
PLAIN = [*WAY, ("largest", 1, 1, "largest"), ("", 1, 0, ""), ("smallest", 1, 0, "smallest"), ("total", 1, 1, "sum"),
         ("distances", COUNT, 0, "")]  # fmt: skip
GUIDED = [
    *WAY, ("class_weights", COUNT, 1, ""), ("plain_denoised", 2, 1, "all:x₀ all:y₀"),
    ("class_denoised", 2, 1, "class:x₀ class:y₀"), ("", 1, 0, ""), ("smallest", 1, 0, "smallest"),
    ("total", 1, 1, "sum"), ("class_smallest", 1, 1, "of:class"), ("class_total", 1, 1, "sum"),
    ("distances", COUNT, 0, ""),
]  # fmt: skip
# SUMSQ, since LibreOffice gives #NUM! for the square of a tiny number by ^2.
# What stands in a row: {key} is a cell of it, {last_key} the one above, {all_key} the whole row of that block.
POWER = "EXP(-({}-{{{}smallest}})/(2*{{noise}}^2))"
PLAIN_TEXTS = {
    "signal": "=INDEX(signal_part,{t}+1)", "noise": "=INDEX(noise_part,{t}+1)",
    "path": "={signal}*{last_denoised}+{noise}*{last_predicted}",
    "distances": "=SUMSQ({x}-{signal}*{point_x},{y}-{signal}*{point_y})",
    "smallest": "=MIN({all_distances})",
    "total": f"=SUMPRODUCT({POWER.format('{all_distances}', '')})",
    "weights": f"={POWER.format('{distances}', '')}/{{total}}",
    "largest": "=MAX({all_weights})",
    "denoised": "=MMULT({all_weights},{all_points})",
    "predicted": "=({path}-{signal}*{denoised})/{noise}",
}  # fmt: skip
GUIDED_TEXTS = PLAIN_TEXTS | {
    "class_smallest": "=IF(asked_class=1,MIN({eye_distances}),MIN({mouth_distances}))",
    "class_total": "=IF(asked_class=1,SUMPRODUCT({}),SUMPRODUCT({}))".format(
        *(POWER.format(f"{{{part}_distances}}", "class_") for part in ("eye", "mouth"))
    ),
    "class_weights": f"=IF(asked_class={{class_}},{POWER.format('{distances}', 'class_')}/{{class_total}},0)",
    "plain_denoised": PLAIN_TEXTS["denoised"],
    "class_denoised": "=MMULT({all_class_weights},{all_points})",
    "denoised": "={plain_denoised}+guidance_scale*({class_denoised}-{plain_denoised})",
}
OVER = {"weights": "weights of the points", "class_weights": "weights within the class", "path": "position",
        "distances": "squared distance to √ᾱ · point", "denoised": "denoised", "predicted": "predicted"}  # fmt: skip
FIRST, HIGH = 43, STEPS + 4  # first row of the first way back, and the rows from one to the next


def build() -> Workbook:
    """The workbook, its formulas not yet calculated."""
    book = Workbook()
    book.remove(book.active)
    forward, denoiser, back, guidance = map(book.create_sheet, ["forward", "denoiser", "ten steps back", "guidance"])
    points = _forward(forward)
    _denoiser(denoiser, points)
    _back(back, points)
    _guidance(guidance, points)
    return book


def _widths(sheet: Worksheet, columns: range, width: float) -> None:
    for column in columns:
        sheet.column_dimensions[get_column_letter(column)].width = width


def _headings(sheet: Worksheet, row: int, left: int, texts: Sequence[str | int]) -> None:
    for column, text in enumerate(texts, left):
        style.label(sheet, row, column, text, bold=True, centre=True)


def _point_names(sheet: Worksheet, top: int, left: int = 3) -> None:
    """The number of each point under each other, and beside it its class."""
    _headings(sheet, top - 1, left, ["point", "class"])
    for i in range(COUNT):
        style.label(sheet, top + i, left, i + 1, centre=True)
        style.label(sheet, top + i, left + 1, "eye" if i < EYES else "mouth", centre=True)


def _place(area: Area, i: int) -> tuple[str, str]:
    """The addresses of x and y of one point, which mean the same on every sheet."""
    return area.window(i, 0, (1, 1)).absolute, area.window(i, 1, (1, 1)).absolute


def _column(area: Area, column: int, first: int = 0, count: int | None = None) -> Area:
    return area.window(first, column, (count or area.shape[0] - first, 1))


def _faces(points: Area, more: Sequence[Curve]) -> list[Curve]:
    """The points of both classes, and what is drawn over them."""
    eyes, mouth = (slice(0, EYES), slice(EYES, COUNT))
    return [
        Curve(name, *(_column(points, j, part.start, part.stop - part.start) for j in (0, 1)), colour, True, size=9)
        for name, part, colour in (("eyes", eyes, EYE), ("mouth", mouth, MOUTH))
    ] + list(more)


def _forward(sheet: Worksheet) -> Area:
    """The schedule, and every point at every t; gives the points."""
    shown = setting(sheet, "A3", "Look at t, 0 to 10: ", "C3", 4, "shown", 0)
    validate(sheet, shown, "whole", "between", "0", str(STEPS), "A whole number from 0 to 10.")
    turn = setting(sheet, "D3:G3", "Turn the noise by degrees: ", "H3", 0.0, "turn", 0)
    validate(sheet, turn, "decimal", "between", "0", "360", "From 0 to 360 degrees.")
    scale = setting(sheet, "K3:M3", "Noise, times 0 to 1: ", "N3", 1.0, "noise_scale", 1)
    validate(sheet, scale, "decimal", "between", "0", "1", "From 0, for none, to 1.")
    for row, key, rows in [(4, "idea", 9), (14, "schedule", 13), (28, "try", 10), (50, "table", 9)]:
        style.note(sheet, row, *FORWARD[key], rows=rows)
    style.label(sheet, 5, 3, "angle at t = 10, in degrees")
    last = style.numbers(sheet, write(sheet, "F5", 86.0, name="last_angle"), 1, kind="input", size=10)
    validate(sheet, last, "decimal", "between", "10", "89", "From 10 to 89 degrees.")
    points = inputs(sheet, "E37", "point x, y", POINTS, "points")
    drawn = inputs(sheet, "G37", "noise x, y", NOISE, "drawn_noise", 2)
    for area, most in ((points, 3), (drawn, 4)):
        validate(sheet, area, "decimal", "between", f"-{most}", str(most), f"From -{most} to {most}.")

    def turned(i: int, j: int) -> str:
        x, y = at(drawn, i), at(drawn, i, 1)
        way = (f"{x}*SIN(RADIANS(turn))+{y}*COS(RADIANS(turn))", f"{x}*COS(RADIANS(turn))-{y}*SIN(RADIANS(turn))")
        return f"=noise_scale*({way[1 - j]})"

    used = results(sheet, "G53", "noise in use: x, y", turned, (COUNT, 2), "used_noise", 2)
    noised = [_noised(sheet, points, used, j) for j in (0, 1)]
    looked = results(
        sheet, "E53", "x, y at that t", lambda i, j: f"=INDEX({row_of(noised[j], i)},shown+1)", (COUNT, 2),
        "shown_points", 2,
    )  # fmt: skip
    _schedule(sheet, noised)
    for top in (37, 53):
        _point_names(sheet, top)
    curves = [
        Curve(name, _column(looked, 0, first, count), _column(looked, 1, first, count), colour, True, size=9)
        for name, first, count, colour in (("eyes", 0, EYES, EYE), ("mouth", EYES, COUNT - EYES, MOUTH))
    ]
    still = Curve("at t = 0", _column(points, 0), _column(points, 1), PALE, True, size=4)
    scatter(sheet, "K4", "The points at the t looked at", X, Y, [still, *curves], **SQUARE)
    page(sheet, "Forward: from a face to noise", "V", columns="")
    _widths(sheet, range(3, 10), 9.5)
    _widths(sheet, range(11, 23), 7.0)
    sheet.column_dimensions["J"].width = 2.5
    return points


def _noised(sheet: Worksheet, points: Area, used: Area, j: int) -> Area:
    """One coordinate of every point at every t: √ᾱ times the point plus √(1 - ᾱ) times the noise."""
    top, name = (37, 53)[j], "xy"[j]

    def formula(i: int, t: int) -> str:
        signal, noise = (f"${letter}${7 + t}" for letter in "FG")
        return f"={signal}*{at(points, i, j)}+{noise}*{at(used, i, j)}"

    area = results(sheet, f"L{top}", "", formula, (COUNT, STEPS + 1), f"noised_{name}", 2)
    style.label(sheet, top - 2, 12, f"{name} of each point at t =", bold=True)
    _headings(sheet, top - 1, 11, ["point", *range(STEPS + 1)])
    for i in range(COUNT):
        style.label(sheet, top + i, 11, i + 1, centre=True)
    style.heat(sheet, [area], 4)
    return area


def _schedule(sheet: Worksheet, noised: Sequence[Area]) -> None:
    """How much of the point and how much noise there is at each t."""
    shape = (STEPS + 1, 1)
    for t in range(STEPS + 1):
        style.label(sheet, 7 + t, 3, t, centre=True)
    columns: list[tuple[str, str, str, Formula, int | str]] = [
        ("D", "angle", "angle", lambda t, _: f"=last_angle*C{7 + t}/{STEPS}", 1),
        ("E", "ᾱ", "alpha_bar", lambda t, _: f"=COS(RADIANS(D{7 + t}))^2", 4),
        ("F", "√ᾱ", "signal_part", lambda t, _: f"=SQRT(E{7 + t})", 4),
        ("G", "√(1-ᾱ)", "noise_part", lambda t, _: f"=SQRT(1-E{7 + t})", 4),
    ]
    areas = [results(sheet, f"{column}7", "", formula, shape, name, decimals)
             for column, _, name, formula, decimals in columns]  # fmt: skip
    results(sheet, "H8", "", lambda t, _: f"=E{8 + t}/(1-E{8 + t})", (STEPS, 1), "snr", "wide")
    style.label(sheet, 7, 8, "no noise", centre=True)

    def spread(t: int, _: int) -> str:
        cells = [_column(area, t).range for area in noised]
        return "=SQRT(({})/2)".format("+".join(f"SUMPRODUCT(({c}-AVERAGE({c}))^2)/{COUNT}" for c in cells))

    results(sheet, "I7", "", spread, shape, "spread", 3)
    _headings(sheet, 6, 3, ["t", *(heading for _, heading, *_ in columns), "ᾱ/(1-ᾱ)", "spread"])
    times = Area(sheet.title, 7, 3, 7 + STEPS, 3)
    curves = [Curve("√ᾱ: of the point", times, areas[2], EYE), Curve("√(1-ᾱ): of the noise", times, areas[3], MOUTH)]
    scatter(
        sheet, "C19", "Less of the point, more noise", Axis("t", 0, STEPS), Axis("factor", 0, 1, "0.0"), curves,
        width=12.6, height=8.2,
    )  # fmt: skip


def _denoiser(sheet: Worksheet, points: Area) -> None:
    """One position at one t: the weight of each point, their mean, the noise; and the weights at every t."""
    for cells, text, cell, value, name in [
        ("A3", "Position x: ", "C3", 0.6, "position_x"), ("D3:E3", "y: ", "F3", -0.2, "position_y"),
    ]:  # fmt: skip
        place = setting(sheet, cells, text, cell, value, name, 2)
        validate(sheet, place, "decimal", "between", "-5", "5", "From -5 to 5.")
    chosen = setting(sheet, "G3:I3", "t, 1 to 10: ", "J3", 4, "at_t", 0)
    validate(sheet, chosen, "whole", "between", "1", str(STEPS), "A whole number from 1 to 10.")
    for row, key, rows in [(4, "weights", 14), (19, "mean", 13), (33, "times", 14), (49, "distances", 4)]:
        style.note(sheet, row, *DENOISER[key], rows=rows)
    _point_names(sheet, 6)
    signal, noise = "denoiser_signal", "denoiser_noise"
    shape = (COUNT, 1)
    shrunk = results(
        sheet, "E6", "√ᾱ · point: x, y", lambda i, j: f"={signal}*{_place(points, i)[j]}", (COUNT, 2), "shrunk", 3
    )
    apart = results(
        sheet, "G6", "distance²", lambda i, _: f"=SUMSQ(position_x-{at(shrunk, i)},position_y-{at(shrunk, i, 1)})",
        shape, "apart", 3,
    )  # fmt: skip
    scores = results(sheet, "H6", "score", lambda i, _: f"=-{at(apart, i)}/(2*{noise}^2)", shape, "scores", 3)
    powers = results(
        sheet, "I6", "e^(s-max)", lambda i, _: f"=EXP({at(scores, i)}-MAX({scores.fixed}))", shape, "powers", 4
    )
    weights = results(sheet, "J6", "weight", lambda i, _: f"={at(powers, i)}/powers_sum", shape, "point_weights", 4)
    style.heat(sheet, [weights], 0.5)
    facts = [
        ("√ᾱ at this t", signal, ["=INDEX(signal_part,at_t+1)"]),
        ("√(1-ᾱ) at this t", noise, ["=INDEX(noise_part,at_t+1)"]),
        ("sum of e^(s-max), s for score", "powers_sum", [f"=SUM({powers.range})"]),
        ("denoised: weighted mean of the points", "denoised",
         [f"=SUMPRODUCT({weights.range},{_column(points, j).absolute})" for j in (0, 1)]),
        ("predicted noise: (position - √ᾱ · denoised) / √(1-ᾱ)", "predicted_noise",
         [f"=(position_{'xy'[j]}-{signal}*{'IJ'[j]}23)/{noise}" for j in (0, 1)]),
        ("check: √ᾱ · denoised + √(1-ᾱ) · predicted noise", "again",
         [f"={signal}*{column}23+{noise}*{column}24" for column in "IJ"]),
        ("one step back: the position at t - 1", "one_step_back",
         [f"=INDEX(signal_part,at_t)*{column}23+INDEX(noise_part,at_t)*{column}24" for column in "IJ"]),
    ]  # fmt: skip
    for row, (words, name, formulas) in enumerate(facts, 20):
        style.label(sheet, row, 3, words)
        cell = address(row, 11 - len(formulas))
        style.numbers(sheet, write_formulas(sheet, cell, [formulas], name=name), 4, size=10)
    denoised = named(sheet.parent, "denoised")
    ways = _every_t(sheet, points)
    place = [Area(sheet.title, 3, column, 3, column) for column in (3, 6)]
    more = [
        Curve("√ᾱ · points", _column(shrunk, 0), _column(shrunk, 1), PALE, True, size=6),
        Curve("position", *place, style.INK, True, size=11),
        Curve("denoised", _column(denoised, 0), _column(denoised, 1), "009E73", True, size=11),
        Curve("denoised at t = 1 … 10", *ways, "009E73", dashed=True),
    ]
    scatter(sheet, "L4", "One position, denoised", X, Y, _faces(points, more), **SQUARE)
    page(sheet, "The best denoiser: which point was it?", "S", columns="CDEFGHIJ")
    _widths(sheet, range(12, 20), 11.0)
    sheet.column_dimensions["K"].width = 11.0


def _every_t(sheet: Worksheet, points: Area) -> tuple[Area, Area]:
    """The weights of one position at every t; gives x and y of what they make, a row each."""
    shape = (COUNT, STEPS)

    def distance(i: int, t: int) -> str:
        signal, (x, y) = f"INDEX(signal_part,{t + 2})", _place(points, i)
        return f"=SUMSQ(position_x-{signal}*{x},position_y-{signal}*{y})"

    apart = results(sheet, "E52", "", distance, shape, "distances_by_t", 3)

    def power(cells: str, t: int) -> str:
        return f"EXP(-({cells}-MIN({_column(apart, t).range}))/(2*INDEX(noise_part,{t + 2})^2))"

    def weight(i: int, t: int) -> str:
        return f"={power(at(apart, i, t), t)}/SUMPRODUCT({power(_column(apart, t).range, t)})"

    weights = results(sheet, "E34", "", weight, shape, "weights_by_t", 3)
    style.heat(sheet, [weights], 0.5)
    ways = results(
        sheet, "E47", "", lambda j, t: f"=SUMPRODUCT({_column(weights, t).range},{_column(points, j).absolute})",
        (2, STEPS), "denoised_by_t", 3,
    )  # fmt: skip
    for top, text in [(34, "weights of the points at t ="), (52, "squared distance to √ᾱ · point at t =")]:
        style.label(sheet, top - 2, 5, text, bold=True)
        _point_names(sheet, top)
        _headings(sheet, top - 1, 5, range(1, STEPS + 1))
    for row, name in [(47, "denoised x"), (48, "denoised y")]:
        style.label(sheet, row, 3, name)
    return ways.window(0, 0, (1, STEPS)), ways.window(1, 0, (1, STEPS))


def _way(sheet: Worksheet, number: int, start: tuple[str, str], points: Area, plan: list, texts: dict) -> dict:
    """Ten steps back from one start, t = 10 in the first row; gives the area of each key of the plan."""
    top, left, areas = FIRST + number * HIGH, 3, {}
    style.label(sheet, top - 2, 3, f"start {number + 1}", bold=True)
    for key, width, less, heads in plan:
        areas[key] = Area(sheet.title, top, left, top + STEPS - less, left + width - 1)
        _headings(sheet, top - 1, left, [head.replace(":", " ") for head in heads.split()])
        if key in OVER:
            style.label(sheet, top - 2, left, OVER[key], bold=True)
        if width == COUNT:
            _headings(sheet, top - 1, left, range(1, COUNT + 1))
        left += width
    write(sheet, at(areas["t"], 0), stacked(range(STEPS, -1, -1)))
    style.numbers(sheet, areas["t"], 0, kind="copy")
    for key, text in texts.items():
        if key in areas:
            rows = [[text.format(**_cells(areas, points, i, j)) for j in range(areas[key].shape[1])]
                    for i in range(areas[key].shape[0])]  # fmt: skip
            if key == "path":
                rows[0] = [f"={cell}" for cell in start]
            write_formulas(sheet, at(areas[key], 0), rows)
            style.numbers(sheet, areas[key], 2 if areas[key].shape[1] == COUNT else 3)
    return areas


def _cells(areas: dict[str, Area], points: Area, i: int, j: int) -> dict[str, str]:
    """What the words in braces of a text stand for, in row i and column j of its block."""
    cells = {key: at(area, i, min(j, area.shape[1] - 1)) for key, area in areas.items()}
    cells |= {f"last_{key}": at(area, i - 1, min(j, area.shape[1] - 1)) for key, area in areas.items()}
    cells |= {f"all_{key}": row_of(area, i) for key, area in areas.items()}
    parts = [areas["distances"].window(i, first, (1, count)).range
             for first, count in ((0, EYES), (EYES, COUNT - EYES))]  # fmt: skip
    cells |= dict(zip(("eye_distances", "mouth_distances"), parts, strict=True))
    cells |= {"x": at(areas["path"], i), "y": at(areas["path"], i, 1)}
    cells |= dict(zip(("point_x", "point_y"), _place(points, j), strict=True))
    return cells | {"all_points": _column(points, min(j, 1)).absolute, "class_": 1 if j < EYES else 2}


def _ways(sheet: Worksheet, starts: Area, points: Area, plan: list, prefix: str) -> list[dict]:
    """One way back for each start, and at the top where each ends."""
    texts = PLAIN_TEXTS if plan is PLAIN else GUIDED_TEXTS
    ways = [_way(sheet, i, _place(starts, i), points, plan, texts) for i in range(len(STARTS))]
    for key, _, _, _ in plan[1:]:
        if key:
            define_name(sheet.parent, f"{prefix}{key}", [way[key] for way in ways])
    for key in ("weights", "class_weights"):
        if key in ways[0]:
            style.heat(sheet, [way[key] for way in ways], 0.5)
    shape = (len(STARTS), 1)
    last = (STEPS, 0, (1, COUNT))
    results(sheet, "F6", "end x, y", lambda i, j: f"={at(ways[i]['path'], STEPS, j)}", (len(STARTS), 2), f"{prefix}end")
    results(
        sheet, "H6", "nearest",
        lambda i, _: f"=MATCH({at(ways[i]['smallest'], STEPS)},{ways[i]['distances'].window(*last).range},0)",
        shape, f"{prefix}nearest", 0,
    )  # fmt: skip
    results(
        sheet, "I6", "distance", lambda i, _: f"=SQRT({at(ways[i]['smallest'], STEPS)})", shape, f"{prefix}distance"
    )
    _classes(sheet, "J6", "it is", f"{prefix}class_word", "'" + sheet.title + "'!$H$")
    for i in range(len(STARTS)):
        style.label(sheet, 6 + i, 3, f"start {i + 1}")
    lines = []
    for i, (way, colour) in enumerate(zip(ways, COLOURS, strict=True), 1):
        lines.append(Curve(f"from {i}", _column(way["path"], 0), _column(way["path"], 1), colour))
    begin = Curve("starts", _column(starts, 0), _column(starts, 1), style.INK, True, size=6)
    title = "Ten steps back, guided" if plan is GUIDED else "Ten steps back, from noise to points"
    scatter(sheet, "C13", title, X, Y, _faces(points, [begin, *lines]), **SQUARE)
    return ways


def _classes(sheet: Worksheet, cell: str, heading: str, name: str, column: str) -> None:
    """What the nearest point belongs to, in a word."""
    text = '=IF({}{}<={},"eye","mouth")'
    rows = [[text.format(column, 6 + i, EYES)] for i in range(len(STARTS))]
    area = style.numbers(sheet, write_formulas(sheet, cell, rows, name=name), 0, size=10)
    style.label(sheet, area.top - 1, area.left, heading, bold=True)
    style.when_equal(sheet, area, "eye", style.ORANGE)
    style.when_equal(sheet, area, "mouth", style.BLUE)


def _back(sheet: Worksheet, points: Area) -> None:
    """Ten steps back from each start, without a class."""
    for row, key, rows in [(4, "starts", 10), (15, "step", 14), (30, "sure", 10), (FIRST - 2, "rows", 10)]:
        style.note(sheet, row, *BACK[key], rows=rows)
    starts = inputs(sheet, "D6", "start x, y", STARTS, "starts")
    validate(sheet, starts, "decimal", "between", "-5", "5", "From -5 to 5.")
    ways = _ways(sheet, starts, points, PLAIN, "way_")
    across = Axis("t, from 10 back to 1", 0, STEPS)
    curves = [
        Curve(f"from {i}", _column(way["t"], 0, 0, STEPS), way["largest"], colour)
        for i, (way, colour) in enumerate(zip(ways, COLOURS, strict=True), 1)
    ]
    scatter(
        sheet, "L13", "How sure: the largest weight", across, Axis("weight", 0, 1, "0.0"), curves, width=14.0,
        height=9.6,
    )  # fmt: skip
    page(sheet, "Ten steps back: from noise to a point", "X", columns="")
    _widths(sheet, range(3, 12), 9.5)
    _widths(sheet, range(12, 40), 7.0)
    sheet.column_dimensions["Y"].width = 2.5


def _guidance(sheet: Worksheet, points: Area) -> None:
    """The same starts, with a class asked for."""
    chosen = setting(sheet, "A3", "Class asked for, 1 eyes, 2 mouth: ", "C3", 1, "asked_class", 0)
    validate(sheet, chosen, "whole", "between", "1", "2", "1 for eyes, 2 for mouth.")
    scale = setting(sheet, "D3:G3", "Guidance scale w, 0 to 10: ", "H3", 1.0, "guidance_scale", 1)
    validate(sheet, scale, "decimal", "between", "0", "10", "From 0 to 10.")
    for row, key, rows in [(4, "class", 10), (15, "scale", 10), (26, "try", 13), (FIRST - 2, "rows", 10)]:
        style.note(sheet, row, *GUIDANCE[key], rows=rows)
    starts = named(sheet.parent, "starts")
    copies = write_formulas(
        sheet, "D6", lambda i, j: f"={_place(starts, i)[j]}", (len(STARTS), 2), name="guided_starts"
    )
    style.numbers(sheet, copies, 1, size=10)
    style.label(sheet, 5, 4, "start x, y", bold=True)
    _ways(sheet, starts, points, GUIDED, "guided_")
    _classes(sheet, "K6", "without class", "unguided_word", "'ten steps back'!$H$")
    style.label(sheet, 11, 3, "of the class asked for")
    count = f"=SUMPRODUCT(((H6:H{5 + len(STARTS)}>{EYES})+1=asked_class)*1)"
    style.numbers(sheet, write_formulas(sheet, "H11", [[count]], name="of_class"), 0, size=10)
    page(sheet, "Guidance: more of one class", "AM", columns="")
    _widths(sheet, range(3, 12), 9.5)
    _widths(sheet, range(12, 57), 7.0)
    sheet.column_dimensions["AN"].width = 2.5
