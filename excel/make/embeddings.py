"""Workbook embeddings.xlsx: a category as a row of a matrix, its gradient, a small table model, errors as ratios."""

from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from . import style
from .blocks import at, inputs, page, results, row_names, row_of, stacked, validate
from .cells import Area, write, write_formulas
from .words_embeddings import EMBEDDINGS

DAYS = ["0 unknown", "1 Monday", "2 Tuesday", "3 Wednesday", "4 Thursday", "5 Friday", "6 Saturday", "7 Sunday"]
MATRIX = [
    [0.0, 0.0, 0.0, 0.0], [0.06, -0.03, -0.02, -0.18], [0.07, 0.05, 0.08, -0.07], [0.08, 0.07, 0.12, 0.02],
    [0.06, 0.09, 0.08, 0.08], [-0.02, 0.02, -0.06, 0.08], [-0.2, -0.2, -0.02, 0.14], [0.02, 0.15, -0.37, -0.06],
]  # fmt: skip
BATCH = [2, 7, 5, 2, 6, 1]
GRADIENTS = [
    [0.2, -0.1, 0.0, 0.3], [-0.4, 0.1, 0.2, 0.0], [0.1, 0.1, -0.3, 0.2],
    [0.3, 0.0, 0.1, -0.2], [-0.1, 0.4, 0.0, 0.1], [0.0, -0.2, 0.3, 0.1],
]  # fmt: skip
STATES = ["0 unknown", "1 Hamburg", "2 Hessen", "3 Sachsen"]
STATE_MATRIX = [[0.0, 0.0], [-0.3, 0.1], [0.1, 0.2], [0.2, -0.3]]
TABLE = [[6, 1], [7, 2], [1, 3], [3, 0]]  # day, state
NUMBERS = [[0.5, 1.0], [-1.2, 0.0], [0.0, 1.0], [1.6, 0.0]]  # temperature (normalised), promotion
HIDDEN = [
    [0.8, -0.5, 0.1], [0.2, 0.9, -0.4], [-0.6, 0.3, 0.7], [0.5, 0.1, 0.2],
    [1.0, -0.3, 0.2], [-0.2, 0.4, 0.6], [0.1, 0.2, -0.3], [0.4, 0.3, 0.1],
]  # fmt: skip
HIDDEN_BIAS, LAST, LAST_BIAS = [[0.3, 0.2, 0.1]], [0.5, 0.4, -0.3], 8.3
SALES = [2000.0, 4000.0, 6000.0, 8000.0, 12000.0, 20000.0]
PREDICTED = [2200.0, 3600.0, 6300.0, 7200.0, 13200.0, 10000.0]


def build() -> Workbook:
    """The workbook, its formulas not yet calculated."""
    book = Workbook()
    book.remove(book.active)
    matrix, days, hot = _lookup(book.create_sheet("lookup"))
    _gradients(book.create_sheet("gradients"), matrix, days, hot)
    _table_model(book.create_sheet("table model"), matrix)
    _ratios(book.create_sheet("ratio errors"))
    _distances(book.create_sheet("distances"), matrix)
    return book


def _codes(sheet: Worksheet, area: Area, names: list[str]) -> None:
    last = len(names) - 1
    validate(sheet, area, "whole", "between", "0", str(last), f"A whole number from 0 to {last}.")


