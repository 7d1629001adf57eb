"""What was read of examined notes becomes figures: of a model that obeys, one that half obeys and one that is deaf."""

import numpy as np
import pytest
import torch

from evaluation.control import control_figures, control_rows, judgement
from evaluation.control.asked_curves import AskedCurves
from evaluation.control.examination import ExaminationSettings, collect, joined, kept_notes
from evaluation.control.judgement import disentanglement_figures, judge, sweeps_of
from evaluation.renderings import Way, ways_of
from synths import Clip
from tests.evaluation.control.stand_in import StandIn, examined, track


def sweeps_on(model, notes, tmp_path):
    """What every knob of all notes did."""
    (sweeps,) = sweeps_of(model, examined(model, notes), tmp_path / "memory")
    return sweeps


def figures_of(sweeps):
    """Figures over all notes and knobs, by name."""
    figures = control_figures(control_rows(sweeps), sweeps.columns)
    return {f.name: f.value for f in figures if (f.knob, f.family, f.register) == (None, None, None)}


def test_a_model_that_obeys(notes, tmp_path):
    """Level goes exactly where asked; sharpness, which hears louder sounds a little differently, is a column beside."""
    sweeps = sweeps_on(StandIn(notes.audio, notes.f0_hz), notes, tmp_path)
    assert sweeps.knobs == ["level"] and [c.name for c in sweeps.columns][-1] == "f0"
    assert {"sharpness", "noisiness"} <= {column.name for column in sweeps.columns}
    audible = sweeps.asked_readings > -65.0  # the level of silence is not infinitely low
    np.testing.assert_allclose(sweeps.of_knob()[audible], sweeps.asked_readings[audible], atol=0.3)
    figures = figures_of(sweeps)
    assert figures["ordering"] == figures["monotonicity"] == 1.0
    assert figures["error_jnd"] < 0.6 and figures["slope"] == pytest.approx(1.0, abs=0.05)


def test_in_reach_is_what_training_notes_of_the_pitch_have(notes, tmp_path):
    """Notes of 150 Hz and more, whose level went from 0.2 to 0.6: three to seven of eleven places, at every pitch."""
    model = StandIn(notes.audio, notes.f0_hz)
    (level,) = model.encoder.each_descriptor()
    ends = level.range.value_at(torch.tensor([0.2, 0.6]))
    level.range.by_pitch.copy_(ends.expand_as(level.range.by_pitch))
    sweeps = sweeps_on(model, notes, tmp_path)
    assert (sweeps.in_reach == ((sweeps.positions > 0.15) & (sweeps.positions < 0.65))).all()
    assert figures_of(sweeps)["error_jnd_in_reach"] < 0.6


def test_a_model_that_is_deaf(notes, tmp_path):
    """Nothing moves: chance, and no slope."""
    figures = figures_of(sweeps_on(StandIn(notes.audio, notes.f0_hz, obeys=0.0), notes, tmp_path))
    assert figures["ordering"] == figures["monotonicity"] == 0.5 and figures["slope"] == 0.0
    assert figures["off_target_drift_jnd"] == 0.0


def test_a_model_that_half_obeys(notes, tmp_path):
    """Half the change asked for."""
    figures = figures_of(sweeps_on(StandIn(notes.audio, notes.f0_hz, obeys=0.5), notes, tmp_path))
    assert figures["slope"] == pytest.approx(0.5, abs=0.03) and figures["ordering"] == 1.0


def test_disentanglement_has_every_descriptor(notes, tmp_path):
    """Factors are the default knobs, whichever the model turns; its own knob is in its codes."""
    model = StandIn(notes.audio, notes.f0_hz)
    figures = disentanglement_figures(model, examined(model, notes), seed=0)
    names = {(f.name, f.knob) for f in figures}
    assert ("leakage", "sharpness") in names and ("mig", None) in names
    values = {(f.name, f.knob): f.value for f in figures}
    assert values["leakage", "level"] == 0.0  # there is no residual


def test_requests_are_the_notes_own_with_one_knob_turned(notes, tmp_path, monkeypatch):
    """What is searched for: each position of the knob, at the note's own pitch; what the model met counts as well."""
    seen = []

    def nothing(knobs, synth, f0_hz, asked, memory):
        seen.append((f0_hz, asked))
        return torch.zeros(len(asked), dtype=torch.bool)

    monkeypatch.setattr(judgement, "remembered_reach", nothing)
    sweeps = sweeps_on(StandIn(notes.audio, notes.f0_hz), notes, tmp_path)
    ((f0_hz, asked),) = seen
    torch.testing.assert_close(asked[:, 0].view(12, 11), torch.linspace(0, 1, 11).expand(12, 11))
    assert f0_hz.view(12, 11).eq(notes.f0_hz[:, :1]).all()
    audible = sweeps.asked_readings > -65.0
    assert sweeps.reachable[audible].all() and not sweeps.reachable[:, :, 0].any()


def test_parts_are_judged_as_one(notes, tmp_path):
    """In whatever batches notes come, all figures of a report are there, those of each way under its name."""
    model, families = StandIn(notes.audio, notes.f0_hz), ["flute"] * 6 + ["reed"] * 6
    ((opened,), _) = ways_of(model, ["open"])
    ways, slices = [opened, Way("exact", *opened[1:])], [slice(0, 5), slice(5, 12)]
    parts = [Clip(*(field[some] for field in notes[:4]), {}) for some in slices]
    collected = [collect(model, part, families[some], track, ways) for part, some in zip(parts, slices, strict=True)]
    lines = [line for part in collected for line in kept_notes(part)]
    assert len(lines) == 12
    together, whole = joined(lines, model.device), collect(model, notes, families, track, ways)
    assert together.notes == whole.notes
    for name in ("open", "exact"):
        torch.testing.assert_close(together.answers[name].own_readings, whole.answers[name].own_readings)
    torch.testing.assert_close(together.positions, whole.positions)
    settings = ExaminationSettings(passes=1)
    asked = AskedCurves(model, together, settings)
    followed = {way.name: [asked.follow(way, batch) for batch in range(asked.n_batches)] for way in ways}
    found = judge(model, together, settings, tmp_path, followed)
    named = {way.name: {f.name for f in found.figures if f.rendering == way.name} for way in ways}
    assert {"ordering", "frave_score", "frave_floor", "leakage", "all_met"} <= named["open"]
    assert {"ordering", "frave_score", "all_met"} <= named["exact"]
    assert not {"frave_floor", "leakage", "dci_completeness"} & named["exact"]  # they say nothing of the rendering
    assert len(found.rows) == 2 * 12 and [each.rendering for each in found.sweeps] == ["open", "exact"]


def test_what_only_another_way_met_is_not_reachable(notes, tmp_path, monkeypatch):
    """Open figures must not depend on what else is examined, nor other ways profit from easy requests."""
    monkeypatch.setattr(judgement, "remembered_reach", lambda *given: torch.zeros(len(given[3]), dtype=torch.bool))
    deaf, met = StandIn(notes.audio, notes.f0_hz, obeys=0.0), StandIn(notes.audio, notes.f0_hz)
    deaf.encoder.load_state_dict(met.encoder.state_dict())
    ((opened,), _), ((other,), _) = ways_of(deaf, ["open"]), ways_of(met, ["open"])
    first, second = sweeps_of(deaf, examined(deaf, notes, ways=[opened, other._replace(name="exact")]), tmp_path)
    assert (first.reachable == second.reachable).all() and first.reachable.sum() < 20
