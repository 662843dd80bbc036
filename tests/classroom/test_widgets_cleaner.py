"""The figure that cleans labels: highest losses first, a CSV that the source reads, nothing lost, bad input refused."""

import re

import pandas as pd
import pytest
import torch
from drawn import classes, noise, save

import coursekit as ck
from coursekit.classroom.widgets.cleaning import DROP


@pytest.fixture
def source(tmp_path):
    return classes(tmp_path / "images", 3)  # dark_0, dark_1, dark_2, light_0 ... middle_2


@pytest.fixture
def losses(source):
    return torch.tensor([0.1, 5.0, 0.2, 0.3, 3.0, 0.4, 4.0, 0.5, 0.6])  # dark_1, then middle_0, then light_1


@pytest.fixture
def figure(source, losses, tmp_path):
    return ck.widgets.cleaner(losses, source, tmp_path / "cleaned.csv", n=4)


def read(path):
    return pd.read_csv(path, keep_default_na=False).set_index("file")


def shown(figure):
    return re.search(r'alt="image (\d) of 4: (\S+), labelled (\w+)"', figure.figure.value).groups()


def test_the_highest_losses_come_first_and_are_shown_with_their_labels(figure):
    assert [file.stem for file in figure.files] == ["dark_1", "middle_0", "light_1", "middle_2"]
    assert shown(figure) == ("1", "dark_1.png", "dark") and figure.choice.value == "dark"
    assert "loss 5.00; not decided" in figure.figure.value and "0 of 4 decided" in figure.status.value
    figure.next.click()
    assert shown(figure) == ("2", "middle_0.png", "middle") and figure.choice.value == "middle"
    figure.back.click()
    figure.back.click()
    assert shown(figure) == ("1", "dark_1.png", "dark") and "loss 5.00; kept" in figure.figure.value


def test_a_choice_is_in_the_csv_at_once(figure):
    assert not figure.path.exists(), "looking writes nothing"
    figure.choice.value = "light"
    assert read(figure.path).loc["dark_1.png"].tolist() == ["light", "dark", "relabelled"]
    figure.choice.value = DROP
    assert read(figure.path).loc["dark_1.png"].tolist() == ["", "dark", "dropped"]
    figure.choice.value = "dark"
    assert read(figure.path).loc["dark_1.png"].tolist() == ["dark", "dark", "kept"]
    assert len(read(figure.path)) == 9 and (read(figure.path).decision == "").sum() == 8


def test_showing_an_image_decides_nothing(figure):
    for number in (1, 3, 0, 99, -5):
        figure.show(number)
    assert not figure.path.exists() and figure.number == 0


@pytest.fixture
def decided(figure):
    figure.decide(0, "light")
    figure.decide(1, None)
    figure.decide(2, "light")
    return figure


def test_the_source_reads_what_was_decided(decided, tmp_path):
    folder, table = tmp_path / "images", read(decided.path)
    kept = table[table.decision != "dropped"]
    by_list = ck.ImageSource([folder / file for file in kept.index]).labelled_by(ck.list_labels([*kept.label]))
    by_csv = ck.ImageSource([folder / file for file in kept.index])
    by_csv = by_csv.labelled_by(ck.csv_labels(decided.path, unused=True))
    assert by_list.files == by_csv.files and by_list.labels == by_csv.labels and len(by_list) == 8
    found = {file.stem: label for file, label in zip(by_list.files, by_list.labels, strict=True)}
    assert found["dark_1"] == "light" and "middle_0" not in found and found["light_1"] == "light"
    assert all(stem.startswith(label) for stem, label in found.items() if stem != "dark_1")


def test_files_in_folders_keep_them_in_their_names(tmp_path):
    for name in ("a", "b", "c"):
        save(tmp_path / "images" / name / "x_0.png", noise())
    source = ck.ImageSource(tmp_path / "images").labelled_by(ck.folder_labels())
    figure = ck.widgets.cleaner(torch.tensor([1.0, 2.0, 0.0]), source, tmp_path / "cleaned.csv")
    figure.decide(0, "a")
    assert read(figure.path).label.to_dict() == {"a/x_0.png": "a", "b/x_0.png": "a", "c/x_0.png": "c"}
    assert source.labelled_by(ck.csv_labels(figure.path)).labels == ("a", "a", "c")


