"""A study in a journal: many processes ask and tell, some are killed, nothing is lost."""

import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from studies.sweep import KeptPoint, read_sweep
from studies.sweep.objective import DEFAULT, Objective
from studies.sweep.study import ask, journal_path, open_study, study_objectives, tell, tell_ended_early, tell_failure
from studies.sweep.study_report import counts_sentence, front_table, hypervolume_sentence

N_WORKERS, N_EACH = 4, 6
WORKER = """
import sys
from pathlib import Path
from studies.sweep import read_sweep
from studies.sweep.study import ask, open_study, tell, tell_ended_early, tell_failure
sweep, runs, worker, n_each = read_sweep(Path(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
for index in range(worker * n_each, (worker + 1) * n_each):
    study = open_study(sweep, runs, seed=index)
    kept = ask(study, sweep, index)
    if index % n_each == 3:
        tell_failure(study, kept)
    else:
        tell(study, kept, [kept.values["dropout"], index / 100])
"""


@pytest.fixture
def study(drawn, tmp_path):
    """An empty one."""
    return open_study(drawn, tmp_path)


def front_by_brute_force(points):
    """Indices of the points (higher, lower) that no other is at least as good as in both and better in one."""
    beats = lambda p, q: p != q and p[0] >= q[0] and p[1] <= q[1]  # noqa: E731
    return {index for index, point in points.items() if not any(beats(other, point) for other in points.values())}


