"""What a study optimises, and the area under its front."""

import json
import math

import numpy as np
import pytest

from studies.sweep.objective import DEFAULT, Objective, hypervolume, parse_objective, read_values


def write_report(folder, figures, knob=None):
    """A tested run's folder, with figures of control."""
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text("seed_everything: 0\n")
    about = {"low": None, "high": None, "unit": "1", "better": "higher", "definition": ""}
    metrics = [{"name": "multi_resolution_stft", "mean": 0.5, **about}]
    (folder / "metrics.json").write_text(json.dumps({"n_notes": 1, "metrics": metrics}))
    entries = [{"name": name, "value": value, "knob": knob, **about} for name, value in figures.items()]
    (folder / "control.json").write_text(json.dumps({"knobs": [], "figures": entries}))
    return folder


def test_objectives_are_read_as_they_are_written():
    assert parse_objective("minimize:error_jnd") == Objective("minimize", "error_jnd")
    assert [parse_objective(objective.text) for objective in DEFAULT] == list(DEFAULT)


@pytest.mark.parametrize("text", ["frave_score", "max:frave_score", "maximize:", ":a", ""])
def test_another_form_is_refused(text):
    with pytest.raises(ValueError, match="write maximize:FIGURE"):
        parse_objective(text)


def test_values_come_in_the_order_of_the_objectives(tmp_path):
    folder = write_report(tmp_path / "run", {"frave_score": 0.9, "ordering": None})
    assert read_values(folder, DEFAULT) == [0.9, 0.5] and read_values(folder, DEFAULT[::-1]) == [0.5, 0.9]
    assert math.isnan(read_values(folder, [Objective("maximize", "ordering")])[0])


def test_a_figure_that_no_run_has_is_named(tmp_path):
    """A single knob's is not that of all."""
    folder = write_report(tmp_path / "run", {"frave_score": 0.9}, knob="level")
    with pytest.raises(ValueError, match="no figure frave_score: choose among multi_resolution_stft"):
        read_values(folder, DEFAULT)


@pytest.mark.parametrize("ways", [("minimize", "minimize"), ("maximize", "minimize"), ("maximize", "maximize")])
def test_hypervolume_is_the_area_that_some_point_dominates(ways):
    """Against counting the cells of a fine grid."""
    random = np.random.default_rng(0)
    objectives = [Objective(way, "x") for way in ways]
    signs = np.array([objective.sign for objective in objectives])
    reference = signs * 0.8
    cells = (np.stack(np.meshgrid(np.arange(400), np.arange(400)), -1).reshape(-1, 2) + 0.5) / 400
    for n_points in (1, 2, 7, 20):
        points = random.random((n_points, 2))
        covered = (points[None] <= cells[:, None]).all(-1).any(-1) & (cells < 0.8).all(-1)
        assert hypervolume((signs * points).tolist(), objectives, reference) == pytest.approx(covered.mean(), abs=0.01)


def test_hypervolume_agrees_with_optuna():
    compute = pytest.importorskip("optuna._hypervolume").compute_hypervolume
    random = np.random.default_rng(1)
    objectives = [Objective("minimize", "a"), Objective("minimize", "b")]
    for _ in range(20):
        points = random.random((12, 2))
        expected = compute(points[(points < 0.9).all(-1)], np.array([0.9, 0.9]))
        assert hypervolume(points.tolist(), objectives, [0.9, 0.9]) == pytest.approx(expected, abs=1e-12)


def test_nothing_dominates_nothing():
    assert hypervolume([], DEFAULT, (0.5, 1.0)) == 0.0
    assert hypervolume([(0.4, 0.2), (0.9, 1.5), (math.nan, 0.1)], DEFAULT, (0.5, 1.0)) == 0.0
    assert hypervolume([(0.9, 0.4), (0.9, 0.4)], DEFAULT, (0.5, 1.0)) == pytest.approx(0.4 * 0.6)
