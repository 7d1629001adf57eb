"""Notes examined: what is turned, rendered and read, and by which ways of rendering."""

import numpy as np
import pytest
import torch

from evaluation.control import examination
from evaluation.control.examination import ExaminationSettings
from evaluation.control.judgement import sweeps_of
from evaluation.renderings import Way, ways_of
from lightning_modules.autoencoder import Rendering
from lightning_modules.encoders import DescriptorEncoder, VariationalResidual
from synths import Level
from tests.evaluation.control.stand_in import CLIP, StandIn, examined


def sweeps_on(model, notes, tmp_path):
    """What every knob of all notes did."""
    (sweeps,) = sweeps_of(model, examined(model, notes), tmp_path / "memory")
    return sweeps


def test_published_residuals_are_drawn(notes, tmp_path):
    """As published, a variational residual is a draw and not its mean; afterwards it is the mean again."""
    model = StandIn(notes.audio, notes.f0_hz)
    model.encoder = DescriptorEncoder(CLIP, [Level], VariationalResidual).eval()
    mean = model.encoder(notes.audio, notes.f0_hz).residual
    drawn = examined(model, notes, drawn=True).encoding.residual
    assert (drawn - mean).abs().mean() > 0.1
    assert model.encoder(notes.audio, notes.f0_hz).residual.equal(mean)
    assert examined(model, notes).encoding.residual.equal(mean)


@pytest.mark.parametrize("settings", [{"n_notes": -1}, {"passes": 0}])
def test_numbers_out_of_range_are_refused(settings):
    """By key."""
    with pytest.raises(ValueError, match="control\\."):
        ExaminationSettings(**settings)


def test_notes_have_family_and_register(notes, tmp_path):
    """Family as given, register by pitch: 150 Hz is low, 300 Hz middle, 500 Hz high."""
    found = sweeps_on(StandIn(notes.audio, notes.f0_hz), notes, tmp_path).notes
    assert [note.register for note in found] == ["low"] * 4 + ["middle"] * 6 + ["high"] * 2
    assert found[0].name == "note0" and found[-1].family == "reed"


def test_pitch_is_read_where_it_is_tracked(notes, tmp_path):
    """In cents from the pitch of the note, at three positions only."""
    sweeps = sweeps_on(StandIn(notes.audio, notes.f0_hz), notes, tmp_path)
    known = np.isfinite(sweeps.measured_readings[:, 0, :, -1])
    assert (known.sum(axis=1) == 3).all() and known[0, [2, 5, 8]].all()
    cents = 1200 * np.abs(np.log2(440.0 / notes.f0_hz[:, 0].numpy()))
    np.testing.assert_allclose(sweeps.own_readings[:, -1], cents, rtol=1e-3)


def test_a_perfect_system_is_charged_nothing(notes, tmp_path, monkeypatch):
    """Its sound has exactly the positions that were asked, frame by frame, of notes that swell and stop: 0 JND."""
    shape = torch.linspace(0, 1, CLIP.n_samples) ** 2 * (torch.arange(CLIP.n_samples) < 7000)
    swelling = notes._replace(audio=notes.audio * shape)
    model = StandIn(swelling.audio, notes.f0_hz)
    played, read = {}, examination._frames

    def put_together(f0_hz, encoding):
        played["audio"], played["controls"] = torch.zeros(len(f0_hz), CLIP.n_samples), encoding.controls
        return Rendering(played["audio"], {}, encoding)

    def read_what_was_asked(descriptors, audio, f0_hz, every):
        values = read(descriptors, audio, f0_hz, every)
        if audio is played.get("audio"):
            values[..., 0] = descriptors[0].value_at(played["controls"][:, ::every, 0])
        return values

    model.put_together = put_together
    monkeypatch.setattr(examination, "_frames", read_what_was_asked)
    sweeps = sweeps_on(model, swelling, tmp_path)
    np.testing.assert_allclose(sweeps.frame_errors_jnd, 0.0, atol=0.01)
    np.testing.assert_allclose(sweeps.of_knob()[:, 0], sweeps.asked_readings[:, 0], atol=0.01)


def test_every_way_renders(notes, tmp_path):
    """Told what sounds and which knob is turned, none while a note is as it was; the open figures do not change."""
    model, told = StandIn(notes.audio, notes.f0_hz, obeys=0.0), []
    met = StandIn(notes.audio, notes.f0_hz)
    model.encoder.load_state_dict(met.encoder.state_dict())

    def exact(f0_hz, encoding, sounding, turned):
        told.append((sounding.shape, turned))
        torch.rand(1)
        return met.put_together(f0_hz, encoding)

    ((opened,), _) = ways_of(model, ["open"])
    both = examined(model, notes, ways=[opened, Way("exact", exact, exact)])
    first, second = sweeps_of(model, both, tmp_path)
    audible = second.asked_readings > -65.0
    np.testing.assert_allclose(second.of_knob()[audible], second.asked_readings[audible], atol=0.3)
    assert (first.rendering, second.rendering) == ("open", "exact") and (first.reachable == second.reachable).all()
    np.testing.assert_array_equal(first.measured_readings, sweeps_on(model, notes, tmp_path).measured_readings)
    turned = torch.cat([turned for _, turned in told])
    assert not turned[:12].any() and turned[12:].all() and len(turned) == 12 * (1 + 11)
    assert all(shape == (len(turned), CLIP.n_frames // 4 + 1) for shape, turned in told)


def test_other_ways_draw_other_noise(notes):
    """The caller's random numbers are those that the open rendering leaves."""
    model = StandIn(notes.audio, notes.f0_hz)

    def noisy(f0_hz, encoding, sounding, turned):
        return Rendering(torch.rand(len(f0_hz), CLIP.n_samples), {}, encoding)

    opened = ways_of(model, ["open"])[0][0]._replace(put_together=noisy)
    torch.manual_seed(3)
    alone = examined(model, notes, ways=[opened]).answers["open"].measured_readings
    state = torch.get_rng_state()
    torch.manual_seed(3)
    both = examined(model, notes, ways=[opened, Way("exact", noisy, noisy)]).answers
    assert torch.get_rng_state().equal(state)
    torch.testing.assert_close(both["open"].measured_readings, alone, rtol=0, atol=0, equal_nan=True)
    assert not both["exact"].measured_readings.allclose(alone, equal_nan=True)


def test_frames_are_compared_with_the_turned_course(notes, tmp_path):
    """The knob's course is the recording's, moved: a deaf model is as far off in every frame of a steady note."""
    model = StandIn(notes.audio, notes.f0_hz, obeys=0.0)
    sweeps = sweeps_on(model, notes, tmp_path)
    off = np.abs(sweeps.of_knob() - sweeps.asked_readings)[:, 0, 1:]
    np.testing.assert_allclose(sweeps.frame_errors_jnd[:, 0, 1:], off, rtol=0.05, atol=0.3)
    np.testing.assert_allclose(sweeps.recorded_readings[:, 0], sweeps.own_readings[:, 0], atol=0.01)
    assert (sweeps.cost > 0.0).all() and sweeps.cost.shape == (12, 1)


@pytest.mark.parametrize("renderings", [("exact",), ()])
def test_the_open_rendering_is_always_examined(renderings):
    with pytest.raises(ValueError, match=r"control\.renderings"):
        ExaminationSettings(renderings=renderings)
