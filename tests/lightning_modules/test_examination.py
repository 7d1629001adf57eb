"""Knobs turned and read: stand-ins for a model that obeys, one that half obeys and one that is deaf."""

import numpy as np
import pytest
import torch

from lightning_modules import examination
from lightning_modules.autoencoder import Rendering
from lightning_modules.encoders import DescriptorEncoder, Encoding, VariationalResidual
from lightning_modules.examination import Examination, ExaminationSettings, remembered_reach
from lightning_modules.metrics.control import control_figures, control_rows
from synths import Clip, ClipFormat, Level, Sharpness, SMSSynth

CLIP = ClipFormat(sample_rate=16000, n_samples=8000, hop=160)


def gain_of(asked, own, level):
    """Positions asked and own (b, F) of the level knob -> (b, N) amplitude that leads from the one to the other."""
    difference_db = level.from_unit(asked) - level.from_unit(own)
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
        own = self.encoder.measure(audio, f0_hz)[..., 0]
        asked = own + self.obeys * (encoding.controls[..., 0] - own)
        return Rendering(audio * gain_of(asked, own, level), {}, encoding)


@pytest.fixture
def notes(harmonic_tone):
    """Twelve tones of different pitch and level, as a clip."""
    pitches = 150.0 * 2 ** (torch.arange(12) / 6)
    audio = torch.cat([harmonic_tone(CLIP, float(f0)) for f0 in pitches]) * torch.linspace(0.1, 1.0, 12)[:, None]
    f0_hz = pitches[:, None].repeat(1, CLIP.n_frames)
    return Clip(audio, f0_hz, torch.ones_like(f0_hz), [f"note{n}" for n in range(12)], {})


def examined(model, notes, tmp_path, **settings):
    """An examination of all notes, pitch being tracked without fault."""

    def track(audio):
        return torch.full((len(audio), CLIP.n_frames), 440.0), torch.ones(len(audio), CLIP.n_frames)

    examination = Examination(model, track, ExaminationSettings(**settings), tmp_path / "memory")
    examination.add(notes, ["flute"] * 6 + ["reed"] * 6)
    return examination


def figures_of(sweeps):
    """Figures over all notes and knobs, by name."""
    figures = control_figures(control_rows(sweeps), sweeps.columns)
    return {f.name: f.value for f in figures if (f.knob, f.family, f.register) == (None, None, None)}


def test_a_model_that_obeys(notes, tmp_path):
    """Level goes exactly where asked; sharpness, which hears louder sounds a little differently, is a column beside."""
    sweeps = examined(StandIn(notes.audio, notes.f0_hz), notes, tmp_path).sweeps()
    assert sweeps.knobs == ["level"] and [c.name for c in sweeps.columns][-1] == "f0"
    assert {"sharpness", "noisiness"} <= {column.name for column in sweeps.columns}
    audible = sweeps.asked > -65.0  # the level of silence is not infinitely low
    np.testing.assert_allclose(sweeps.of_knob()[audible], sweeps.asked[audible], atol=0.3)
    figures = figures_of(sweeps)
    assert figures["ordering"] == figures["monotonicity"] == 1.0
    assert figures["error_jnd"] < 0.6 and figures["slope"] == pytest.approx(1.0, abs=0.05)


def test_a_perfect_system_is_charged_nothing(notes, tmp_path, monkeypatch):
    """Its sound has exactly the positions that were asked, frame by frame, of notes that swell and stop: 0 JND."""
    shape = torch.linspace(0, 1, CLIP.n_samples) ** 2 * (torch.arange(CLIP.n_samples) < 7000)
    swelling = notes._replace(audio=notes.audio * shape)
    model = StandIn(swelling.audio, notes.f0_hz)
    played, read = {}, Examination._read

    def put_together(f0_hz, encoding):
        played["audio"], played["controls"] = torch.zeros(len(f0_hz), CLIP.n_samples), encoding.controls
        return Rendering(played["audio"], {}, encoding)

    def read_what_was_asked(self, audio, f0_hz):
        values = read(self, audio, f0_hz)
        if audio is played.get("audio"):
            values[..., 0] = self.descriptors[0].from_unit(played["controls"][:, :: model.encoder.judged_every, 0])
        return values

    model.put_together = put_together
    monkeypatch.setattr(Examination, "_read", read_what_was_asked)
    sweeps = examined(model, swelling, tmp_path).sweeps()
    np.testing.assert_allclose(sweeps.of_knob()[:, 0], sweeps.asked[:, 0], atol=0.01)