def test_a_later_call_goes_on_where_the_first_stopped_and_keeps_the_file(decided, source, losses):
    before = decided.path.read_bytes()
    again = ck.widgets.cleaner(losses, source, decided.path, n=4)
    assert shown(again)[1] == "middle_2.png" and "3 of 4 decided" in again.status.value
    assert decided.path.read_bytes() == before and len([*decided.path.parent.glob("*.csv")]) == 1
    again.decide(3, "dark")
    again.decide(3, "light")
    assert (decided.path.parent / "cleaned.1.csv").read_bytes() == before
    assert read(decided.path).loc["dark_1.png"].tolist() == ["light", "dark", "relabelled"]
    assert read(decided.path).loc["middle_2.png"].tolist() == ["light", "middle", "relabelled"]
    assert len([*decided.path.parent.glob("*.csv")]) == 2, "its own file is written over, another's is not"


def test_two_figures_of_one_file_lose_nothing(decided, source, losses):
    other = ck.widgets.cleaner(losses, source, decided.path, n=4)
    other.decide(3, "dark")
    written = decided.path.read_bytes()
    decided.decide(0, "middle")
    assert written in [file.read_bytes() for file in decided.path.parent.glob("cleaned.*.csv")]


def test_images_that_came_later_are_there_undecided(decided, tmp_path):
    source = classes(tmp_path / "images", 4)
    figure = ck.widgets.cleaner(torch.arange(12.0), source, decided.path)
    assert "3 of 12 decided" in figure.status.value and len(figure.table) == 12
    assert figure.table.set_index("file").decision["dark_3.png"] == ""


def test_an_interpretation_shows_the_held_out_images_a_learner_all(source, tmp_path):
    split = source.split(ck.at_random(0.4))
    learn = ck.vision_learner(split.loaders(16, batch_size=4, device="cpu"), progress=False)
    interpretation = ck.Interpretation(learn)
    figure = ck.widgets.cleaner(interpretation, source, tmp_path / "a.csv")
    worst = [interpretation.files[i] for i in interpretation.top_losses(99)[1]]
    assert figure.files == worst and set(worst) == set(split.part(True)[0])
    figure = ck.widgets.cleaner(learn, source, tmp_path / "b.csv")
    assert set(figure.files) == set(source.files)
    assert [file for file in figure.files if file in set(worst)] == worst
    assert [figure.losses[i] for i in figure.order] == sorted(figure.losses, reverse=True)


def test_a_head_on_cached_features_is_refused_and_its_learner_taken(source, tmp_path):
    data = source.split(ck.at_random(0.4)).loaders(16, batch_size=4, device="cpu")
    learn = ck.vision_learner(data, progress=False)
    head = ck.Learner(ck.precompute(data, learn.model[:-1]), learn.model[-1], progress=False)
    with pytest.raises(ValueError, match="give the whole learner"):
        ck.widgets.cleaner(head, source, tmp_path / "cleaned.csv")
    assert len(ck.widgets.cleaner(learn, source, tmp_path / "cleaned.csv").files) == 9


def test_names_from_outside_are_text_not_html(source, losses, tmp_path):
    odd = source.labelled_by(ck.list_labels(["<b>x</b>" if i else "y" for i in range(9)]))
    figure = ck.widgets.cleaner(losses, odd, tmp_path / "cleaned.csv")
    assert "<b>" not in figure.figure.value and "&lt;b&gt;" in figure.figure.value


def test_a_page_without_a_kernel_says_what_it_is(figure):
    assert repr(figure).startswith("[Interactive figure: the 4 images with the highest losses")


