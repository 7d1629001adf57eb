"""A window's smear is what windows measure; raw numbers play what was asked; requests are met within frames."""

import pytest
import torch

from lightning_modules.frame_gains import LARGEST_GAIN
from lightning_modules.met_knobs import MetKnobs
from projection import Target
from synths import ClipFormat, FilteredNoise, Harmonics, Level, Sharpness, SMSSynth
from synths.layers import Layers
from synths.spectrum import Spectrum, hann
from synths.streaming import StreamingSynth
from synths.streaming.part import exp_sigmoid_input
from synths.streaming.smear import REACH, Smear

CLIP = ClipFormat(sample_rate=16000, n_samples=16000, hop=160)
LAG = 6


def smear_of(spectrum):
    """A model of one window."""
    return Smear([hann(spectrum.n_fft).float()], [LAG], CLIP.hop)


def test_a_partial_is_seen_as_the_window_sees_it():
    """A sine with a steep attack, frame by frame: within a quarter of a decibel of its measured power."""
    spectrum, synth = Spectrum(CLIP), SMSSynth(CLIP, parts=(Harmonics,), effects=())
    amplitudes = torch.zeros(1, CLIP.n_frames, 1)
    amplitudes[0, 30:40, 0], amplitudes[0, 40:, 0] = torch.linspace(0.0, 0.5, 10), 0.5
    f0_hz = torch.full((1, CLIP.n_frames), 440.0)
    power = spectrum(synth.play(f0_hz, [{"amplitudes": amplitudes}])).sum(-1)[0]
    smear, which = smear_of(spectrum), torch.zeros(1, dtype=torch.long)
    for frame in range(34, 50):
        # The history ends LAG frames after the one that is looked at.
        past = {
            "amplitudes": amplitudes[:, frame + LAG - smear.n_past : frame + LAG],
            "noise": torch.zeros(1, smear.n_past, 1),
        }
        seen, _ = smear.heard_then(which, past)
        assert 10.0 * (seen[0, 0, 0] / power[frame]).log10() == pytest.approx(0.0, abs=0.25)


def test_what_lasts_is_seen_as_it_is():
    """Steady partials and noise, past and to come: their own power; silence before, and the present goes on: less."""
    smear, which = smear_of(Spectrum(CLIP)), torch.zeros(1, dtype=torch.long)
    past = {"amplitudes": torch.full((1, smear.n_past, 2), 0.3), "noise": torch.full((1, smear.n_past, 3), 0.2)}
    now = torch.full((1, 4, 2), 0.3), torch.full((1, 4, 3), 0.2)
    partials, noise = smear.about_to_be_heard(which, past, *now, torch.ones(1, 1))
    torch.testing.assert_close(partials, torch.full((1, 4, 2), 0.09), atol=1e-6, rtol=0)
    torch.testing.assert_close(noise, torch.full((1, 4, 3), 0.2), atol=1e-6, rtol=0)
    silent = {name: torch.zeros_like(values) for name, values in past.items()}
    partials, noise = smear.about_to_be_heard(which, silent, *now, torch.ones(1, 1))
    assert (partials < 0.75 * 0.09).all() and (noise < 0.51 * 0.2).all() and REACH < smear.n_past


def test_raw_numbers_play_what_was_asked():
    """Amplitudes whose sum is below 2 and gains come back through both parts, to a thousandth of a decibel or so."""
    synth = SMSSynth(CLIP, effects=())
    stream = StreamingSynth(synth)
    f0_hz = torch.full((1, 5), 110.0)
    played = [
        {"amplitudes": 0.01 * torch.rand(1, 5, 100) * (110.0 * torch.arange(1, 101) < 8000.0)},
        {"noise_magnitudes": 1.9 * torch.rand(1, 5, 65) + 1e-4},
    ]
    again = stream.played(f0_hz, stream.raw(played))
    for before, after in zip(played, again, strict=True):
        for name, values in before.items():
            torch.testing.assert_close(after[name], values, atol=1e-6, rtol=1e-3)


def test_extremes_have_raw_numbers():
    """Nothing and too much."""
    raw = exp_sigmoid_input(torch.tensor([0.0, 1e-9, 2.0, 50.0]))
    assert raw.isfinite().all() and raw[0] < -10.0 and raw[3] > 5.0


