"""Workbook attention.xlsx: attention of six words by hand, and a trained transformer of two blocks, cell by cell."""

from collections.abc import Sequence

from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from safetensors.torch import load_file
from torch import Tensor

from . import style
from .blocks import Formula, at, inputs, page, results, row_names, row_of, setting, validate
from .cells import Area, address, define_name, write, write_formulas
from .train_attention import HEADS, LAYERS, POSITIONS, SIZE, WEIGHTS, WORDS
from .words_attention import BLOCK, HAND, TRANSFORMER, VECTORS, WEIGHT

SIX = ["the", "cat", "slept", "because", "it", "yawned"]
SIX_VECTORS = [[0.5, 0, 0, 0], [2, 0, 0, 0], [0, 2, 0, 0], [0, 0.5, 0.5, 0], [0.5, 0, 2, 0], [0, 1.5, 0, 0]]
SIX_POSITIONS = [[0, 0, 0, place / 5] for place in range(6)]
MAPS = {
    "query": [[0, 1, 2, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 2]],
    "key": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
    "value": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]],
}
PARTS = ["queries", "keys", "values"]
SENTENCE = ["red", "hat", "green", "car", "white", "ball", "green"]
LEFT, BAND = 4, POSITIONS + 3  # the column where blocks of numbers start; rows for a block, its heading and a space
HEAD = SIZE // HEADS
PART = SIZE + 1  # columns of a block of vectors, with a space
FIRST_WORD = 9  # row of the first word of the list
LIST = LEFT + 2 * (POSITIONS + 2)  # column of the list of words


def build() -> Workbook:
    """The workbook, its formulas not yet calculated."""
    book, state = Workbook(), load_file(WEIGHTS)
    book.remove(book.active)
    titles = ["by hand", "transformer", *(f"block {k + 1}" for k in range(LAYERS)), "vectors"]
    hand, front, *blocks, vectors = map(book.create_sheet, titles)
    _by_hand(hand)
    given = _vectors(vectors, state)
    used = _words(front)
    heads, below = [], None
    for k, sheet in enumerate(blocks):
        weights = _weights(book.create_sheet(f"weights {k + 1}"), state, k)
        below, seen = _block(sheet, k + 1, weights, given, below)
        heads += seen
    _next_word(front, _last_word(blocks[-1], below, given), given)
    _heads(front, heads, used)
    for k, sheet in enumerate(blocks):
        page(sheet, f"Inside block {k + 1}", get_column_letter(LEFT + 4 * SIZE - 1), columns="C")
        sheet["A2"] = "Every number between the words and the answer: all are formulas."
        sheet.page_setup.fitToHeight = 0
        _widths(sheet, range(LEFT, LEFT + 4 * SIZE), 5.4)
    return book


# Sheet "by hand"


def _by_hand(sheet: Worksheet) -> None:
    causal = setting(sheet, "A3", "Causal mask (1 on, 0 off): ", "C3", 1, "causal", 0)
    scaled = setting(sheet, "D3:K3", "Divide the scores by √4 (1 yes, 0 no): ", "L3", 1, "scaled", 0)
    for area in (causal, scaled):
        validate(sheet, area, "whole", "between", "0", "1", "1 or 0.")
    for row, key, rows in [(4, "vectors", 8), (13, "maps", 7), (21, "read", 9), (31, "scores", 10), (42, "mask", 10)]:
        style.note(sheet, row, *HAND[key], rows=rows)
    vectors = inputs(sheet, _corner(6, 0), "vectors of the words", SIX_VECTORS, "vectors")
    places = inputs(sheet, _corner(6, 1), "vectors of the positions", SIX_POSITIONS, "positions")
    for area in (vectors, places):
        validate(sheet, area, "decimal", "between", "-10", "10", "From -10 to 10.")
    style.heat(sheet, [vectors, places], 3, kind="input")
    x = _vectors_of(sheet, 6, 2, "x: their sum", lambda i, j: f"={at(vectors, i, j)}+{at(places, i, j)}", "hand_x")
    queries, keys, values = _maps(sheet, x)
    scores, exps, weights = _weights_by_hand(sheet, queries, keys)

    def mixed(i: int, j: int) -> str:
        return "=" + "+".join(f"{at(weights, i, k)}*{at(values, k, j)}" for k in range(len(SIX)))

    outcome = _vectors_of(sheet, 44, 0, "results: the values, weighted", mixed, "hand_results")
    style.heat(sheet, [x, queries, keys, values, outcome], 3)
    for area in (vectors, places, x, queries, keys, values, scores, exps, weights, outcome):
        row_names(sheet, area.top, SIX, left=area.left - 1)
    style.legend(sheet, [(row, LEFT + len(SIX) + 2) for row in (44, 45, 46)])
    right = LEFT + 3 * (len(SIX) + 2) - 3
    page(sheet, "Attention by hand: six words", get_column_letter(right), columns="")
    _widths(sheet, range(LEFT - 1, right + 1), 7.6)