TENSOR = torch.zeros(9, 3, 8, 8, dtype=torch.uint8)
WRONG = {
    "no labels": (lambda s, x: (x, ck.ImageSource([*s.files])), "labels are cleaned of images with one name each"),
    "no source": (lambda s, x: (x, [*s.files]), "labels are cleaned of images with one name each"),
    "a tensor": (lambda s, x: (x, ck.ImageSource(TENSOR).labelled_by(ck.list_labels([*"aaaabbbbb"]))),
                 "the images of a tensor"),
    "too few losses": (lambda s, x: (x[:5], s), "5 losses are not of these 9 images"),
    "no losses": (lambda s, x: ("many", s), "a number for each image; found str 'many'"),
    "no folder": (lambda s, x: (x, s, "nowhere/cleaned.csv"), "in a folder that is there, is needed; found 'nowhere/"),
    "n of 0": (lambda s, x: (x, s, "cleaned.csv", 0), "n is how many images are shown, at least one; found 0"),
}  # fmt: skip


@pytest.mark.parametrize("make, words", WRONG.values(), ids=WRONG.keys())
def test_bad_input_is_refused_in_words(source, losses, make, words):
    with pytest.raises(ValueError, match=words):
        ck.widgets.cleaner(*make(source, losses))


HEAD = "file,label,was,decision\n"
OTHERS = {"empty": "", "a table": "a,b\n1,2\n", "other images": HEAD + "other.png,dark,dark,kept\n", "bytes": "\ufffe",
          "a file twice": HEAD + 2 * "dark_1.png,dark,dark,kept\n",
          "other labels": HEAD + "dark_1.png,green,dark,relabelled\n"}  # fmt: skip


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS.keys())
def test_another_file_is_not_written_over(source, losses, tmp_path, text):
    path = tmp_path / "mine.csv"
    path.write_bytes(text.encode("utf-16" if text == "\ufffe" else "utf-8"))
    with pytest.raises(ValueError, match="mine.csv .*give another path"):
        ck.widgets.cleaner(losses, source, path)


@pytest.mark.parametrize("number, label", [(4, "dark"), (-1, "dark"), ("1", "dark"), (0, "green"), (0, 3)])
def test_a_decision_that_is_none_is_refused(figure, number, label):
    with pytest.raises(ValueError, match="found"):
        figure.decide(number, label)
    assert not figure.path.exists()


def test_an_image_that_is_gone_says_so_and_can_be_dropped(source, losses, tmp_path):
    gone = source.files[1]
    gone.unlink()
    figure = ck.widgets.cleaner(losses, source, tmp_path / "cleaned.csv", n=2)
    assert gone.name in figure.figure.value and "<img" not in figure.figure.value
    figure.choice.value = DROP
    figure.next.click()
    assert "middle_0.png" in figure.figure.value and read(figure.path).decision["dark_1.png"] == "dropped"


def test_what_cannot_be_written_is_not_decided(figure, monkeypatch):
    figure.decide(0, "light")

    def refuse(*_):
        raise PermissionError("it is open elsewhere")

    with monkeypatch.context() as patch:
        patch.setattr(type(figure.path), "replace", refuse)
        with pytest.raises(PermissionError):
            figure.decide(1, "light")
    assert "not written: it is open elsewhere" in figure.status.value
    assert figure.table.decision.tolist().count("") == len(figure.table) - 1
    figure.decide(1, "light")
    assert [file.name for file in figure.path.parent.glob("*.csv")] == ["cleaned.csv"]


def test_what_was_edited_by_hand_is_decided_by_what_stands_there(figure, source, losses):
    figure.decide(0, "light")
    table = pd.read_csv(figure.path, keep_default_na=False).set_index("file")
    table.loc["dark_1.png", "label"], table.loc["middle_0.png", "label"] = "", "light"
    table.to_csv(figure.path)
    again = ck.widgets.cleaner(losses, source, figure.path, n=4).table.set_index("file")
    assert again.decision["dark_1.png"] == "dropped" and again.decision["middle_0.png"] == "relabelled"


def test_an_image_that_is_there_twice_is_refused(source, losses, tmp_path):
    twice = ck.ImageSource([*source.files, source.files[0]]).labelled_by(ck.list_labels([*source.labels, "dark"]))
    with pytest.raises(ValueError, match="in the source twice"):
        ck.widgets.cleaner(torch.cat([losses, losses[:1]]), twice, tmp_path / "cleaned.csv")
