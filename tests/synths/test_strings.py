"""The layer of stiff strings."""

import pytest
import torch

from lightning_modules.timbre_model import TimbreModel
from synths import (
    ClipFormat,
    FilteredNoise,
    Harmonics,
    Layers,
    Noisiness,
    OddEvenBalance,
    SMSSynth,
    Strings,
    measure_all,
    measure_all_layers,
)
from synths.stiffness import RIGAUD, StringsListener, one_stiffness

CLIP = ClipFormat(16000, 16000, 160)


def raw_of(part, batch=1, seed=0):
    """Random raw parameters."""
    chance = torch.Generator().manual_seed(seed)
    return {name: torch.randn(batch, CLIP.n_frames, size, generator=chance) for name, size in part.sizes.items()}


def pitch_of(f0_hz, batch=1):
    return torch.full((batch, CLIP.n_frames), f0_hz)


def test_strings_that_are_not_stiff_are_harmonics():
    """The same sound from the same numbers."""
    strings, harmonics = Strings(CLIP, stiffness=0.0), Harmonics(CLIP)
    raw, f0_hz = raw_of(strings), pitch_of(220.0)
    torch.testing.assert_close(strings(f0_hz, raw), harmonics(f0_hz, raw), atol=1e-4, rtol=0)


def test_partials_lie_where_they_should():
    """Amplitudes and frequencies by their equation; what reaches Nyquist is silent."""
    part = Strings(CLIP, stiffness=1e-3)
    played = part.layers(pitch_of(440.0), raw_of(part))
    k = torch.arange(1, 101, dtype=torch.float64)
    expected = 440.0 * k * (1.0 + 1e-3 * k**2).sqrt()
    torch.testing.assert_close(played["frequencies_hz"][0, 0].double(), expected, rtol=1e-6, atol=0)
    assert ((played["amplitudes"][0, 0] > 0) == (expected < 8000.0)).all()


def test_two_strings_beat():
    """10 cents at 880 Hz: 5.1 beats a second, as loud as one string where they meet."""
    one, two = Strings(CLIP, 1, stiffness=0.0), Strings(CLIP, 1, stiffness=0.0, n_strings=2, detune_cents=10.0)
    raw = {name: torch.zeros(1, CLIP.n_frames, 1) for name in one.sizes}
    alone, both = one(pitch_of(880.0), raw), two(pitch_of(880.0), raw)
    quiet = round(0.5 / (880.0 * (2 ** (5 / 1200) - 2 ** (-5 / 1200))) * 16000)
    level = both.unfold(1, 80, 1).square().mean(-1)[0]
    assert level[quiet - 100 : quiet + 100].min() < 0.01 * level[:100].max()
    assert level[2 * quiet - 40] == pytest.approx(float(alone.square().mean()), rel=0.1)


def test_calibration_measures_the_curve():
    """Notes that another piano played; a given curve stays."""
    true = Strings(CLIP, stiffness=(0.1, -14.0, -0.07, -6.5))
    ours, given = Strings(CLIP), Strings(CLIP, stiffness=2e-4)
    long = ClipFormat(16000, 32000, 160)
    notes = []
    for number in range(36, 90, 3):
        f0_hz = torch.full((1, long.n_frames), 440.0 * 2 ** ((number - 69) / 12))
        decay = torch.linspace(2.0, -1.0, long.n_frames)[None, :, None]
        raw = {"harmonic_gain": decay, "harmonic_balance": -0.05 * torch.arange(100.0).expand(1, long.n_frames, 100)}
        notes.append((true(f0_hz, raw), f0_hz))
    ours.calibrate(notes)
    given.calibrate(notes)
    f0_hz = torch.tensor([80.0, 200.0, 440.0, 900.0])
    torch.testing.assert_close(ours.stiffness_of(f0_hz), true.stiffness_of(f0_hz), rtol=0.15, atol=0)
    assert given.stiffness_of(f0_hz).tolist() == pytest.approx([2e-4] * 4)


def test_the_curve_travels_in_the_state():
    part, other = Strings(CLIP), Strings(CLIP)
    assert part.curve.tolist() == pytest.approx(list(RIGAUD))
    part.curve.copy_(torch.tensor(one_stiffness(1e-3)))
    other.load_state_dict(part.state_dict())
    assert other.curve.equal(part.curve)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"stiffness": -1.0}, "stiffness is -1"),
        ({"stiffness": [1.0, 2.0]}, "stiffness has 2 numbers"),
        ({"n_strings": 3}, "n_strings is 3"),
        ({"detune_cents": -1.0}, "detune_cents is -1"),
    ],
)
def test_options_out_of_range_are_named(options, names):
    with pytest.raises(ValueError, match=names):
        Strings(CLIP, **options)


@pytest.mark.parametrize("f0_hz", [110.0, 262.0, 523.0])
def test_stiffness_is_no_noise(f0_hz):
    """Told of strings, noisiness and balance of odd partials read what is played; not told, they hear a noise."""
    part = Strings(CLIP, stiffness=5e-4)
    pitch, raw = pitch_of(f0_hz), raw_of(part)
    raw["harmonic_balance"] = (-0.05 * torch.arange(100.0)).expand(1, CLIP.n_frames, 100)
    played = part.layers(pitch, raw)
    layers = Layers(pitch, played["amplitudes"], torch.full((1, CLIP.n_frames, 65), 1e-6), played["frequencies_hz"])
    descriptors = [Noisiness(CLIP), OddEvenBalance(CLIP)]
    audio = part.play(pitch, played)
    deaf = measure_all(descriptors, audio, pitch)
    for descriptor in descriptors:
        descriptor.spectra.listen_for(part)
    heard, read = measure_all(descriptors, audio, pitch), measure_all_layers(descriptors, layers)
    middle = slice(20, 80)
    assert (deaf[0] - heard[0])[:, middle].median() > 6.0
    assert (heard[1] - read[1])[:, middle].abs().median() < 1.0


def test_only_parts_that_measure_hear_the_training_clips():
    """Strings do, once; harmonics and noise are not asked for any."""
    asked = []

    def clips():
        asked.append(1)
        return iter(())

    SMSSynth(CLIP).calibrate(clips)
    assert not asked and SMSSynth(CLIP).strings is None
    synth = SMSSynth(CLIP, [Strings, FilteredNoise])
    synth.calibrate(clips)
    assert asked == [1] and synth.strings is synth.parts[0]


def test_a_model_listens_where_its_strings_sound():
    """Knobs, and the loss on lines; a model of harmonics looks at harmonics."""
    for part, hears in ((Strings, True), (Harmonics, False)):
        model = TimbreModel(CLIP, synth=lambda clip, part=part: SMSSynth(clip, [part]), line_weight=0.5)
        listeners = [module for module in model.modules() if isinstance(module, StringsListener)]
        told = [listener.stiffness_of(torch.full((1, 1), 220.0)) is not None for listener in listeners]
        assert len(told) > 3 and set(told) == {hears}