def _corner(row: int, block: int) -> str:
    """The first cell of one of three blocks side by side."""
    return address(row, LEFT + block * (len(SIX) + 2))


def _maps(sheet: Worksheet, x: Area) -> list[Area]:
    """The three matrices of weights; gives the queries, keys and values."""
    mapped = []
    for block, (kind, rows) in enumerate(MAPS.items()):
        weight = inputs(sheet, _corner(15, block), f"weights of the {PARTS[block]}", rows, f"{kind}_weights")
        validate(sheet, weight, "decimal", "between", "-5", "5", "From -5 to 5.")
        style.heat(sheet, [weight], 3, kind="input")
        row_names(sheet, 15, [f"{kind} {i + 1}" for i in range(len(rows))], left=weight.left - 1)

        def formula(i: int, j: int, weight: Area = weight) -> str:
            return f"=SUMPRODUCT({row_of(x, i)},{row_of(weight, j)})"

        mapped.append(_vectors_of(sheet, 23, block, PARTS[block], formula, f"hand_{PARTS[block]}"))
    return mapped


def _weights_by_hand(sheet: Worksheet, queries: Area, keys: Area) -> tuple[Area, Area, Area]:
    """Scores, their exp, and the attention weights."""
    count, square = len(SIX), (len(SIX), len(SIX))

    def divided(i: int, j: int) -> str:
        return f"=SUMPRODUCT({row_of(queries, i)},{row_of(keys, j)})/IF(scaled=1,SQRT({keys.shape[1]}),1)"

    scores = results(sheet, _corner(34, 0), "scores: query · key / √4", divided, square, "hand_scores", 2)

    def power(i: int, j: int) -> str:
        largest = f"MAX({row_of(scores, i)})"
        if i < count - 1:
            largest = f"IF(causal=1,MAX({scores.window(i, 0, (1, i + 1)).range}),{largest})"
        exp = f"EXP({at(scores, i, j)}-{largest})"
        return f"=IF(causal=1,0,{exp})" if j > i else f"={exp}"

    exps = results(sheet, _corner(34, 1), "exp(score - largest); later words: 0", power, square, "hand_exps", 2)
    weights = results(
        sheet, _corner(34, 2), "attention weights: each row adds up to 1",
        lambda i, j: f"={at(exps, i, j)}/SUM({row_of(exps, i)})", square, "hand_weights", 2,
    )  # fmt: skip
    for area in (scores, exps, weights):
        _column_names(sheet, area, SIX)
    for area in (exps, weights):
        _hide_zeros(sheet, area)
    style.heat(sheet, [scores], 4)
    style.heat(sheet, [exps, weights], 1)
    return scores, exps, weights


def _vectors_of(sheet: Worksheet, row: int, block: int, heading: str, formula: Formula, name: str) -> Area:
    return results(sheet, _corner(row, block), heading, formula, (len(SIX), len(SIX_VECTORS[0])), name, 2)