def _lookup(sheet: Worksheet) -> tuple[Area, Area, Area]:
    rows, values, size = len(BATCH), len(DAYS), len(MATRIX[0])
    style.note(sheet, 4, *EMBEDDINGS["matrix"], rows=9)
    row_names(sheet, 6, DAYS)
    matrix = inputs(sheet, "D6", "the matrix", MATRIX, "matrix", decimals=2)
    row_names(sheet, 6, [f"row {i + 1}" for i in range(rows)], left=9)
    days = inputs(sheet, "J6", "its day", stacked(BATCH), "days", decimals=0)
    _codes(sheet, days, DAYS)
    style.legend(sheet, [(6, 13), (7, 13), (8, 13)])

    style.note(sheet, 16, *EMBEDDINGS["one-hot"], rows=7)
    row_names(sheet, 18, [f"row {i + 1}" for i in range(rows)])
    hot = results(
        sheet, "D18", "one-hot: positions 0 to 7", lambda i, j: f"=IF({at(days, i)}={j},1,0)", (rows, values),
        "one_hot", 0,
    )  # fmt: skip

    style.note(sheet, 26, *EMBEDDINGS["product"], rows=7)
    row_names(sheet, 28, [f"row {i + 1}" for i in range(rows)])

    def product(i: int, j: int) -> str:
        return "=" + "+".join(f"{at(hot, i, k)}*{at(matrix, k, j)}" for k in range(values))

    shape = (rows, size)
    products = results(sheet, "D28", "one-hot × matrix", product, shape, "products", 2)
    found = results(
        sheet, "I28", "looked up", lambda i, j: f"=INDEX({matrix.fixed},{at(days, i)}+1,{j + 1})", shape, "looked_up", 2
    )  # fmt: skip
    left = results(
        sheet, "N28", "difference", lambda i, j: f"={at(products, i, j)}-{at(found, i, j)}", shape, "difference", 2
    )  # fmt: skip
    style.heat(sheet, [matrix], 0.6, kind="input")
    style.heat(sheet, [products, found, left], 0.6)
    style.heat(sheet, [hot], 2)

    style.note(sheet, 36, *EMBEDDINGS["count"], rows=5)
    sizes = [inputs(sheet, f"{c}38", text, number, name, decimals=0) for c, text, number, name in (
        ("D", "rows", rows, "count_rows"), ("E", "values", values, "count_values"), ("F", "numbers", size, "count_size")
    )]  # fmt: skip
    for area in sizes:
        validate(sheet, area, "whole", "between", "1", "1000000", "A whole number, at least 1.")
    a, b, c = (area.range for area in sizes)
    results(sheet, "I38", "multiplications", lambda *_: f"={a}*{b}*{c}", name="multiplications", decimals=0)
    results(sheet, "K38", "by a 1", lambda *_: f"={a}*{c}", name="useful", decimals=0)
    results(sheet, "M38", "useful fraction", lambda *_: f"=1/{b}", name="useful_fraction", decimals=4)
    page(sheet, "Looking up is one-hot times matrix", "Q", columns="CDEFGHIJKLMNOPQ")
    _narrow(sheet, "DEFGHIJKLMNOPQ")
    return matrix, days, hot


def _narrow(sheet: Worksheet, columns: str, width: float = 7.5) -> None:
    for column in columns:
        sheet.column_dimensions[column].width = width


def _gradients(sheet: Worksheet, matrix: Area, days: Area, hot: Area) -> None:
    rows, size, values = len(BATCH), len(MATRIX[0]), len(DAYS)
    style.note(sheet, 4, *EMBEDDINGS["arriving"], rows=7)
    row_names(sheet, 6, [f"row {i + 1}" for i in range(rows)])
    gradient = inputs(sheet, "D6", "gradients of the six rows", GRADIENTS, "gradients", decimals=2)
    results(
        sheet, "I6", "its day", lambda i, _: f"={days.window(i, 0, (1, 1)).absolute}", (rows, 1), "days_again", 0
    )  # fmt: skip

    style.note(sheet, 15, *EMBEDDINGS["back"], rows=10)
    row_names(sheet, 17, DAYS)

    def by_product(k: int, j: int) -> str:
        column = hot.window(0, k, (rows, 1)).absolute
        return f"=SUMPRODUCT({column},{gradient.window(0, j, (rows, 1)).fixed})"

    def by_lookup(k: int, j: int) -> str:
        return f"=SUMPRODUCT(({days.absolute}={k})*{gradient.window(0, j, (rows, 1)).fixed})"

    shape = (values, size)
    first = results(sheet, "D17", "one-hot, transposed, × gradients", by_product, shape, "gradient_by_product", 2)
    second = results(sheet, "I17", "added up by day", by_lookup, shape, "gradient_by_lookup", 2)
    results(
        sheet, "N17", "looked up", lambda k, _: f"=SUMPRODUCT(({days.absolute}={k})*1)", (values, 1), "times", 0
    )  # fmt: skip

    style.note(sheet, 28, *EMBEDDINGS["step"], rows=8)
    row_names(sheet, 30, DAYS)
    lr = inputs(sheet, "I30", "learning rate", 0.5, "lr", decimals=2)
    validate(sheet, lr, "decimal", "between", "0", "100", "From 0 to 100.")
    after = results(
        sheet, "D30", "the matrix after one step",
        lambda k, j: f"={matrix.window(k, j, (1, 1)).absolute}-{lr.fixed}*{at(second, k, j)}", shape, "after_step", 2,
    )  # fmt: skip
    style.heat(sheet, [gradient], 0.6, kind="input")
    style.heat(sheet, [first, second, after], 0.6)
    page(sheet, "The gradient of an embedding", "N", columns="CDEFGHIJKLMN")
    _narrow(sheet, "DEFGHIJKLMN")