def test_four_processes_on_one_journal_lose_nothing(drawn, tmp_path):
    commands = [
        [sys.executable, "-c", WORKER, drawn.path, tmp_path, str(worker), str(N_EACH)] for worker in range(N_WORKERS)
    ]
    workers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]
    errors = [worker.communicate()[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * N_WORKERS, errors
    trials = open_study(drawn, tmp_path).trials
    assert [trial.number for trial in trials] == list(range(N_WORKERS * N_EACH))
    assert sorted(trial.user_attrs["point"] for trial in trials) == list(range(N_WORKERS * N_EACH))
    failed = {trial.user_attrs["point"] for trial in trials if trial.state == TrialState.FAIL}
    assert failed == {worker * N_EACH + 3 for worker in range(N_WORKERS)}
    told = {t.user_attrs["point"]: tuple(t.values) for t in trials if t.state == TrialState.COMPLETE}
    assert told == {t.user_attrs["point"]: (t.params["dropout"], t.user_attrs["point"] / 100) for t in trials
                    if t.state != TrialState.FAIL}  # fmt: skip
    front = {trial.user_attrs["point"] for trial in open_study(drawn, tmp_path).best_trials}
    assert front == front_by_brute_force(told)


def test_values_are_possible_ones(study, drawn):
    settings = {setting.name: setting for setting in drawn.settings}
    for index in range(14):  # ten at random, then by what was learnt
        kept = ask(study, drawn, index)
        assert list(kept.values) == list(settings) and all(
            settings[name].takes(value) for name, value in kept.values.items()
        )
        tell(study, kept, [kept.values["dropout"], kept.values["weight"]])


def test_a_killed_process_goes_on_with_its_trial(drawn, tmp_path):
    """Killed after it asked, before anything was kept."""
    code = WORKER.partition("    if index")[0] + "    import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n"
    killed = subprocess.run([sys.executable, "-c", code, drawn.path, tmp_path, "5", "1"])
    assert killed.returncode == -9
    first = open_study(drawn, tmp_path).trials[0]
    other = ask(open_study(drawn, tmp_path, seed=6), drawn, 6)
    again = open_study(drawn, tmp_path, seed=5)
    kept = ask(again, drawn, 5)
    assert (kept.trial, kept.values, other.trial) == (0, first.params, 1)
    tell(again, kept, [0.7, 0.3])
    assert [trial.state for trial in again.trials] == [TrialState.COMPLETE, TrialState.RUNNING]


def test_results_are_told_once(study, drawn):
    kept = ask(study, drawn, 0)
    for values in ([0.7, 0.3], [0.1, 0.9]):
        tell(study, kept, values)
    tell_failure(study, kept)
    assert len(study.trials) == 1 and study.trials[0].values == [0.7, 0.3]


def test_a_point_that_failed_and_then_succeeds_is_a_further_trial(study, drawn):
    kept = ask(study, drawn, 3)
    tell_failure(study, kept)
    for _ in range(2):
        tell(study, kept, [0.7, 0.3])
    assert [trial.state for trial in study.trials] == [TrialState.FAIL, TrialState.COMPLETE]
    assert study.trials[1].params == kept.values and study.trials[1].user_attrs == {"point": 3}


@pytest.mark.parametrize("undefined", [float("nan"), float("inf")])
def test_an_undefined_figure_is_a_failure(undefined, study, drawn):
    tell(study, ask(study, drawn, 0), [undefined, 0.3])
    assert study.trials[0].state == TrialState.FAIL


def test_one_that_was_ended_early_has_no_results_and_has_not_failed(study, drawn):
    kept = ask(study, drawn, 0)
    tell_ended_early(study, kept)
    assert study.trials[0].state == TrialState.PRUNED
    assert counts_sentence(study) == "1 trials: 0 finished, 1 ended early, 0 failed, 0 running or killed."
    tell(study, ask(study, drawn, 1), [0.9, 0.5])  # the sampler takes both, and the front has the other alone
    assert [trial.number for trial in study.best_trials] == [1]


def test_objectives_are_those_it_was_begun_with(drawn, tmp_path):
    chosen = (Objective("minimize", "error_jnd"), Objective("maximize", "visqol"))
    assert study_objectives(open_study(drawn, tmp_path, chosen)) == chosen
    assert study_objectives(open_study(drawn, tmp_path)) == chosen
    assert study_objectives(open_study(drawn, tmp_path, chosen)) == chosen
    with pytest.raises(ValueError, match="begun with --objectives minimize:error_jnd maximize:visqol"):
        open_study(drawn, tmp_path, DEFAULT)


def test_changed_choices_are_refused(study, drawn, write_sweep):
    tell(study, ask(study, drawn, 0), [0.7, 0.3])
    other = write_sweep(method="random", run_cap=40, parameters={"share": {"values": ["low", "middle"]}})
    with pytest.raises(ValueError, match=r"question\.yaml has other values than the study"):
        ask(study, other, 1)


def test_the_report_counts_and_shows_the_front(study, drawn):
    values = [[0.9, 0.6], [0.8, 0.4], [0.7, 0.5], [0.6, 0.3]]
    for index, told in enumerate(values):
        tell(study, ask(study, drawn, index), told)
    tell_failure(study, ask(study, drawn, 4))
    ask(study, drawn, 5)
    assert counts_sentence(study) == "6 trials: 4 finished, 1 failed, 1 running or killed (points 5)."
    table = front_table(study)
    assert list(table.columns[0].cells) == ["0", "1", "3"] and list(table.columns[1].cells) == ["0.9", "0.8", "0.6"]
    assert table.columns[1].header == "frave\nscore ↑" and len(table.columns) == 3 + len(drawn.settings)
    area = 0.4 * (1 - 0.6) + 0.3 * (0.6 - 0.4) + 0.1 * (0.4 - 0.3)
    assert f"Hypervolume {area:.4f}, counted from frave_score 0.5, multi_resolution_stft 1;" in hypervolume_sentence(
        study
    )
    assert f"{0.1 * 0.1:.4f}" in hypervolume_sentence(study, (0.5, 0.4))


def test_other_objectives_have_no_reference_of_their_own(drawn, tmp_path):
    study = open_study(drawn, tmp_path, (Objective("minimize", "error_jnd"), Objective("maximize", "visqol")))
    assert hypervolume_sentence(study) == "" and "error_jnd 9" in hypervolume_sentence(study, (9.0, 1.0))


def test_a_grid_can_be_a_study_too(grid, tmp_path):
    study = open_study(grid, tmp_path)
    assert {tuple(ask(study, grid, index).values) for index in range(3)} == {("model.a", "model.b")}
    assert journal_path(grid, tmp_path) == tmp_path / "question" / "journal.log"
    assert isinstance(study, optuna.Study) and read_sweep(Path(grid.path)) == grid
    assert ask(study, grid, 0) == KeptPoint(0, study.trials[0].params, 0)


def test_a_journal_is_read_as_text():
    """Optuna unpickles snapshots of storages that have some; a file has none."""
    from optuna.storages.journal import JournalFileBackend
    from optuna.storages.journal._base import BaseJournalSnapshot

    assert not issubclass(JournalFileBackend, BaseJournalSnapshot)