def _column_names(sheet: Worksheet, area: Area, names: Sequence[str]) -> None:
    """Names of columns, in the row above an area; its heading goes one row up."""
    heading = sheet.cell(area.top - 1, area.left).value
    style.label(sheet, area.top - 2, area.left, heading, bold=True)
    for offset, text in enumerate(names):
        style.label(sheet, area.top - 1, area.left + offset, text, centre=True)


def _hide_zeros(sheet: Worksheet, area: Area) -> None:
    for _, row, column in (cell for cells in area.rows for cell in cells):
        sheet.cell(row, column).number_format = '0.00;-0.00;""'


def _widths(sheet: Worksheet, columns: range, width: float) -> None:
    for column in columns:
        sheet.column_dimensions[get_column_letter(column)].width = width


# Sheet "transformer"


def _words(sheet: Worksheet) -> Area:
    """The list of words, and the row in which the reader types; gives what is read of it, 1 or 0 for each position."""
    numbers = write(sheet, address(FIRST_WORD, LIST), [[i + 1] for i in range(len(WORDS))], name="word_numbers")
    style.numbers(sheet, numbers, 0, kind="copy")
    for i, word in enumerate(WORDS):
        cell = sheet.cell(FIRST_WORD + i, LIST + 1, word)
        cell.font = Font(name=style.FACE, size=10, bold=True, color=style.INK)
    words = numbers.window(0, 1, numbers.shape)
    style.label(sheet, FIRST_WORD - 1, LIST, "number")
    style.label(sheet, FIRST_WORD - 1, LIST + 1, "word", bold=True)
    for row, text in [(4, "position"), (5, "word"), (6, "number"), (7, "read?")]:
        style.label(sheet, row, LEFT - 1, text, bold=row == 5)
    row = {offset: Area(sheet.title, offset, LEFT, offset, LEFT + POSITIONS - 1) for offset in (4, 5, 6, 7)}
    for place in range(POSITIONS):
        style.label(sheet, 4, LEFT + place, place + 1, centre=True)
        sheet.cell(5, LEFT + place).value = SENTENCE[place] if place < len(SENTENCE) else 0
    style.numbers(sheet, row[5], 0, kind="input", size=11)
    for place in range(POSITIONS):
        sheet.cell(5, LEFT + place).number_format = '0;0;"";@'
    define_name(sheet.parent, "word_in", [row[5]])
    _choose_from(sheet, row[5], words)

    def number(_: int, j: int) -> str:
        cell = at(row[5], 0, j)
        by_number = f"IFERROR(MATCH({cell},{numbers.fixed},0),-1)"
        return f'=IF(OR({cell}="",{cell}=0),0,IFERROR(MATCH({cell},{words.fixed},0),{by_number}))'

    tokens = write_formulas(sheet, row[6].window(0, 0, (1, 1)).range, number, row[6].shape, name="tokens")

    def is_read(_: int, j: int) -> str:
        return f"=IF({at(tokens, 0, j)}>0,{at(row[7], 0, j - 1) if j else 1},0)"

    used = write_formulas(sheet, at(row[7], 0), is_read, row[7].shape, name="used")
    for area in (tokens, used):
        style.numbers(sheet, area, 0, kind="copy")
    count = write_formulas(sheet, address(7, LEFT + 10), [[f"=SUM({used.range})"]], name="count")
    style.label(sheet, 7, LEFT + 9, "words:")
    last = write_formulas(sheet, address(7, LEFT + 13), [["=MAX(count,1)"]], name="last_place")
    style.label(sheet, 7, LEFT + 12, "last at:")
    for area in (count, last):
        style.numbers(sheet, area, 0, kind="copy")
    define_name(sheet.parent, "words", [words])
    return used


def _choose_from(sheet: Worksheet, area: Area, words: Area) -> None:
    """A list to choose from; what else is typed is not refused, since the sheet says what is wrong with it."""
    rule = DataValidation(type="list", formula1=words.fixed, allow_blank=True, showErrorMessage=False)
    rule.promptTitle, rule.prompt = "A word", "Choose one, type one, or type its number; clear the cell for none."
    rule.showInputMessage = True
    rule.add(area.range)
    sheet.add_data_validation(rule)