def _table_model(sheet: Worksheet, matrix: Area) -> None:
    rows, size, hidden = len(TABLE), len(MATRIX[0]), len(LAST)
    names = [f"row {i + 1}" for i in range(rows)]
    style.note(sheet, 4, *EMBEDDINGS["states"], rows=5)
    row_names(sheet, 6, STATES)
    states = inputs(sheet, "D6", "the states' matrix", STATE_MATRIX, "state_matrix", decimals=2)
    row_names(sheet, 6, names, left=8)
    day = inputs(sheet, "I6", "day", stacked([row[0] for row in TABLE]), "table_days", decimals=0)
    state = inputs(sheet, "J6", "state", stacked([row[1] for row in TABLE]), "table_states", decimals=0)
    plain = inputs(sheet, "K6", "temperature, promotion", NUMBERS, "table_numbers", decimals=1)
    _codes(sheet, day, DAYS)
    _codes(sheet, state, STATES)

    style.note(sheet, 12, *EMBEDDINGS["joined"], rows=5)
    row_names(sheet, 14, names)

    def joined(i: int, j: int) -> str:
        if j < size:
            return f"=INDEX({matrix.absolute},{at(day, i)}+1,{j + 1})"
        if j < size + states.shape[1]:
            return f"=INDEX({states.fixed},{at(state, i)}+1,{j - size + 1})"
        return f"={at(plain, i, j - size - states.shape[1])}"

    width = size + states.shape[1] + plain.shape[1]
    inputs_of_layer = results(sheet, "D14", "day (4), state (2), numbers (2)", joined, (rows, width), "joined", 2)

    style.note(sheet, 20, *EMBEDDINGS["layers"], rows=5)
    row_names(sheet, 22, names)
    style.note(sheet, 28, *EMBEDDINGS["weights"], rows=6)
    weights = inputs(sheet, "D30", "the three hidden sums", HIDDEN, "hidden_weights", decimals=2)
    row_names(sheet, 30, [*(f"of number {i + 1}" for i in range(width)), "bias"])
    bias = style.numbers(sheet, write(sheet, "D38", HIDDEN_BIAS, name="hidden_bias"), 2, kind="input", size=10)
    last = inputs(sheet, "I30", "last sum", stacked(LAST), "last_weights", decimals=2)
    last_bias = style.numbers(sheet, write(sheet, "I33", LAST_BIAS, name="last_bias"), 2, kind="input", size=10)
    row_names(sheet, 30, [*(f"of hidden {i + 1}" for i in range(hidden)), "bias"], left=8)

    def layer(i: int, j: int) -> str:
        terms = (f"{at(inputs_of_layer, i, k)}*{at(weights, k, j)}" for k in range(width))
        return f"=MAX(0,{'+'.join(terms)}+{at(bias, 0, j)})"

    sums = results(sheet, "D22", "hidden: sum, then ReLU", layer, (rows, hidden), "hidden", 3)

    def output(i: int, _: int) -> str:
        return "=" + "+".join(f"{at(sums, i, k)}*{at(last, k)}" for k in range(hidden)) + f"+{at(last_bias, 0)}"

    logs = results(sheet, "I22", "log of sales", output, (rows, 1), "log_sales", 3)
    results(sheet, "K22", "sales", lambda i, _: f"=EXP({at(logs, i)})", (rows, 1), "sales_predicted", 0)
    style.heat(sheet, [states, weights], 1, kind="input")
    style.heat(sheet, [inputs_of_layer, sums], 1)
    page(sheet, "A model of a table", "L", columns="CDEFGHIJKL")
    _narrow(sheet, "DEFGHIJKL", 9)


