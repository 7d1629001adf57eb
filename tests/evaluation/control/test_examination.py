"""Knobs turned and read: stand-ins for a model that obeys, one that half obeys and one that is deaf."""

import numpy as np
import pytest
import torch

from evaluation.control import control_figures, control_rows, examination, judgement
from evaluation.control.examination import ExaminationSettings, collect, join
from evaluation.control.judgement import disentanglement_figures, frave_figures, judge, sweeps_of
from lightning_modules.autoencoder import Rendering
from lightning_modules.encoders import DescriptorEncoder, Encoding, VariationalResidual
from synths import Clip, ClipFormat, Level, SMSSynth

CLIP = ClipFormat(sample_rate=16000, n_samples=8000, hop=160)


def gain_of(asked, own, level):
    """Positions asked and own (b, F) of the level knob -> (b, N) amplitude that leads from the one to the other."""
    difference_db = level.value_at(asked) - level.value_at(own)
    return (10 ** (difference_db / 20)).repeat_interleave(CLIP.hop, dim=1)


class StandIn:
    """A model with one knob, level, whose sound is the recording at another gain; `obeys` says how much of it."""

    def __init__(self, audio, f0_hz, obeys=1.0):
        self.clip, self.device = CLIP, torch.device("cpu")
        self.encoder = DescriptorEncoder(CLIP, [Level])
        self.encoder.calibrate([(audio * torch.linspace(0.01, 1.0, len(audio))[:, None], f0_hz)])
        self.synth = SMSSynth(CLIP)
        self.audio, self.f0_hz, self.obeys = audio, f0_hz, obeys

    def put_together(self, f0_hz, encoding):
        """The recordings of these pitches, louder or softer."""
        which = [int((self.f0_hz[:, 0] - pitch).abs().argmin()) for pitch in f0_hz[:, 0]]
        audio, (level,) = self.audio[which], list(self.encoder.each_descriptor())
        own = self.encoder.knob_positions(audio, f0_hz)[..., 0]
        asked = own + self.obeys * (encoding.controls[..., 0] - own)
        return Rendering(audio * gain_of(asked, own, level), {}, encoding)


@pytest.fixture
def notes(harmonic_tone):
    """Twelve tones of different pitch and level, as a clip."""
    pitches = 150.0 * 2 ** (torch.arange(12) / 6)
    audio = torch.cat([harmonic_tone(CLIP, float(f0)) for f0 in pitches]) * torch.linspace(0.1, 1.0, 12)[:, None]
    f0_hz = pitches[:, None].repeat(1, CLIP.n_frames)
    return Clip(audio, f0_hz, torch.ones_like(f0_hz), [f"note{n}" for n in range(12)], {})


def track(audio):
    """A tracker that hears 440 Hz in everything, without doubt."""
    return torch.full((len(audio), CLIP.n_frames), 440.0), torch.ones(len(audio), CLIP.n_frames)


def examined(model, notes, drawn=False):
    """All notes, examined."""
    return collect(model, notes, ["flute"] * 6 + ["reed"] * 6, track, drawn)


def swept(model, notes, tmp_path):
    """What every knob of all notes did."""
    return sweeps_of(model, examined(model, notes), tmp_path / "memory")


def figures_of(sweeps):
    """Figures over all notes and knobs, by name."""
    figures = control_figures(control_rows(sweeps), sweeps.columns)
    return {f.name: f.value for f in figures if (f.knob, f.family, f.register) == (None, None, None)}


def test_a_model_that_obeys(notes, tmp_path):
    """Level goes exactly where asked; sharpness, which hears louder sounds a little differently, is a column beside."""
    sweeps = swept(StandIn(notes.audio, notes.f0_hz), notes, tmp_path)
    assert sweeps.knobs == ["level"] and [c.name for c in sweeps.columns][-1] == "f0"
    assert {"sharpness", "noisiness"} <= {column.name for column in sweeps.columns}
    audible = sweeps.asked_readings > -65.0  # the level of silence is not infinitely low
    np.testing.assert_allclose(sweeps.of_knob()[audible], sweeps.asked_readings[audible], atol=0.3)
    figures = figures_of(sweeps)
    assert figures["ordering"] == figures["monotonicity"] == 1.0
    assert figures["error_jnd"] < 0.6 and figures["slope"] == pytest.approx(1.0, abs=0.05)


