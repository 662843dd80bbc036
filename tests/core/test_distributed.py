"""The same learner in two processes and in one: what must be equal is, and what only one may do only one does.

One run of torchrun (`together.py`) gives all the figures that the tests look at.
"""

import json
import os
import subprocess
import sys

import pytest
import torch
from lab import ROOT
from together import BATCH, ROWS, data, fit, learner

import coursekit as ck

SCRIPT = ROOT / "tests" / "helpers" / "together.py"
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What two processes found, what they wrote, and how they ended."""
    folder = tmp_path_factory.mktemp("together")
    settings = os.environ | {"OMP_NUM_THREADS": "1", "COURSEKIT_HOME": str(folder / "home")}
    settings.pop("WORLD_SIZE", None)
    done = subprocess.run([*TORCHRUN, SCRIPT, folder], capture_output=True, encoding="utf-8", env=settings, timeout=300)
    found = [folder / f"found_{index}.json" for index in (0, 1)]
    assert all(file.exists() for file in found), done.stderr
    return folder, [json.loads(file.read_text(encoding="utf-8")) for file in found], done


@pytest.fixture
def both(run):
    return run[1]


def largest_difference(some, others):
    return max((torch.tensor(a) - torch.tensor(b)).abs().max().item() for a, b in zip(some, others, strict=True))


def test_after_50_steps_the_parameters_are_those_of_one_process(both):
    alone = fit(learner(data(), ck.GradientClipping(0.5)))
    assert len(alone["losses"]) == 50 == 5 * -(-ROWS // BATCH)
    assert largest_difference(both[0]["plain"]["weights"], alone["weights"]) <= 1e-5
    assert both[0]["plain"]["weights"] == both[1]["plain"]["weights"]


def test_a_plain_mean_over_uneven_shares_would_not_be_equal():
    """The tolerance tells right from wrong: ten and eleven rows must not count the same."""

    class PlainMean:
        def before_fit(self, learn):
            whole = learn.loss_fn
            learn.loss_fn = lambda outputs, targets: (
                (whole(outputs[: len(targets) // 2], targets[: len(targets) // 2]) / 2)
                + whole(outputs[len(targets) // 2 :], targets[len(targets) // 2 :]) / 2
            )

    alone, wrong = fit(learner(data(valid=2))), fit(learner(data(valid=2), PlainMean()))
    assert largest_difference(alone["weights"], wrong["weights"]) > 1e-3


def test_losses_and_metrics_over_uneven_shares_are_those_of_one_process(both):
    alone = fit(learner(data(), ck.GradientClipping(0.5)))
    for found in both:
        assert found["plain"]["losses"] == pytest.approx(alone["losses"], abs=1e-5)
        for row, expected in zip(found["plain"]["epochs"], alone["epochs"], strict=True):
            assert row == pytest.approx(expected, abs=1e-5)


def test_gradients_of_several_batches_of_uneven_shares_add_up_to_those_of_one_process(both):
    alone = fit(learner(data(), ck.GradientAccumulation(3)), epochs=2)
    for found in both:
        assert largest_difference(found["accumulated"]["weights"], alone["weights"]) <= 1e-5
        assert found["accumulated"]["losses"] == pytest.approx(alone["losses"], abs=1e-5)
        for row, expected in zip(found["accumulated"]["epochs"], alone["epochs"], strict=True):
            assert row == pytest.approx(expected, abs=1e-5)


def test_the_best_weights_are_put_back_in_each_process(both, tmp_path):
    alone = fit(learner(data(), ck.Checkpoint(tmp_path / "best", keep="best")))
    assert both[0]["best"]["weights"] == both[1]["best"]["weights"]
    assert largest_difference(both[0]["best"]["weights"], alone["weights"]) <= 1e-5


def test_compiled_networks_learn_together_as_one_does(both):
    alone = fit(learner(data()))
    for found in both:
        assert largest_difference(found["compiled"]["weights"], alone["weights"]) <= 1e-5


def test_a_process_without_a_row_takes_part_and_counts_nothing(both):
    few = [found["few rows"] for found in both]
    alone = fit(learner(data(rows=3, valid=1, batch_size=1)), epochs=2)
    assert [found["taken"] for found in both] == [6 * [0], 6 * [1]]
    assert largest_difference(few[0]["weights"], alone["weights"]) <= 1e-5
    for found in few:
        assert found["losses"] == pytest.approx(alone["losses"], abs=1e-5)
        for row, expected in zip(found["epochs"], alone["epochs"], strict=True):
            assert row == pytest.approx(expected, abs=1e-5, nan_ok=True)


def test_batch_norm_ends_with_the_same_statistics_everywhere(both):
    assert both[0]["norm"]["weights"] == both[1]["norm"]["weights"]
    assert both[0]["norm"]["epochs"] == both[1]["norm"]["epochs"]


def test_dropout_draws_other_numbers_in_each_process(both):
    first, second = (found["random"] for found in both)
    assert len(first) == len(second) == 20
    assert all(a != b for a, b in zip(first, second, strict=True))


def test_only_the_first_process_saves_and_shows_progress(run):
    folder, _, done = run
    files = sorted(file.stem for file in folder.glob("*.safetensors"))
    assert files == ["best", "fit", "saved_0"]
    tables = [line for line in done.stdout.splitlines() if line.split()[:2] == ["epoch", "train"]]
    assert len(tables) == 6


def test_after_a_fit_the_learner_is_on_its_own_again(both):
    assert [found["restored"] for found in both] == 2 * [[True, "Sequential"]]


def test_processes_with_different_data_are_refused(both):
    expected = f"differ in their samples: process 0 has {ROWS}, process 1 has {ROWS - 1}"
    assert all(expected in found["refused"] for found in both)


def test_an_error_in_one_process_ends_all_with_one_message(run):
    _, _, done = run
    assert done.returncode != 0
    assert done.stderr.count("ValueError: the picture cat_17.png cannot be read") == 1
    assert done.stderr.count("Process 1 of 2 failed, so all of them end:") == 1
    assert "Process 0 of 2" not in done.stderr and "Connection closed" not in done.stderr


def test_alone_it_changes_nothing():
    alone, with_it = fit(learner(data())), fit(learner(data(), ck.Distributed(cpu=True)))
    assert alone == with_it
    assert ck.is_first_process()


def test_one_made_before_the_processes_were_started_is_refused(monkeypatch):
    ck.Distributed(cpu=True)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(RuntimeError, match="Restart the kernel"):
        ck.Distributed(cpu=True)
