"""Workbook softmax.xlsx: softmax, sigmoid, cross-entropy and binary cross-entropy, step by step in formulas."""

from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from . import style
from .blocks import Formula, at, inputs, page, results, row_names, row_of, stacked, total_under, validate
from .cells import Area, define_name, write, write_formulas
from .words import SOFTMAX

CLASSES = ["cat", "dog", "plane", "fish", "house"]
LOGITS = [1.2, 3.1, -0.8, 0.4, -2.5]
LARGE = [1000.0, 1002.0, 999.0, 998.0, 1001.0]
CASES = {
    "one": [-1.0, 4.0, -3.0, -1.5, -2.0],
    "two": [4.0, 4.0, -3.0, -1.5, -2.0],
    "none": [-3.0, -4.0, -3.5, -5.0, -2.5],
}
ROWS = [[2.0, 0.5, -1.0], [0.1, 0.2, 0.3], [-1.5, 3.0, 0.0], [1.0, -2.0, 2.5]]
TARGETS = [0, 2, 1, 0]
LABEL_LOGITS = [[2.2, -1.0, 0.3, -3.0], [-0.5, 1.5, 1.8, -2.0], [-4.0, -2.5, 0.6, -1.0]]
LABELS = [[1, 0, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
PAIRS = [[2.0, 8.0], [0.5, 0.25], [3.0, 0.1]]
SUMS = [[1.0, 2.0], [-1.0, 0.5], [3.0, -3.0]]
PROBABILITIES = [0.99, 0.9, 0.5, 0.1, 0.001]


def build() -> Workbook:
    """The workbook, its formulas not yet calculated."""
    book = Workbook()
    book.remove(book.active)
    _softmax(book.create_sheet("softmax"))
    _softmax_or_sigmoid(book.create_sheet("softmax or sigmoid"))
    _cross_entropy(book.create_sheet("cross-entropy"))
    _binary_cross_entropy(book.create_sheet("binary cross-entropy"))
    _exp_and_log(book.create_sheet("exp and log"))
    return book


def _shares(sheet: Worksheet, row: int, column: str, exponents: Area, prefix: str, formula: Formula) -> Area:
    """Two columns: exp of what `formula` gives, and each one's share of the sum; sums below both."""
    count = exponents.shape[0]
    left = ord(column)
    exps = results(sheet, f"{chr(left)}{row}", "exp", formula, (count, 1), f"{prefix}exps")
    total = total_under(sheet, exps, "SUM", f"{prefix}exps_sum")
    shares = results(
        sheet, f"{chr(left + 1)}{row}", "probability",
        lambda i, _: f"={at(exps, i)}/{total.fixed}", (count, 1), f"{prefix}probabilities",
    )  # fmt: skip
    total_under(sheet, shares, "SUM", f"{prefix}probabilities_sum")
    style.bars(sheet, shares)
    return shares


def _softmax(sheet: Worksheet) -> None:
    five = (len(CLASSES), 1)
    style.note(sheet, 4, *SOFTMAX["softmax"], rows=8)
    row_names(sheet, 6, CLASSES, "sum")
    logits = inputs(sheet, "D6", "logit", stacked(LOGITS), "logits")
    _shares(sheet, 6, "E", logits, "", lambda i, _: f"=EXP({at(logits, i)})")
    style.legend(sheet, [(6, 8), (7, 8), (8, 8)])

    style.note(sheet, 14, *SOFTMAX["safe"], rows=8)
    row_names(sheet, 16, CLASSES, "sum", "largest logit")
    largest = write_formulas(sheet, "D22", [[f"=MAX({logits.range})"]], name="logits_max")
    style.numbers(sheet, largest, 4, size=10)
    shifted = results(sheet, "D16", "logit - max", lambda i, _: f"={at(logits, i)}-{largest.fixed}", five, "shifted")
    _shares(sheet, 16, "E", shifted, "safe_", lambda i, _: f"=EXP({at(shifted, i)})")

    style.note(sheet, 25, *SOFTMAX["temperature"], rows=8)
    row_names(sheet, 27, CLASSES, "sum", "temperature")
    heat = style.numbers(sheet, write(sheet, "D33", 2.0, name="temperature"), 1, kind="input", size=10)
    validate(sheet, heat, "decimal", "greaterThan", "0", None, "A temperature is above 0.")
    scaled = results(
        sheet, "D27", "(logit - max)/T", lambda i, _: f"={at(shifted, i)}/{heat.fixed}", five, "scaled"
    )  # fmt: skip
    _shares(sheet, 27, "E", scaled, "scaled_", lambda i, _: f"=EXP({at(scaled, i)})")

    style.note(sheet, 36, *SOFTMAX["large"], rows=8)
    row_names(sheet, 38, CLASSES, "sum")
    large = inputs(sheet, "D38", "logit", stacked(LARGE), "large_logits")
    results(sheet, "E38", "exp alone", lambda i, _: f'=IFERROR(EXP({at(large, i)}),"overflow")', five, "large_naive")
    moved = results(
        sheet, "F38", "logit - max", lambda i, _: f"={at(large, i)}-MAX({large.fixed})", five, "large_shifted"
    )
    _shares(sheet, 38, "G", moved, "large_", lambda i, _: f"=EXP({at(moved, i)})")
    page(sheet, "Softmax, step by step", "I")


def _softmax_or_sigmoid(sheet: Worksheet) -> None:
    columns: dict[str, list[Area]] = {}
    for row, (case, values) in zip((4, 14, 24), CASES.items(), strict=True):
        style.note(sheet, row, *SOFTMAX[case], rows=7)
        row_names(sheet, row + 2, CLASSES, "sum")
        shape, top = (len(CLASSES), 1), row + 2
        logits = inputs(sheet, f"D{top}", "logit", stacked(values), None)
        exps = results(
            sheet, f"E{top}", "exp(x - max)", lambda i, _, x=logits: f"=EXP({at(x, i)}-MAX({x.fixed}))", shape
        )
        soft = results(
            sheet, f"F{top}", "softmax", lambda i, _, x=exps: f"={at(x, i)}/SUM({x.fixed})", shape
        )  # fmt: skip
        sigmoid = results(sheet, f"G{top}", "sigmoid", lambda i, _, x=logits: f"=1/(1+EXP(-{at(x, i)}))", shape)
        for area in (soft, sigmoid):
            style.bars(sheet, area)
        found = {
            "case_logits": logits, "case_exps": exps, "case_softmax": soft, "case_sigmoid": sigmoid,
            "case_softmax_sum": total_under(sheet, soft, "SUM"), "case_sigmoid_sum": total_under(sheet, sigmoid, "SUM"),
        }  # fmt: skip
        for name, area in found.items():
            columns.setdefault(name, []).append(area)
    for name, areas in columns.items():
        define_name(sheet.parent, name, areas)
    style.heat(sheet, columns["case_logits"], 5, kind="input")
    page(sheet, "Softmax or sigmoid: two things in one picture", "H")


def _cross_entropy(sheet: Worksheet) -> None:
    pictures, shape = [f"picture {i + 1}" for i in range(len(ROWS))], (len(ROWS), len(ROWS[0]))
    for row, block, rows in [(4, "logits", 6), (12, "log softmax", 6), (20, "cross-entropy", 6), (28, "one-hot", 6)]:
        style.note(sheet, row, *SOFTMAX[block], rows=rows)
        row_names(sheet, row + 2, pictures)
    logits = inputs(sheet, "D6", "logits of class 0, 1, 2", ROWS, "ce_logits")
    targets = inputs(sheet, "H6", "right class", stacked(TARGETS), "ce_targets", decimals=0)
    validate(sheet, targets, "whole", "between", "0", "2", "A class is 0, 1 or 2.")
    sums = results(sheet, "H14", "ln(sum of exp)", lambda i, _: _log_sum_exp(logits, i), (len(ROWS), 1), "ce_logsumexp")
    logs = results(
        sheet, "D14", "log-softmax", lambda i, j: f"={at(logits, i, j)}-{at(sums, i)}", shape, "ce_log_softmax"
    )
    by_class = results(
        sheet, "D22", "-ln p(right)",
        lambda i, _: f"=-INDEX({row_of(logs, i)},1,{at(targets, i)}+1)", (len(ROWS), 1), "ce_by_class",
    )  # fmt: skip
    hot = results(
        sheet, "D30", "one-hot", lambda i, j: f"=IF({at(targets, i)}={j},1,0)", shape, "ce_one_hot"
    )  # fmt: skip
    style.numbers(sheet, hot, 0, size=10)
    by_hot = results(
        sheet, "H30", "- sum(t × log p)",
        lambda i, _: f"=-SUMPRODUCT({row_of(hot, i)},{row_of(logs, i)})", (len(ROWS), 1), "ce_by_one_hot",
    )  # fmt: skip
    for area, name, row in [(by_class, "ce_mean_by_class", 26), (by_hot, "ce_mean_by_one_hot", 34)]:
        style.label(sheet, row, 3 if area.left == 4 else 7, "mean: the loss", bold=True)
        total_under(sheet, area, "AVERAGE", name)
    style.heat(sheet, [logits], 3, kind="input")
    style.heat(sheet, [logs], 4)
    style.heat(sheet, [by_class, by_hot, hot], 3)
    page(sheet, "Cross-entropy, two ways", "I")


def _log_sum_exp(logits: Area, row: int) -> str:
    """The log of the sum of exp, by way of the largest logit, so that nothing overflows."""
    largest = f"MAX({row_of(logits, row)})"
    terms = "+".join(f"EXP({at(logits, row, column)}-{largest})" for column in range(logits.shape[1]))
    return f"={largest}+LN({terms})"


def _binary_cross_entropy(sheet: Worksheet) -> None:
    pictures, shape = [f"picture {i + 1}" for i in range(len(LABELS))], (len(LABELS), len(LABELS[0]))
    for row, block in [(4, "labels"), (12, "sigmoid"), (19, "binary"), (28, "binary safe")]:
        style.note(sheet, row, *SOFTMAX[block], rows=5)
        row_names(sheet, row + 2, pictures)
    logits = inputs(sheet, "D6", "logits of labels 1 to 4", LABEL_LOGITS, "bce_logits")
    targets = inputs(sheet, "I6", "targets", LABELS, "bce_targets", decimals=0)
    validate(sheet, targets, "whole", "between", "0", "1", "A target is 1 if the picture has the label, otherwise 0.")
    chances = results(sheet, "D14", "sigmoid", lambda i, j: f"=1/(1+EXP(-{at(logits, i, j)}))", shape, "bce_sigmoid")

    def loss(i: int, j: int) -> str:
        target, p = at(targets, i, j), at(chances, i, j)
        return f"=-({target}*LN({p})+(1-{target})*LN(1-{p}))"

    def safe(i: int, j: int) -> str:
        target, x = at(targets, i, j), at(logits, i, j)
        return f"=MAX({x},0)-{x}*{target}+LN(1+EXP(-MAX({x},-{x})))"

    losses = results(sheet, "D21", "loss of each label", loss, shape, "bce_losses")
    safe_losses = results(sheet, "D30", "loss of each label", safe, shape, "bce_safe_losses")
    for area, name, cell in [(losses, "bce_mean", "D25"), (safe_losses, "bce_safe_mean", "D34")]:
        mean = write_formulas(sheet, cell, [[f"=AVERAGE({area.range})"]], name=name)
        style.numbers(sheet, mean, 4, size=10)
        style.label(sheet, mean.top, 3, "mean: the loss", bold=True)
    style.heat(sheet, [logits], 4, kind="input")
    style.heat(sheet, [losses, safe_losses], 3)
    style.bars(sheet, chances)
    page(sheet, "Binary cross-entropy, for many labels", "L")


def _exp_and_log(sheet: Worksheet) -> None:
    for row, block in [(4, "products"), (11, "ratios"), (18, "exp"), (25, "base")]:
        style.note(sheet, row, *SOFTMAX[block], rows=5)
    pairs = inputs(sheet, "C6", "a and b", PAIRS, "log_pairs", decimals=2)
    validate(sheet, pairs, "decimal", "greaterThan", "0", None, "Only numbers above 0 have a log.")
    sums = inputs(sheet, "C20", "x and y", SUMS, "exp_pairs", decimals=1)
    chances = inputs(sheet, "C27", "p", stacked(PROBABILITIES), "base_probabilities", decimals=3)
    validate(sheet, chances, "decimal", "between", "0.000001", "0.999999", "Between 0 and 1, without 0 and 1.")

    def across(row: int, source: Area, count: int, prefix: str, columns: dict[str, tuple[str, str]]) -> None:
        """One column a formula, in which A and B stand for the inputs of its row."""
        for offset, (heading, (name, pattern)) in enumerate(columns.items()):

            def formula(i: int, _: int, pattern: str = pattern) -> str:
                filled = pattern.replace("{a}", at(source, i))
                return filled.replace("{b}", at(source, i, 1)) if source.shape[1] > 1 else filled

            results(sheet, f"{chr(ord('E') + offset)}{row}", heading, formula, (count, 1), prefix + name)

    across(6, pairs, 3, "log_", {
        "a × b": ("product", "={a}*{b}"), "ln(a × b)": ("of_product", "=LN({a}*{b})"),
        "ln a": ("of_a", "=LN({a})"), "ln b": ("of_b", "=LN({b})"), "ln a + ln b": ("sum", "=LN({a})+LN({b})"),
    })  # fmt: skip
    style.label(sheet, 13, 3, "with a and b from above")
    across(13, pairs, 3, "log_", {
        "a / b": ("ratio", "={a}/{b}"), "ln(a / b)": ("of_ratio", "=LN({a}/{b})"),
        "ln a - ln b": ("difference", "=LN({a})-LN({b})"),
    })  # fmt: skip
    across(20, sums, 3, "exp_", {
        "exp(x + y)": ("of_sum", "=EXP({a}+{b})"), "exp(x) × exp(y)": ("product", "=EXP({a})*EXP({b})"),
    })  # fmt: skip
    across(27, chances, 5, "base_", {
        "- ln p": ("e", "=-LN({a})"), "- log2 p": ("two", "=-LOG({a},2)"), "- log10 p": ("ten", "=-LOG({a},10)"),
        "log2 / ln": ("ratio_two", "=LOG({a},2)/LN({a})"), "log10 / ln": ("ratio_ten", "=LOG({a},10)/LN({a})"),
    })  # fmt: skip
    page(sheet, "exp and log", "J")
