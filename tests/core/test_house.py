"""The house: rooms are folders, imports go one way, each room keeps its budget, and names are the field's own words."""

import ast
import io
import re
import tokenize
from collections import Counter
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

import coursekit as ck

PACKAGE = Path(ck.__file__).parent


def name_of(file):
    """A file's module below the package: "loaders", "vision.images", "vision" of its __init__, "" of the package's."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(file): file for file in sorted(PACKAGE.rglob("*.py"))}
ROOMS = ["core", *sorted(folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").is_file())]
DOORS = ("", "__main__")  # the package's own __init__ and the command: they open every room


def room(module):
    """The room that a module lies in, by its folder."""
    first = module.split(".")[0]
    return first if first in ROOMS else "core"


@cache
def tree(module):
    return ast.parse(FILES[module].read_text(encoding="utf-8"))


class Import(NamedTuple):
    """One module of the package imports another; `text` is to be looked for."""

    module: str
    other: str
    text: str


def imports(module):
    """All imports of the package by a module: at its start, in functions, and for type hints alone."""
    file, found = FILES[module], []
    package = ["coursekit", *file.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *filter(None, [node.module])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            base, names = "", [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            name = name if name.removeprefix("coursekit.") in FILES or not base else base
            if name.split(".")[0] == "coursekit":
                other = name.removeprefix("coursekit").removeprefix(".")
                assert other in FILES, f"{file.relative_to(PACKAGE)}:{node.lineno} imports {name}, which is not there"
                place = f"coursekit/{file.relative_to(PACKAGE).as_posix()}:{node.lineno}"
                found.append(Import(module, other, f"{place}: {ast.unparse(node)}"))
    return found


@cache
def every_import():
    return [one for module in FILES for one in imports(module)]


def wrong(one):
    """Whether an import runs against the one direction."""
    here, there = room(one.module), room(one.other)
    if one.module in DOORS or here == "classroom":
        return one.other in DOORS and one.module not in DOORS
    return one.other in DOORS or there not in ("core", here)


def test_the_core_knows_no_wing_no_wing_another_and_nothing_the_classroom():
    assert len(every_import()) > 100
    assert [one.text for one in every_import() if wrong(one)] == []


def test_there_is_no_circle_not_even_among_type_hints():
    graph = {module: {one.other for one in every_import() if one.module == module} for module in FILES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        steps = set(zip(error.args[1][1:], error.args[1], strict=False))
        lines = dict.fromkeys(one.text for one in every_import() if (one.module, one.other) in steps)
        pytest.fail("a circle:\n" + "\n".join(lines))


def test_imports_of_every_sort_are_seen():
    """What the two tests above rest on: imports in functions, for type hints, of a module and of a name."""
    known = {(one.module, one.other) for one in every_import()}
    assert ("callbacks", "plots") in known, "in a function"
    assert ("vision.learner", "learner") in known and ("vision.learner", "vision.models") in known, "of a name"
    assert any(one.module == "" and one.other == "classroom.claims" for one in every_import())
    assert wrong(Import("learner", "vision.images", "")) and wrong(Import("text.models", "vision.images", ""))
    assert wrong(Import("text.models", "classroom", "")) and wrong(Import("classroom.docs", "", ""))
    assert not wrong(Import("classroom.docs", "vision", "")) and not wrong(Import("text.models", "learner", ""))


# Thin

BUDGETS = {"core": 2478, "vision": 1857, "tabular": 698, "text": 932, "classroom": 2399}


def lines_of_code(source):
    """How many lines hold code: without blanks, comments and docstrings."""
    without = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        lines |= set() if token.type in without else set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node, False) is not None:
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


def test_lines_of_code_are_counted_as_they_are_meant():
    assert lines_of_code('"""A docstring,\nof two lines."""\n\n# a comment\nx = """two\nlines"""  # and one\n') == 2
    assert lines_of_code('def f():\n    """What it does."""\n\n    return (\n        1\n    )\n') == 4


def test_each_room_keeps_its_budget():
    assert set(BUDGETS) == set(ROOMS), "a room without a budget, or a budget without a room"
    lines = Counter()
    for module, file in FILES.items():
        lines[room(module)] += lines_of_code(file.read_text(encoding="utf-8"))
    assert {name: found for name, found in lines.items() if found > BUDGETS[name]} == {}


def test_the_core_is_a_few_modules():
    assert len([file for file in PACKAGE.glob("*.py") if not file.stem.startswith("__")]) <= 14


# Words: the left column of the course's list of terms. What is there today in its place is said by the message.

NO_WORD = {  # in no name, be it one word of several
    "body": "backbone, encoder", "bodies": "backbones", "crossing": "skip connection", "crossings": "skip connections",
    "across": "skip connection", "shortcut": "skip connection", "place": "position", "places": "positions",
    "share": "fraction, weight, factor", "shares": "fractions", "slope": "gradient", "slopes": "gradients",
    "kind": "target type", "kinds": "target types", "strip": "sequence", "strips": "sequences",
    "mark": "special token", "marks": "special tokens", "softened": "temperature", "gap": "missing value",
    "gaps": "missing values", "void": "ignore_index", "tilt": "perspective", "tilts": "perspectives",
    "warp": "perspective", "light": "brightness, contrast", "symmetry": "dihedral group",
    "symmetries": "dihedral group", "exciting": "maximally activating", "reach": "patch size, receptive field",
    "recipe": "config, metadata", "notes": "metadata", "momenta": "betas, momentum", "strangers": "unseen users",
    "rival": "baseline", "rivals": "baselines", "spoil": "permute", "lots": "random labels",
    "picture": "image", "pictures": "images", "points": "keypoints", "colour": "color", "colours": "colors",
    "normalise": "normalize", "normalised": "normalized", "crossed": "skip connection",
}  # fmt: skip
NO_NAME = {  # as a whole
    "rate": "lr", "rates": "lrs", "top_rate": "max_lr", "set_rates": "set_lr", "RateSearch": "LRFinder",
    "search_rate": "LRFinder", "MeanPlaces": "SoftArgmax", "MeanAndLargest": "ConcatPool", "FillMissing": "Impute",
    "Normalise": "Normalize, ImageNorm", "carry_over": "remap_vocabulary", "made_for": "config", "by_heart": "memorize",
    "read_picture": "read_image", "of_first": "broadcast", "add_up": "all_reduce", "keep_gate": "forget gate",
}  # fmt: skip
NOT_THERE = {  # as a whole, in a room, a module or a class
    "core": {"apply": "transform", "optimizer_function": "optimizer_fn"},
    "loaders": {"rows": "samples"},
    "vision": {"rows": "height, samples", "point": "keypoint"},
    "tabular": {"apply": "transform", "fill": "impute"},
    "text": {
        "numbers": "ids, encode",
        "number": "id",
        "rows": "samples",
        "memory": "cell state",
        "words_count": "size",
    },
    "Distributed": {"index": "rank", "count": "world_size", "wait": "barrier", "sum": "all_reduce"},
    "Learner": {"rows": "samples", "loss_function": "loss_fn", "forward": "network"},
}


class Name(NamedTuple):
    """A name that somebody may write: of a module, function, class, parameter or attribute."""

    name: str
    module: str
    owner: str
    line: int


def parameters(function):
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    return [(argument.arg, argument.lineno) for argument in every]


def names_in(body, module, owner=""):
    """All public names of a module or a class: what it defines, with parameters, fields and attributes."""
    for node in body:
        if isinstance(node, ast.FunctionDef):
            if node.name.startswith("_") and node.name not in ("__init__", "__call__", "__post_init__"):
                continue
            yield from (Name(name, module, owner, line) for name, line in [(node.name, node.lineno), *parameters(node)])
            if owner:
                attributes = {part.attr: part.lineno for part in ast.walk(node) if of_self(part)}
                yield from (Name(name, module, owner, line) for name, line in attributes.items())
        elif isinstance(node, ast.ClassDef):
            if not node.name.startswith("_"):
                yield Name(node.name, module, owner, node.lineno)
                yield from names_in(node.body, module, node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for part in (part for target in targets for part in ast.walk(target)):
                if isinstance(part, ast.Name):
                    yield Name(part.id, module, owner, part.lineno)


def of_self(part):
    """Whether this gives an attribute of the object itself a value."""
    return (
        isinstance(part, ast.Attribute)
        and isinstance(part.ctx, ast.Store)
        and isinstance(part.value, ast.Name)
        and part.value.id == "self"
    )


@cache
def public_names():
    """Every public name of the package."""
    found = [Name(part, module, "", 1) for module in FILES for part in module.split(".") if part]
    found += [name for module in FILES for name in names_in(tree(module).body, module)]
    found += [Name(name, "", "", 1) for name in ck.__all__]
    return [name for name in found if not name.name.startswith("_")]


def words(name):
    """The words that a name is made of: "ImageNorm" and "image_norm" both of image and norm."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def standard(name):
    """What the field says for a name, where the name is not the field's."""
    for scope in (room(name.module), name.module, name.owner):
        if name.name in NOT_THERE.get(scope, {}):
            return NOT_THERE[scope][name.name]
    return NO_NAME.get(name.name) or next((NO_WORD[word] for word in words(name.name) if word in NO_WORD), None)