def test_a_gain_at_its_end_leaves_it_to_the_others():
    """Two gains tell alike; one is at its end and would go on: the other goes as far as if it were alone."""
    synth = SMSSynth(CLIP, parts=(Harmonics,), effects=())
    step = MetKnobs([Level(CLIP)], synth, StreamingSynth(synth)).projection._step
    slopes, off = torch.tensor([[[5.0, 5.0, 0.0, 0.0, 0.0]]]), torch.tensor([[4.0]])
    at_end = step(off, slopes, torch.tensor([[0.0, LARGEST_GAIN, 0.0, 0.0, 0.0]]))
    alone = step(off, slopes * torch.tensor([1.0, 0.0, 0.0, 0.0, 0.0]), torch.zeros(1, 5))
    torch.testing.assert_close(at_end[:, 0], alone[:, 0])
    assert at_end[0, 0] > 1.5 * step(off, slopes, torch.zeros(1, 5))[0, 0]
    back = step(-off, slopes, torch.tensor([[0.0, LARGEST_GAIN, 0.0, 0.0, 0.0]]))
    assert back[0, 1] < -0.3


def test_power_to_come_grows_as_the_level_that_is_asked():
    """Asked 3 dB more than in the frame before: doubled. In a note's first frame, or without a level, the decoder's."""
    synth = SMSSynth(CLIP, parts=(Harmonics,), effects=())
    for knob, second, expected in ((Level(CLIP), 5.0, 2.0), (Level(CLIP), 0.0, 1.5), (Sharpness(CLIP), 5.0, 1.5)):
        projection = MetKnobs([knob], synth, StreamingSynth(synth)).projection
        state = projection.initial_state(1) | {"energy": torch.tensor([[0.2]]), "frames": torch.tensor([[second, 0.0]])}
        asked = knob.position_of(knob.value_at(torch.zeros(1, 1)) + 10.0 * torch.tensor([[2.0]]).log10())
        growth = projection._growth(torch.tensor([[0.3]]), asked, state)
        torch.testing.assert_close(growth, torch.tensor([[expected]]))


def test_a_request_is_met_within_frames():
    """Steady layers, level asked 3 dB down: within half a decibel after 20 frames, with the sound that is fed back."""
    synth = SMSSynth(CLIP, parts=(Harmonics,), effects=())
    stream, level = StreamingSynth(synth), Level(CLIP)
    met = MetKnobs([level], synth, stream)
    f0_hz = torch.full((1, 60), 220.0)
    parameters = {"harmonic_gain": torch.zeros(1, 60, 1), "harmonic_balance": torch.zeros(1, 60, 100)}
    target = Target([level])
    asked = target.of_layers(synth.layers(f0_hz, parameters)) - 3.0 * target.tolerance(torch.zeros(1, 1))
    state = stream.initial_state(1) | met.initial_state(1)
    with torch.no_grad():
        audio, _ = met(stream, lambda f, p, _, s: stream(f, p, s), f0_hz, parameters, asked, torch.ones(1, 60), state)
    heard = target.of_sound(audio, f0_hz, 1)
    off_db = (heard - asked)[0, 25:50, 0] / target.tolerance(torch.zeros(1, 1))
    assert off_db.abs().max() < 0.5


def test_noise_alone_and_partials_alone():
    """A synth of one part has gains on that part only."""
    for parts, shape in (((Harmonics,), (100, 0)), ((FilteredNoise,), (0, 65))):
        synth = SMSSynth(CLIP, parts=parts, effects=())
        met = MetKnobs([Level(CLIP)], synth, StreamingSynth(synth))
        assert (met.projection.n_partials, met.projection.n_bands) == shape
        layers = Layers(torch.full((1, 2), 220.0), torch.zeros(1, 2, shape[0]), torch.zeros(1, 2, shape[1]))
        assert met.projection.directions(layers).shape == (1, 2, sum(shape), 5)


def test_near_silence_level_goes_before_sharpness():
    """Below the floor the others weigh a tenth, from 16 dB above it on all weigh alike; without a level, always."""
    synth = SMSSynth(CLIP, parts=(Harmonics,), effects=())
    stream = StreamingSynth(synth)
    weight = MetKnobs([Level(CLIP), Sharpness(CLIP)], synth, stream).projection._weight
    asked = torch.tensor([[-0.5, 0.5], [0.2, 0.5]])
    torch.testing.assert_close(weight(asked), torch.tensor([[1.0, 0.1], [1.0, 1.0]]))
    assert (MetKnobs([Sharpness(CLIP)], synth, stream).projection._weight(asked[:, 1:]) == 1.0).all()