def test_a_perfect_system_is_charged_nothing(notes, tmp_path, monkeypatch):
    """Its sound has exactly the positions that were asked, frame by frame, of notes that swell and stop: 0 JND."""
    shape = torch.linspace(0, 1, CLIP.n_samples) ** 2 * (torch.arange(CLIP.n_samples) < 7000)
    swelling = notes._replace(audio=notes.audio * shape)
    model = StandIn(swelling.audio, notes.f0_hz)
    played, read = {}, examination._Reader.frames

    def put_together(f0_hz, encoding):
        played["audio"], played["controls"] = torch.zeros(len(f0_hz), CLIP.n_samples), encoding.controls
        return Rendering(played["audio"], {}, encoding)

    def read_what_was_asked(self, audio, f0_hz):
        values = read(self, audio, f0_hz)
        if audio is played.get("audio"):
            values[..., 0] = self.descriptors[0].value_at(played["controls"][:, :: model.encoder.judged_every, 0])
        return values

    model.put_together = put_together
    monkeypatch.setattr(examination._Reader, "frames", read_what_was_asked)
    sweeps = swept(model, swelling, tmp_path)
    np.testing.assert_allclose(sweeps.of_knob()[:, 0], sweeps.asked_readings[:, 0], atol=0.01)


def test_a_model_that_is_deaf(notes, tmp_path):
    """Nothing moves: chance, and no slope."""
    figures = figures_of(swept(StandIn(notes.audio, notes.f0_hz, obeys=0.0), notes, tmp_path))
    assert figures["ordering"] == figures["monotonicity"] == 0.5 and figures["slope"] == 0.0
    assert figures["off_target_drift_jnd"] == 0.0


def test_a_model_that_half_obeys(notes, tmp_path):
    """Half the change asked for."""
    figures = figures_of(swept(StandIn(notes.audio, notes.f0_hz, obeys=0.5), notes, tmp_path))
    assert figures["slope"] == pytest.approx(0.5, abs=0.03) and figures["ordering"] == 1.0


def test_pitch_is_read_where_it_is_tracked(notes, tmp_path):
    """In cents from the pitch of the note, at three positions only."""
    sweeps = swept(StandIn(notes.audio, notes.f0_hz), notes, tmp_path)
    known = np.isfinite(sweeps.measured_readings[:, 0, :, -1])
    assert (known.sum(axis=1) == 3).all() and known[0, [2, 5, 8]].all()
    cents = 1200 * np.abs(np.log2(440.0 / notes.f0_hz[:, 0].numpy()))
    np.testing.assert_allclose(sweeps.own_readings[:, -1], cents, rtol=1e-3)


def test_notes_have_family_and_register(notes, tmp_path):
    """Family as given, register by pitch: 150 Hz is low, 300 Hz middle, 500 Hz high."""
    found = swept(StandIn(notes.audio, notes.f0_hz), notes, tmp_path).notes
    assert [note.register for note in found] == ["low"] * 4 + ["middle"] * 6 + ["high"] * 2
    assert found[0].name == "note0" and found[-1].family == "reed"


@pytest.mark.parametrize("as_published", [False, True])
def test_curves_are_followed(notes, tmp_path, as_published):
    """F-RAVE's score is high for the model that obeys, and the floor is what its deaf brother scores."""
    scores = {}
    for obeys in (1.0, 0.0):
        model = StandIn(notes.audio, notes.f0_hz, obeys)
        figures = frave_figures(model, examined(model, notes), ExaminationSettings(passes=2, as_published=as_published))
        scores[obeys] = {f.name: f.value for f in figures if f.knob is None}
    assert scores[1.0]["frave_score"] > 0.9 > scores[0.0]["frave_score"]
    assert scores[0.0]["frave_score"] == pytest.approx(scores[0.0]["frave_floor"], abs=1e-3)


def test_disentanglement_has_every_descriptor(notes, tmp_path):
    """Factors are the default knobs, whichever the model turns; its own knob is in its codes."""
    model = StandIn(notes.audio, notes.f0_hz)
    figures = disentanglement_figures(model, examined(model, notes), seed=0)
    names = {(f.name, f.knob) for f in figures}
    assert ("leakage", "sharpness") in names and ("mig", None) in names
    values = {(f.name, f.knob): f.value for f in figures}
    assert values["leakage", "level"] == 0.0  # there is no residual