def test_names_are_the_fields_own_words():
    assert len(public_names()) > 1000
    said = {
        f"coursekit/{FILES[name.module].relative_to(PACKAGE).as_posix()}:{name.line}: {name.name}: {instead}"
        for name in public_names()
        if (instead := standard(name))
    }
    assert sorted(said) == []


@pytest.mark.parametrize(
    "name, module, owner",
    [
        ("top_rate", "learner", "Learner"), ("read_picture", "vision.images", ""), ("MeanPlaces", "vision.models", ""),
        ("vocab_numbers_of_strip", "text.loaders", ""), ("numbers", "text.vocab", "Vocab"),
        ("share", "plots", ""),
        ("apply", "tabular.prep", "Impute"), ("count", "distributed", "Distributed"),
        ("Normalise", "vision.models", ""),
    ],
)  # fmt: skip
def test_another_word_is_seen(name, module, owner):
    assert standard(Name(name, module, owner, 1))


def test_the_fields_words_are_no_others():
    for name in ("error_rate", "skip_connections", "Numbers", "stripe", "replace", "keypoints", "shared"):
        assert not standard(Name(name, "learner", "", 1)), name


def test_every_parameter_is_looked_at():
    """What inspect knows of what is public stands among the names read from the source."""
    from inspect import Parameter, isclass, signature

    known = {name.name for name in public_names()}
    for name in ck.__all__:
        thing = getattr(ck, name)
        things = (
            [thing, *(m for n, m in vars(thing).items() if n[0] != "_" and callable(m))] if isclass(thing) else [thing]
        )
        for one in filter(callable, things):
            given = [p.name for p in signature(one).parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
            assert {p for p in given if p[0] != "_"} <= known | {"self", "cls", "value", "names", "args"}, (name, given)
