"""Partials and noise add up to the sound, and gains on them change only what they say."""

import math

import pytest
import torch

from synths.carriers import block_size, carriers
from turning.components import Components

RATE, HOP = 16000, 160


def taken_apart(audio, f0_hz=250.0):
    pitch = torch.full((len(audio) // HOP,), f0_hz)
    return Components.of(audio, carriers(pitch, RATE, HOP, block_size(pitch, RATE), len(audio), 20), RATE)


@pytest.fixture
def audio(make_tone):
    return torch.from_numpy(make_tone(250.0)).float()


def test_the_parts_add_up_to_the_sound(audio):
    parts = taken_apart(audio)
    assert (parts.tone + parts.noise.sum(0) - audio).abs().max() < 1e-6
    assert parts.n_gains == 20 + len(parts.noise)


def test_no_gain_changes_nothing_and_one_gain_scales_the_sound(audio):
    parts = taken_apart(audio)
    nothing = parts.change(torch.zeros(1, 1, parts.n_gains), HOP)
    assert nothing.equal(torch.zeros_like(nothing))
    twice = parts.change(torch.full((1, 7, parts.n_gains), math.log(2.0)), 10 * HOP)
    assert (twice[0] - audio).abs().max() < 1e-6


def test_a_gain_on_one_partial_changes_that_alone(audio):
    parts = taken_apart(audio)
    gains = torch.zeros(1, 1, parts.n_gains)
    gains[..., 2] = math.log(3.0)
    changed = parts.change(gains, HOP)[0, 2000:-2000]
    spectrum = torch.fft.rfft(changed * torch.hann_window(len(changed))).abs()
    own = torch.fft.rfft(audio[2000:-2000] * torch.hann_window(len(changed))).abs()
    place = round(750.0 * len(changed) / RATE)
    assert spectrum.argmax() == place
    assert spectrum[place] / own[place] == pytest.approx(2.0, rel=0.01)
    assert spectrum[place + 40 :].max() < 2e-3 * spectrum[place]


def test_gains_move_in_lines_between_frames(audio):
    """All parts alike: the gain of each moment is the line's."""
    parts = taken_apart(audio)
    ramp = torch.linspace(0.0, 1.0, 61)[None, :, None].expand(1, 61, parts.n_gains)
    changed = parts.change(ramp, HOP)[0]
    line = torch.arange(len(audio)) / (60 * HOP)
    assert (changed - torch.expm1(line) * audio).abs().max() < 1e-3