def test_a_model_that_is_deaf(notes, tmp_path):
    """Nothing moves: chance, and no slope."""
    figures = figures_of(examined(StandIn(notes.audio, notes.f0_hz, obeys=0.0), notes, tmp_path).sweeps())
    assert figures["ordering"] == figures["monotonicity"] == 0.5 and figures["slope"] == 0.0
    assert figures["off_target_drift_jnd"] == 0.0


def test_a_model_that_half_obeys(notes, tmp_path):
    """Half the change asked for."""
    figures = figures_of(examined(StandIn(notes.audio, notes.f0_hz, obeys=0.5), notes, tmp_path).sweeps())
    assert figures["slope"] == pytest.approx(0.5, abs=0.03) and figures["ordering"] == 1.0


def test_pitch_is_read_where_it_is_tracked(notes, tmp_path):
    """In cents from the pitch of the note, at three positions only."""
    sweeps = examined(StandIn(notes.audio, notes.f0_hz), notes, tmp_path).sweeps()
    known = np.isfinite(sweeps.measured[:, 0, :, -1])
    assert (known.sum(axis=1) == 3).all() and known[0, [2, 5, 8]].all()
    cents = 1200 * np.abs(np.log2(440.0 / notes.f0_hz[:, 0].numpy()))
    np.testing.assert_allclose(sweeps.own[:, -1], cents, rtol=1e-3)


def test_notes_have_family_and_register(notes, tmp_path):
    """Family as given, register by pitch: 150 Hz is low, 300 Hz middle, 500 Hz high."""
    found = examined(StandIn(notes.audio, notes.f0_hz), notes, tmp_path).sweeps().notes
    assert [note.register for note in found] == ["low"] * 4 + ["middle"] * 6 + ["high"] * 2
    assert found[0].name == "note0" and found[-1].family == "reed"


@pytest.mark.parametrize("as_published", [False, True])
def test_curves_are_followed(notes, tmp_path, as_published):
    """F-RAVE's score is high for the model that obeys, and the floor is what its deaf brother scores."""
    scores = {}
    for obeys in (1.0, 0.0):
        model = StandIn(notes.audio, notes.f0_hz, obeys)
        figures = examined(model, notes, tmp_path, passes=2, as_published=as_published).frave()
        scores[obeys] = {f.name: f.value for f in figures if f.knob is None}
    assert scores[1.0]["frave_score"] > 0.9 > scores[0.0]["frave_score"]
    assert scores[0.0]["frave_score"] == pytest.approx(scores[0.0]["frave_floor"], abs=1e-3)


def test_disentanglement_has_every_descriptor(notes, tmp_path):
    """Factors are the default knobs, whichever the model turns; its own knob is in its codes."""
    figures = examined(StandIn(notes.audio, notes.f0_hz), notes, tmp_path).disentanglement()
    names = {(f.name, f.knob) for f in figures}
    assert ("leakage", "sharpness") in names and ("mig", None) in names
    values = {(f.name, f.knob): f.value for f in figures}
    assert values["leakage", "level"] == 0.0  # there is no residual


def test_published_residuals_are_drawn(notes, tmp_path):
    """As published, a variational residual is a draw and not its mean; afterwards it is the mean again."""
    model = StandIn(notes.audio, notes.f0_hz)
    model.encoder = DescriptorEncoder(CLIP, [Level], VariationalResidual).eval()
    mean = model.encoder(notes.audio, notes.f0_hz).residual
    drawn = examined(model, notes, tmp_path, as_published=True).examined[0].encoding.residual
    assert (drawn - mean).abs().mean() > 0.1
    assert model.encoder(notes.audio, notes.f0_hz).residual.equal(mean)
    assert examined(model, notes, tmp_path).examined[0].encoding.residual.equal(mean)


