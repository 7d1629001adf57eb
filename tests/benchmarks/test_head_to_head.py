"""What is trained for the comparison, with which budget, and what is not done twice."""

import sys

import pytest

import timbre
from benchmarks import faithful, head_to_head
from benchmarks.head_to_head import OURS, RIVALS, TrainingRun, all_runs, train_and_test


def test_every_model_has_its_experiment():
    """And ours have every seed."""
    runs = all_runs(3, [])
    assert all(run.experiment.is_file() for run in runs)
    assert len(runs) == len(set(runs)) == 3 * len(OURS) + len(RIVALS)
    assert [run.name for run in all_runs(2, ["adversarial"])] == ["adversarial-s0", "adversarial-s1"]


@pytest.fixture
def calls(monkeypatch):
    """Verbs and arguments that would have been run."""
    made = []
    monkeypatch.setattr(head_to_head, "_timbre", lambda verb, arguments, log: made.append((verb, arguments)) or 0)
    return made


def test_train_then_test(calls, tmp_path):
    """The budget and the seed are told; the published models get whole frames of theirs."""
    run = TrainingRun("c_ddsp_published", 2)
    (tmp_path / "runs" / run.name).mkdir(parents=True)
    assert train_and_test(run, tmp_path, tmp_path / "runs", 50) == "c_ddsp_published-s2: done"
    (fit, arguments), (test, folder) = calls
    assert (fit, test) == ("fit", "test") and folder[0] == str(tmp_path / "runs" / run.name)
    told = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert (told["--trainer.max_steps"], told["--seed_everything"], told["--clip.n_samples"]) == ("50", "2", "31744")


def test_an_interrupted_training_goes_on_and_a_finished_one_is_left(calls, tmp_path):
    """From its last checkpoint; trained is not trained again; tested is not tested again."""
    folder = tmp_path / "ae-s0"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "last.ckpt").touch()
    train_and_test(TrainingRun("ae", 0), tmp_path, tmp_path, 50)
    assert calls[0] == ("fit", [str(folder), "--ckpt_path", "last"])
    calls.clear()
    train_and_test(TrainingRun("ae", 0), tmp_path, tmp_path, 50)
    assert [verb for verb, _ in calls] == ["test"]
    (folder / "control.json").touch()
    calls.clear()
    assert train_and_test(TrainingRun("ae", 0), tmp_path, tmp_path, 50).endswith("there already") and not calls


def test_a_failure_is_told(tmp_path, monkeypatch):
    """With the log to read; nothing is tested that was not trained."""
    verbs = []
    monkeypatch.setattr(head_to_head, "_timbre", lambda verb, *_: verbs.append(verb) or 1)
    assert "training failed, see" in train_and_test(TrainingRun("ae", 0), tmp_path, tmp_path, 50)
    assert verbs == ["fit"]


def test_the_first_seed_of_ours_is_asked_for_faithful_sounds(tmp_path, monkeypatch):
    """One request to each knob of so many notes; rivals and other seeds are not asked."""
    (tmp_path / "release" / "nsynth-test").mkdir(parents=True)
    (tmp_path / "release" / "nsynth-test" / "examples.json").write_text("{}")
    asked, compared = [], []
    monkeypatch.setattr(head_to_head, "train_and_test", lambda run, *_: run.name)
    monkeypatch.setattr(timbre, "main", compared.append)
    monkeypatch.setattr(
        faithful, "report", lambda run, *given: asked.append((run.name, *given)) or f"table of {run.name}"
    )
    words = ["head_to_head", "notes", str(tmp_path), "--seeds", "2", "--only", "ae", "descriptor", "adversarial"]
    for more, said in (
        (["--faithful", "0"], None),
        (["--faithful", "5"], "table of descriptor-s0\n\ntable of adversarial-s0\n"),
    ):
        monkeypatch.setattr(sys, "argv", [*words, *more])
        head_to_head.main()
        path = tmp_path / "faithful.md"
        assert (path.read_text() if path.exists() else None) == said
    assert asked == [(f"{name}-s0", tmp_path / "release", 5, 15, True, False) for name in ("descriptor", "adversarial")]
    assert len(compared) == 2 and "descriptor-s1" in " ".join(compared[0])