def test_published_residuals_are_drawn(notes, tmp_path):
    """As published, a variational residual is a draw and not its mean; afterwards it is the mean again."""
    model = StandIn(notes.audio, notes.f0_hz)
    model.encoder = DescriptorEncoder(CLIP, [Level], VariationalResidual).eval()
    mean = model.encoder(notes.audio, notes.f0_hz).residual
    drawn = examined(model, notes, drawn=True).encoding.residual
    assert (drawn - mean).abs().mean() > 0.1
    assert model.encoder(notes.audio, notes.f0_hz).residual.equal(mean)
    assert examined(model, notes).encoding.residual.equal(mean)


def test_requests_are_the_notes_own_with_one_knob_turned(notes, tmp_path, monkeypatch):
    """What is searched for: each position of the knob, at the note's own pitch; what the model met counts as well."""
    seen = []

    def nothing(knobs, synth, f0_hz, asked, memory):
        seen.append((f0_hz, asked))
        return torch.zeros(len(asked), dtype=torch.bool)

    monkeypatch.setattr(judgement, "remembered_reach", nothing)
    sweeps = swept(StandIn(notes.audio, notes.f0_hz), notes, tmp_path)
    ((f0_hz, asked),) = seen
    torch.testing.assert_close(asked[:, 0].view(12, 11), torch.linspace(0, 1, 11).expand(12, 11))
    assert f0_hz.view(12, 11).eq(notes.f0_hz[:, :1]).all()
    audible = sweeps.asked_readings > -65.0
    assert sweeps.reachable[audible].all() and not sweeps.reachable[:, :, 0].any()


@pytest.mark.parametrize("settings", [{"n_notes": -1}, {"passes": 0}])
def test_numbers_out_of_range_are_refused(settings):
    """By key."""
    with pytest.raises(ValueError, match="control\\."):
        ExaminationSettings(**settings)


def test_further_controls_stay(notes, tmp_path):
    """Curves are asked of the knobs; what is behind them in the controls is the note's own."""
    model = StandIn(notes.audio, notes.f0_hz)
    seen = []
    put_together = model.put_together

    def spy(f0_hz, encoding):
        seen.append(encoding.controls[..., 1:].clone())
        return put_together(f0_hz, encoding)

    part = examined(model, notes)
    with_factor = torch.cat([part.encoding.controls, torch.full_like(part.encoding.controls, 0.3)], dim=-1)
    model.put_together = spy
    encoding = Encoding(with_factor, part.encoding.residual, {})
    frave_figures(model, part._replace(encoding=encoding), ExaminationSettings())
    assert seen and all(factor.eq(0.3).all() for factor in seen)


def test_parts_are_judged_as_one(notes, tmp_path):
    """In whatever batches notes come; all figures of a report are there."""
    model, families = StandIn(notes.audio, notes.f0_hz), ["flute"] * 6 + ["reed"] * 6
    slices = [slice(0, 5), slice(5, 12)]
    parts = [Clip(*(field[some] for field in notes[:4]), {}) for some in slices]
    joined = join([collect(model, part, families[some], track) for part, some in zip(parts, slices, strict=True)])
    whole = collect(model, notes, families, track)
    assert joined.notes == whole.notes and joined.measured_readings.shape == whole.measured_readings.shape
    torch.testing.assert_close(joined.positions, whole.positions)
    found = judge(model, joined, ExaminationSettings(passes=1), tmp_path)
    assert {"ordering", "frave_score", "frave_floor", "leakage"} <= {figure.name for figure in found.figures}
    assert len(found.rows) == len(found.sweeps.notes) == 12


def test_exact_knobs_are_examined(notes, tmp_path):
    """Where they are given, they render: told what sounds and which knob is turned, none while a note is as it was."""
    model, told = StandIn(notes.audio, notes.f0_hz, obeys=0.0), []

    def exact(f0_hz, encoding, sounding, turned):
        told.append((sounding.shape, turned))
        return StandIn(notes.audio, notes.f0_hz).put_together(f0_hz, encoding)

    model.encoder.load_state_dict(StandIn(notes.audio, notes.f0_hz).encoder.state_dict())
    examined = collect(model, notes, ["flute"] * 12, track, exact=exact)
    sweeps = sweeps_of(model, examined, tmp_path)
    audible = sweeps.asked_readings > -65.0
    np.testing.assert_allclose(sweeps.of_knob()[audible], sweeps.asked_readings[audible], atol=0.3)
    assert not told[0][1].any() and all(turned.all() for _, turned in told[1:])
    assert all(shape == (len(turned), CLIP.n_frames // 4 + 1) for shape, turned in told)