def _next_word(sheet: Worksheet, last: Area, given: dict[str, Area]) -> None:
    """Logit and probability of each word of the list, the five largest, and the sentence in row 3."""
    shape = (len(WORDS), 1)
    embedding = given["embedding.weight"]

    def column(offset: int, heading: str, formula: Formula, name: str, decimals: int) -> Area:
        return results(sheet, address(FIRST_WORD, LIST + offset), heading, formula, shape, name, decimals)

    def logit(i: int, _: int) -> str:
        return f"=SUMPRODUCT({last.absolute},{embedding.window(i, 0, (1, SIZE)).absolute})"

    logits = column(2, "logit", logit, "logits", 2)
    exps = column(3, "exp", lambda i, _: f"=EXP({at(logits, i)}-MAX({logits.fixed}))", "exps", 3)
    chances = column(
        4, "probability", lambda i, _: f"=IF(count=0,0,{at(exps, i)}/SUM({exps.fixed}))", "probabilities", 3
    )  # fmt: skip
    style.heat(sheet, [logits], 8)
    style.bars(sheet, chances)
    top, five = 10, 5
    place = Area(sheet.title, top, LEFT - 1, top + five - 1, LEFT - 1)
    best = write_formulas(
        sheet, address(top, LEFT), lambda i, _: f"=LARGE(probabilities,{i + 1})", (five, 1), name="best_probabilities"
    )  # fmt: skip
    names = write_formulas(
        sheet, at(place, 0), lambda i, _: f'=IF(count=0,"",INDEX(words,MATCH({at(best, i)},probabilities,0)))',
        (five, 1), name="best_words",
    )  # fmt: skip
    style.numbers(sheet, names, 0, size=11)
    style.numbers(sheet, best, 3, size=11)
    for i in range(five):
        sheet.merge_cells(best.window(i, 0, (1, POSITIONS)).range)
    style.bars(sheet, best)
    style.label(sheet, top - 1, LEFT - 1, "the next word: the five most probable", bold=True)
    style.legend(sheet, [(top + i, LEFT + 10) for i in range(3)], blue="below 0 (logits)")
    _verdict(sheet, at(names, 0))


def _verdict(sheet: Worksheet, best: str) -> None:
    """The sentence in row 3: what comes next, or what is wrong with the words."""
    unknown = (
        f'"Word "&(count+1)&" is not in the list of {len(WORDS)} words. Read are only the words before it: "&count&"."'
    )
    gap = '"Position "&(count+1)&" is empty, so the words after it are not read: leave no gap."'
    expects = f'"After these words the network expects: "&{best}'
    ok = f'IF(count=0,"Type a first word, or choose one from the list.",{expects})'
    wrong = f'IF(INDEX(tokens,count+1)<0,{unknown},IF(COUNTIF(tokens,"<>0")>count,{gap},{ok}))'
    area = write_formulas(sheet, address(3, LEFT - 1), [[f"=IF(count={POSITIONS},{expects},{wrong})"]], name="verdict")
    cell = sheet.cell(3, LEFT - 1)
    cell.font = Font(name=style.FACE, size=13, bold=True, color=style.INK)
    cell.alignment = Alignment(vertical="center")
    sheet.merge_cells(Area(sheet.title, 3, LEFT - 1, 3, LIST - 2).range)
    sheet.row_dimensions[3].height = 22
    warn = FormulaRule(
        formula=['OR(count=0,COUNTIF(tokens,"<>0")>count)'], fill=PatternFill("solid", bgColor=style.ORANGE)
    )
    sheet.conditional_formatting.add(area.range, warn)