def test_requests_are_the_notes_own_with_one_knob_turned(notes, tmp_path, monkeypatch):
    """What is searched for: each position of the knob, at the note's own pitch; what the model met counts as well."""
    seen = []

    def nothing(knobs, synth, f0_hz, asked, memory):
        seen.append((f0_hz, asked))
        return torch.zeros(len(asked), dtype=torch.bool)

    monkeypatch.setattr(examination, "remembered_reach", nothing)
    sweeps = examined(StandIn(notes.audio, notes.f0_hz), notes, tmp_path).sweeps()
    ((f0_hz, asked),) = seen
    torch.testing.assert_close(asked[:, 0].view(12, 11), torch.linspace(0, 1, 11).expand(12, 11))
    assert f0_hz.view(12, 11).eq(notes.f0_hz[:, :1]).all()
    audible = sweeps.asked > -65.0
    assert sweeps.reachable[audible].all() and not sweeps.reachable[:, :, 0].any()


def test_what_can_be_met_is_searched_once(tmp_path, monkeypatch):
    """The second asking reads the answer; another range, pitch or position asks anew."""
    asked_for = []

    def search(knobs, synth, f0_hz, asked):
        asked_for.append(len(asked))
        return asked[:, 0] < 0.5

    monkeypatch.setattr(examination, "reachable_in_sound", search)
    knobs, synth, f0_hz = [Sharpness(CLIP)], SMSSynth(CLIP), torch.tensor([100.0, 200.0])
    asked = torch.tensor([[0.2], [0.8]])
    for _ in range(2):
        assert remembered_reach(knobs, synth, f0_hz, asked, tmp_path).tolist() == [True, False]
    assert len(asked_for) == 1
    (answer,) = tmp_path.iterdir()
    for damaged in (b"", answer.read_bytes()[:-1], b"no array"):
        answer.write_bytes(damaged)
        assert remembered_reach(knobs, synth, f0_hz, asked, tmp_path).tolist() == [True, False]
    assert len(asked_for) == 4 and np.load(answer).tolist() == [True, False]
    remembered_reach(knobs, synth, 2 * f0_hz, asked, tmp_path)
    remembered_reach(knobs, synth, f0_hz, 0.5 * asked, tmp_path)
    knobs[0].range.span.mul_(2.0)
    remembered_reach(knobs, synth, f0_hz, asked, tmp_path)
    assert len(asked_for) == 7


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

    examination_ = examined(model, notes, tmp_path)
    part = examination_.examined[0]
    with_factor = torch.cat([part.encoding.controls, torch.full_like(part.encoding.controls, 0.3)], dim=-1)
    examination_.examined[0] = part._replace(encoding=Encoding(with_factor, part.encoding.residual, {}))
    model.put_together = spy
    examination_.frave()
    assert seen and all(factor.eq(0.3).all() for factor in seen)


def test_exact_knobs_are_examined(notes, tmp_path):
    """Where they are given, they render: told what sounds and which knob is turned, none while a note is as it was."""
    model, told = StandIn(notes.audio, notes.f0_hz, obeys=0.0), []

    def exact(f0_hz, encoding, sounding, turned):
        told.append((sounding.shape, turned))
        return StandIn(notes.audio, notes.f0_hz).put_together(f0_hz, encoding)

    model.encoder.load_state_dict(StandIn(notes.audio, notes.f0_hz).encoder.state_dict())
    examination = Examination(
        model, lambda audio: (audio[:, ::160], audio[:, ::160]), ExaminationSettings(), tmp_path, exact
    )
    examination.add(notes, ["flute"] * 12)
    sweeps = examination.sweeps()
    audible = sweeps.asked > -65.0
    np.testing.assert_allclose(sweeps.of_knob()[audible], sweeps.asked[audible], atol=0.3)
    assert not told[0][1].any() and all(turned.all() for _, turned in told[1:])
    assert all(shape == (len(turned), CLIP.n_frames // 4 + 1) for shape, turned in told)
