"""`ck.doc`: every public name is documented, with types, and says which lesson builds or uses it."""

import inspect
import re

import pytest
import torch

import coursekit as ck

PUBLIC = {name: getattr(ck, name) for name in ck.__all__ if not inspect.ismodule(getattr(ck, name))}


# Made by what lessons call; no lesson writes these names, so their docstrings name none. A new name goes into a lesson.
IN_NO_LESSON = {
    "GPTLearner", "ImageDataset", "ImageLoader", "Keypoints", "LanguageLearner", "Loader", "Masks", "Numbers",
    "RatingLearner", "TableLearner", "TextLearner", "Texts", "VisionLearner", "f1", "load",
    "mean_absolute_error", "mean_iou", "over_all", "r2", "resnet_cifar", "roc_auc", "without_head",
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_says_in_which_lesson_it_is_built(name):
    doc = ck.doc(PUBLIC[name])
    if name in IN_NO_LESSON:
        assert doc.lesson is None, f"{name} is in a lesson: take it off the list"
        return
    assert re.fullmatch(r"(Built by hand|First used) in lesson [0-2]\d\.", doc.lesson or "none")
    assert repr(doc).endswith(f"\n\n{doc.lesson}") and f"<b>{doc.lesson}</b>" in doc._repr_html_()
    assert " in lesson " not in doc.text


def functions(thing):
    """The function itself, or the class's own public methods and how it is made."""
    if not inspect.isclass(thing):
        return [thing]
    methods = [m.fget if isinstance(m, property) else m for m in vars(thing).values()]
    return [
        m for m in methods if inspect.isfunction(m) and (not m.__name__.startswith("_") or m.__name__ == "__init__")
    ]


@pytest.mark.parametrize("thing", PUBLIC.values(), ids=PUBLIC.keys())
def test_every_public_function_has_types_and_a_docstring(thing):
    for function in functions(thing):
        signature = inspect.signature(function)
        untyped = [n for n, p in signature.parameters.items() if n != "self" and p.annotation is p.empty]
        assert untyped == [] and signature.return_annotation is not signature.empty, function.__qualname__
        assert inspect.getdoc(function) or function.__name__ == "__init__", function.__qualname__


def test_doc_shows_signature_and_text():
    text = repr(ck.doc(ck.fetch))
    assert text.startswith("coursekit.datasets.fetch(name: str, size: str | None = None) -> Path\n\nThe folder")
    assert repr(ck.doc(ck.Learner)).startswith("class coursekit.learner.Learner(data: ")
    assert ck.doc(torch.nn.Linear).lesson is None and "Applies" in repr(ck.doc(torch.nn.Linear))
    assert "fit(self, epochs" in ck.doc(ck.Learner.fit).title


@pytest.mark.parametrize("thing", [3, lambda: None, "text"], ids=["a number", "a function", "a text"])
def test_doc_wants_something_documented(thing):
    with pytest.raises(ValueError, match="has no docstring: give a function or class itself"):
        ck.doc(thing)


def test_doc_gives_default_functions_by_name():
    shown = repr(ck.doc(ck.Learner)) + repr(ck.doc(ck.Learner.fit))
    assert "= cross_entropy" in shown and "= constant" in shown and " at 0x" not in shown