def _heads(sheet: Worksheet, heads: Sequence[Area], used: Area) -> None:
    """The attention weights of each head as heat, with the words at the rows and above the columns."""
    shown, rows, columns = [], [], []
    for h, weights in enumerate(heads):
        top, left = 20 + (h // HEADS) * (BAND + 1), LEFT + (h % HEADS) * (POSITIONS + 2)
        square = (POSITIONS, POSITIONS)

        def weight(i: int, j: int, weights: Area = weights) -> str:
            return f"={weights.window(i, j, (1, 1)).absolute}*{at(used, 0, i)}"

        area = write_formulas(sheet, address(top, left), weight, square)
        shown.append(style.numbers(sheet, area, 2))
        _hide_zeros(sheet, area)
        style.label(sheet, top - 2, left, f"block {h // HEADS + 1}, head {h % HEADS + 1}", bold=True)
        rows.append(_read_words(sheet, address(top, left - 1), (POSITIONS, 1)))
        columns.append(_read_words(sheet, address(top - 1, left), (1, POSITIONS)))
        for area in (rows[-1], columns[-1]):
            _as_labels(sheet, area)
    style.heat(sheet, shown, 1)
    define_name(sheet.parent, "attention_weights", shown)
    define_name(sheet.parent, "row_words", rows)
    define_name(sheet.parent, "column_words", columns)
    for row, key, rows_ in [(4, "type", 13), (18, "heads", 11), (30, "copy", 14), (45, "try", 14)]:
        style.note(sheet, row, *TRANSFORMER[key], rows=rows_)
    style.page(
        sheet, "A trained transformer, cell by cell",
        "Type up to eight words of the list, in the yellow cells. White cells are formulas: the whole network.",
        widths={"A": 50, "B": 2.5}, frozen="A7", last=get_column_letter(LIST + 4),
    )  # fmt: skip
    sheet.page_setup.fitToHeight = 1
    sheet.sheet_view.zoomScale = 90
    _widths(sheet, range(LEFT - 1, LIST + 1), 7.6)
    for gap in (LEFT + POSITIONS, LIST - 1):
        sheet.column_dimensions[get_column_letter(gap)].width = 2.5
    _widths(sheet, range(LIST, LIST + 5), 9)


def _read_words(sheet: Worksheet, cell: str, shape: tuple[int, int]) -> Area:
    """The words that are read, under each other or side by side; "" where there is none."""

    def word(i: int, j: int) -> str:
        place = i + j + 1
        return f'=IF(INDEX(used,{place})=1,INDEX(words,INDEX(tokens,{place})),"")'

    return write_formulas(sheet, cell, word, shape)


def _as_labels(sheet: Worksheet, area: Area) -> None:
    for _, row, column in (cell for cells in area.rows for cell in cells):
        cell = sheet.cell(row, column)
        cell.font = Font(name=style.FACE, size=9, color=style.GREY)
        cell.alignment = Alignment(horizontal="center" if area.shape[0] == 1 else None, vertical="center")


# Sheets "vectors", "weights 1" and "weights 2"


def _vectors(sheet: Worksheet, state: dict[str, Tensor]) -> dict[str, Area]:
    """The vectors of the words and of the positions, and the last layer norm, under their names in PyTorch."""
    style.note(sheet, 4, *VECTORS["words"], rows=12)
    style.note(sheet, 38, *VECTORS["rest"], rows=10)
    given = {}
    for name, row, heading in [
        ("embedding.weight", 6, "vectors of the words"), ("positions.weight", 39, "vectors of the positions"),
        ("norm.weight", 50, "last layer norm: γ"), ("norm.bias", 53, "last layer norm: β"),
    ]:  # fmt: skip
        given[name] = _parameter(sheet, address(row, LEFT), heading, state[name], name)
    row_names(sheet, 6, WORDS)
    row_names(sheet, 39, [f"position {i + 1}" for i in range(POSITIONS)])
    given["eps"] = inputs(sheet, address(56, LEFT), "ε of every layer norm", 1e-5, "eps", "scientific")
    validate(sheet, given["eps"], "decimal", "between", "0.00000001", "1", "From 0.00000001 to 1.")
    page(sheet, "Vectors of the words and of the positions", get_column_letter(LEFT + SIZE - 1), columns="")
    _widths(sheet, range(LEFT, LEFT + SIZE), 6)
    return given


def _parameter(sheet: Worksheet, cell: str, heading: str, values: Tensor, name: str) -> Area:
    """Numbers that were learned, yellow; a vector of numbers stands in a row."""
    area = inputs(sheet, cell, heading, values, name, 2)
    style.numbers(sheet, area, 2, kind="input", size=8)
    style.heat(sheet, [area], 2, kind="input")
    return area


def _weights(sheet: Worksheet, state: dict[str, Tensor], k: int) -> dict[str, Area]:
    """All that block k has learned; each row is a unit of nn.Linear, and its bias stands beside it."""
    given, bias = {}, LEFT + SIZE + 1
    for row, key, rows in [(4, "norms", 8), (13, "qkv", 14), (64, "output", 8), (85, "mlp", 14), (152, "back", 8)]:
        style.note(sheet, row, *WEIGHT[key], rows=rows)

    def put(name: str, row: int, column: int, heading: str) -> None:
        values = state[f"blocks.{k}.{name}"]
        column_of = values[:, None] if column > LEFT else values
        given[name] = _parameter(sheet, address(row, column), heading, column_of, f"blocks.{k}.{name}")

    for row, norm, words in [
        (5, "attention_norm", "layer norm before attention"),
        (9, "mlp_norm", "layer norm before the MLP"),
    ]:
        put(f"{norm}.weight", row, LEFT, f"{words}: γ")
        put(f"{norm}.bias", row + 2, LEFT, f"{words}: β")
    for row, name, words in [
        (15, "attention.qkv", "queries, keys and values"), (66, "attention.output", "output of attention"),
        (87, "mlp.0", "MLP, first layer"),
    ]:  # fmt: skip
        put(f"{name}.weight", row, LEFT, f"{words}: weights")
        put(f"{name}.bias", row, bias, "bias")
    put("mlp.2.weight", 154, LEFT, "MLP, second layer: weights")
    put("mlp.2.bias", 154, LEFT + 4 * SIZE + 1, "bias")
    names = [
        f"{part} h{h + 1}.{i + 1}" for part in ("query", "key", "value") for h in range(HEADS) for i in range(HEAD)
    ]
    row_names(sheet, 15, names)
    row_names(sheet, 66, [f"output {i + 1}" for i in range(SIZE)])
    row_names(sheet, 87, [f"unit {i + 1}" for i in range(4 * SIZE)])
    row_names(sheet, 154, [f"output {i + 1}" for i in range(SIZE)])
    page(sheet, f"Weights of block {k + 1}", get_column_letter(LEFT + 4 * SIZE + 1), columns="C")
    sheet.page_setup.fitToHeight = 0
    _widths(sheet, range(LEFT, LEFT + 4 * SIZE + 2), 6)
    return given


# Sheets "block 1" and "block 2"


class _Block:
    """The sheet of one block of the transformer, band under band; what is written gets its name at the end."""

    def __init__(self, sheet: Worksheet, number: int, weights: dict[str, Area]) -> None:
        self.sheet, self.number, self.weights = sheet, number, weights
        self.made: dict[str, list[Area]] = {}

    def put(self, band: int, column: int, heading: str, formula: Formula, width: int, name: str) -> Area:
        """A block of formulas, a row for each position."""
        corner = address(6 + band * BAND, column)
        area = write_formulas(self.sheet, corner, formula, (POSITIONS, width))
        style.numbers(self.sheet, area, 2, size=8)
        style.label(self.sheet, area.top - 1, column, heading, bold=True)
        self.made.setdefault(name, []).append(area)
        return area

    def linear(self, source: Area, name: str, first: int = 0) -> Formula:
        """What nn.Linear gives, from one of its units on."""
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]

        def formula(i: int, j: int) -> str:
            row = weight.window(first + j, 0, (1, weight.shape[1])).absolute
            return f"=SUMPRODUCT({row_of(source, i)},{row})+{bias.window(first + j, 0, (1, 1)).absolute}"

        return formula

    def norm(self, band: int, source: Area, name: str) -> Area:
        """Mean and variance of each row, at the right, and the row normalised."""
        mean = self.put(band, LEFT + PART, "mean", lambda i, _: f"=AVERAGE({row_of(source, i)})", 1, f"{name}_mean")
        variance = self.put(
            band, LEFT + PART + 2, "variance",
            lambda i, _: f"=SUMPRODUCT(({row_of(source, i)}-{at(mean, i)})^2)/{SIZE}", 1, f"{name}_variance",
        )  # fmt: skip
        scale, shift = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]

        def formula(i: int, j: int) -> str:
            centred = f"({at(source, i, j)}-{at(mean, i)})/SQRT({at(variance, i)}+eps)"
            return f"={centred}*{scale.window(0, j, (1, 1)).absolute}+{shift.window(0, j, (1, 1)).absolute}"

        return self.put(band, LEFT, "layer norm of x", formula, SIZE, name)

    def head(self, h: int, parts: Sequence[Area]) -> tuple[Area, Area]:
        """The attention weights of one head, after scores and their exp; and the values that they mix."""
        queries, keys, values = (part.window(0, h * HEAD, (POSITIONS, HEAD)) for part in parts)
        step = POSITIONS + 1
        left = LEFT + h * (3 * step + 1)

        def score(i: int, j: int) -> str:
            return f"=SUMPRODUCT({row_of(queries, i)},{row_of(keys, j)})/SQRT({HEAD})"

        scores = self.put(3, left, f"head {h + 1}: scores", score, POSITIONS, "scores")

        def power(i: int, j: int) -> str:
            return f"=IF({j + 1}>{i + 1},0,EXP({at(scores, i, j)}-MAX({scores.window(i, 0, (1, i + 1)).range})))"

        exps = self.put(3, left + step, "exp, masked", power, POSITIONS, "masked_exps")

        def weight(i: int, j: int) -> str:
            return f"={at(exps, i, j)}/SUM({row_of(exps, i)})"

        weights = self.put(3, left + 2 * step, "attention weights", weight, POSITIONS, "head_weights")
        for area in (exps, weights):
            _hide_zeros(self.sheet, area)

        def mixed(i: int, j: int) -> str:
            return "=" + "+".join(f"{at(weights, i, p)}*{at(values, p, j)}" for p in range(i + 1))

        return weights, self.put(4, LEFT + h * HEAD, f"head {h + 1}: mixed values", mixed, HEAD, "mixed")

    def add(self, band: int, column: int, heading: str, x: Area, output: Area, name: str) -> Area:
        """The residual connection."""
        return self.put(band, column, heading, lambda i, j: f"={at(x, i, j)}+{at(output, i, j)}", SIZE, name)

    def finish(self) -> None:
        """Words at the left of each band, names, heat, notes."""
        labels = []
        for band, words in enumerate(BLOCK.values()):
            top = 6 + band * BAND
            labels.append(_read_words(self.sheet, address(top, LEFT - 1), (POSITIONS, 1)))
            _as_labels(self.sheet, labels[-1])
            style.note(self.sheet, top - 1, *words, rows=BAND - 2)
        _grey_out(self.sheet, labels)
        bounds = {"scores": 4, "masked_exps": 1, "head_weights": 1}
        for name, areas in self.made.items():
            style.heat(self.sheet, areas, bounds.get(name, 3))
            define_name(self.sheet.parent, f"{name}_{self.number}", areas)
        define_name(self.sheet.parent, f"words_{self.number}", labels)