def _ratios(sheet: Worksheet) -> None:
    rows = len(SALES)
    style.note(sheet, 4, *EMBEDDINGS["ratio"], rows=8)
    row_names(sheet, 6, [f"day {i + 1}" for i in range(rows)])
    sales = inputs(sheet, "D6", "sales", stacked(SALES), "sales", decimals=0)
    guess = inputs(sheet, "E6", "predicted", stacked(PREDICTED), "predicted", decimals=0)
    for area in (sales, guess):
        validate(sheet, area, "decimal", "greaterThan", "0", None, "A number above 0: it has a logarithm.")
    y, p = (lambda i: at(sales, i)), (lambda i: at(guess, i))
    columns = {}
    for column, (text, name, formula, decimals) in zip("FGHIJ", [
        ("error", "errors", lambda i, _: f"={y(i)}-{p(i)}", 0),
        ("relative error", "relative_errors", lambda i, _: f"=({y(i)}-{p(i)})/{y(i)}", 3),
        ("its square", "squared_relative_errors", lambda i, _: f"=(({y(i)}-{p(i)})/{y(i)})^2", 4),
        ("ln y - ln p", "log_errors", lambda i, _: f"=LN({y(i)})-LN({p(i)})", 3),
        ("its square", "squared_logs", lambda i, _: f"=(LN({y(i)})-LN({p(i)}))^2", 4),
    ], strict=True):  # fmt: skip
        columns[name] = results(sheet, f"{column}6", text, formula, (rows, 1), name, decimals)
    style.heat(sheet, [columns["relative_errors"], columns["log_errors"]], 0.6)

    style.note(sheet, 15, *EMBEDDINGS["roots"], rows=8)
    squares, logs = columns["squared_relative_errors"], columns["squared_logs"]
    half = rows // 2
    facts = [
        ("root of the mean: RMSPE", "rmspe", f"=SQRT(AVERAGE({squares.range}))"),
        ("the same of the logarithms", "rmse_of_logs", f"=SQRT(AVERAGE({logs.range}))"),
        ("root in the first batch", "root_first", f"=SQRT(AVERAGE({squares.window(0, 0, (half, 1)).range}))"),
        ("root in the second batch", "root_second", f"=SQRT(AVERAGE({squares.window(half, 0, (half, 1)).range}))"),
        ("mean of both roots", "mean_of_roots", "=(H18+H19)/2"),
    ]
    for row, (text, name, formula) in enumerate(facts, 16):
        style.label(sheet, row, 4, text)
        style.numbers(sheet, write_formulas(sheet, f"H{row}", [[formula]], name=name), 4, size=10)
    page(sheet, "Errors as ratios", "J", columns="CDEFGHIJ")


def _distances(sheet: Worksheet, matrix: Area) -> None:
    days, size = len(DAYS) - 1, len(MATRIX[0])
    style.note(sheet, 4, *EMBEDDINGS["apart"], rows=8)
    row_names(sheet, 6, DAYS[1:])

    def distance(i: int, j: int) -> str:
        first, second = (matrix.window(row + 1, 0, (1, size)).absolute for row in (i, j))
        return f"=SQRT(SUMPRODUCT(({first}-{second})^2))"

    apart = results(sheet, "D6", "distance to day 1 to 7", distance, (days, days), "distances", 2)
    style.heat(sheet, [apart], 0.8)
    style.note(sheet, 15, *EMBEDDINGS["weekend"], rows=6)
    among = ",".join(row_of(apart.window(0, i + 1, (5, 4 - i)), i) for i in range(4))
    facts = [
        ("mean among Monday to Friday", "among_weekdays", f"=AVERAGE({among})"),
        ("mean from the weekend to them", "to_weekend", f"=AVERAGE({apart.window(5, 0, (2, 5)).range})"),
        ("how many times as far", "weekend_ratio", "=H17/H16"),
    ]
    for row, (text, name, formula) in enumerate(facts, 16):
        style.label(sheet, row, 4, text)
        style.numbers(sheet, write_formulas(sheet, f"H{row}", [[formula]], name=name), 3, size=10)
    page(sheet, "What was learned of the days", "J", columns="CDEFGHIJ")
    _narrow(sheet, "DEFGHIJ", 9)
