"""Nothing is magic: "Built in lesson NN" stands only where that lesson builds the thing and a claim holds the two."""

from pathlib import Path

import pytest
from built import held, mentioned, tags
from lab import ROOT

import coursekit as ck

LESSONS = {path.stem[:2]: path for path in sorted((ROOT / "lessons").glob("[0-9][0-9]_*.ipynb"))}
TAGS = tags(Path(ck.__file__).parent)


def named(kind, lesson):
    return {name.split(".")[-1] for _, name, tag, number in TAGS if (tag, number) == (kind, lesson)}


@pytest.mark.parametrize("lesson", LESSONS)
def test_what_is_said_to_be_built_in_a_lesson_is_held_by_a_claim_there(lesson):
    kept, loose = held(LESSONS[lesson])
    assert loose == set(), "a cell says that it builds this, and none of its claims holds it against the imported one"
    assert named("Built", lesson) == kept, "tag the claim's cell builds:NAME, or write Used in place of Built"


@pytest.mark.parametrize("lesson", LESSONS)
def test_what_is_said_to_be_used_in_a_lesson_is_used_there(lesson):
    assert named("Used", lesson) - mentioned(LESSONS[lesson]) == set()


def test_every_tag_names_a_lesson_that_is_there():
    assert {number for *_, number in TAGS} <= set(LESSONS)


CLAIMS = {
    "both sides": ("def mine(x): return x + 1\n", "ck.claim('so', mine(2), equals=ck.thing(2))", True),
    "truth": ("def mine(x): return x + 1\n", "ck.claim('so', torch.equal(mine(2), ck.thing(2)))", True),
    "over names": ("def mine(x): return x + 1\n", "a = mine(2)\nb = ck.thing(2)\nck.claim('so', a, equals=b)", True),
    "a method": ("def mine(x): return x + 1\n", "learn = ck.Some()\nck.claim('so', learn.thing(2) == mine(2))", True),
    "a number": ("", "ck.claim('so', ck.thing(2), equals=3)", False),
    "with itself": ("def mine(x): return ck.thing(x) + 1\n", "ck.claim('so', mine(2), equals=ck.thing(2))", False),
    "another": ("def mine(x): return x + 1\n", "ck.claim('so', mine(2), equals=ck.other(2))", False),
    "a bound": ("def mine(x): return x + 1\n", "ck.claim('so', ck.thing(mine(2)), at_least=3)", False),
    "no claim": ("def mine(x): return x + 1\n", "assert mine(2) == ck.thing(2)", False),
}


@pytest.mark.parametrize("before, claim, holds", CLAIMS.values(), ids=CLAIMS.keys())
def test_a_claim_that_holds_nothing_is_seen(tmp_path, before, claim, holds):
    import nbformat.v4 as v4

    cells = [v4.new_code_cell(before), v4.new_code_cell(claim, metadata={"tags": ["builds:thing"]})]
    path = tmp_path / "00_x.ipynb"
    path.write_text(v4.writes(v4.new_notebook(cells=cells)), encoding="utf-8")
    assert held(path) == (({"thing"}, set()) if holds else (set(), {"thing"}))