def _block(
    sheet: Worksheet, number: int, weights: dict[str, Area], given: dict[str, Area], below: Area | None
) -> tuple[Area, list[Area]]:
    """One block of the transformer, from its inputs to its outputs; gives these, and the weights of its heads."""
    block = _Block(sheet, number, weights)
    x = block.put(0, LEFT, "x: what comes in", _start(given, below), SIZE, "x")
    norm = block.norm(1, x, "attention_norm")
    parts = []
    for i, name in enumerate(PARTS):
        formula = block.linear(norm, "attention.qkv", i * SIZE)
        parts.append(block.put(2, LEFT + i * PART, name, formula, SIZE, name))
    heads, mixed = zip(*(block.head(h, parts) for h in range(HEADS)), strict=True)
    both = Area(sheet.title, mixed[0].top, mixed[0].left, mixed[-1].bottom, mixed[-1].right)
    formula = block.linear(both, "attention.output")
    output = block.put(4, LEFT + PART, "output of attention", formula, SIZE, "attention_output")
    x = block.add(4, LEFT + 2 * PART, "x + that", x, output, "after_attention")
    norm = block.norm(5, x, "mlp_norm")
    hidden = block.put(6, LEFT, "MLP: 64 sums", block.linear(norm, "mlp.0"), 4 * SIZE, "hidden")

    def gelu(i: int, j: int) -> str:
        return f"={at(hidden, i, j)}*NORMSDIST({at(hidden, i, j)})"

    active = block.put(7, LEFT, "GELU of the sums", gelu, 4 * SIZE, "gelu")
    output = block.put(8, LEFT, "output of the MLP", block.linear(active, "mlp.2"), SIZE, "mlp_output")
    x = block.add(8, LEFT + PART, "x + that: what goes out", x, output, "out")
    block.finish()
    return x, list(heads)


def _start(given: dict[str, Area], below: Area | None) -> Formula:
    """What comes into a block: the vectors of word and position, or what the block below gives."""
    if below:
        return lambda i, j: f"={below.window(i, j, (1, 1)).absolute}"
    words, places = given["embedding.weight"], given["positions.weight"]

    def formula(i: int, j: int) -> str:
        word = f"INDEX({words.window(0, j, (len(WORDS), 1)).absolute},INDEX(tokens,{i + 1}))"
        return f"=IF(INDEX(used,{i + 1})=1,{word}+{places.window(i, j, (1, 1)).absolute},0)"

    return formula


def _last_word(sheet: Worksheet, out: Area, given: dict[str, Area]) -> Area:
    """The last word's vector after the last block, and its layer norm: a row each."""
    top = out.bottom + 3
    style.note(sheet, top - 1, *VECTORS["last"], rows=8)
    one = (1, SIZE)

    def row(offset: int, heading: str, formula: Formula, name: str, shape: tuple[int, int] = one) -> Area:
        area = results(sheet, address(top + offset, LEFT), heading, formula, shape, name, 2)
        return style.numbers(sheet, area, 2, size=8)

    def chosen(_: int, j: int) -> str:
        return f"=INDEX({out.window(0, j, (POSITIONS, 1)).range},last_place)"

    x = row(0, "what goes out at the last word", chosen, "last_out")
    mean = row(3, "mean", lambda i, j: f"=AVERAGE({x.range})", "last_mean", (1, 1))
    variance = write_formulas(
        sheet, address(top + 3, LEFT + 2), [[f"=SUMPRODUCT(({x.range}-{mean.range})^2)/{SIZE}"]], name="last_variance"
    )  # fmt: skip
    style.numbers(sheet, variance, 2, size=8)
    style.label(sheet, top + 2, LEFT + 2, "variance", bold=True)

    def formula(_: int, j: int) -> str:
        scale, shift = (given[f"norm.{name}"].window(0, j, (1, 1)).absolute for name in ("weight", "bias"))
        return f"=({at(x, 0, j)}-{mean.range})/SQRT({variance.range}+eps)*{scale}+{shift}"

    normed = row(6, "its layer norm: times a word's vector it gives the word's logit", formula, "last_normed")
    style.heat(sheet, [x, normed], 3)
    return normed


def _grey_out(sheet: Worksheet, labels: Sequence[Area]) -> None:
    """Rows of positions without a word: pale, whatever numbers stand there."""
    for area in labels:
        cells = Area(sheet.title, area.top, LEFT, area.bottom, LEFT + 4 * SIZE - 1)
        rule = FormulaRule(
            formula=[f'$C{area.top}=""'], font=Font(color="C9CDD3"), fill=PatternFill("solid", bgColor=style.WHITE),
            stopIfTrue=True,
        )  # fmt: skip
        sheet.conditional_formatting.add(cells.range, rule)
