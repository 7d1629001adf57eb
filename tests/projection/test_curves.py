"""Curves are followed frame by frame; what cannot be is shared by position, and never made worse."""

import math

import pytest
import torch

from projection import Target, curves, follow_curves, musical_prior
from synths import ClipFormat, FilteredNoise, FundamentalShare, Harmonics, Level, SMSSynth
from synths.layers import parts_scaled
from synths.signal import interpolate_frames

CLIP = ClipFormat(sample_rate=16000, n_samples=8000, hop=160)
KNOBS = [kind(CLIP) for kind in (Level, FundamentalShare)]
EVERY = 2


class Tones:
    """Two steady tones over noise, in a room."""

    def __init__(self):
        self.synth, self.every = SMSSynth(CLIP, (Harmonics, FilteredNoise)).eval(), EVERY
        self.f0_hz = torch.tensor([220.0, 330.0])[:, None].repeat(1, CLIP.n_frames)
        shape = (2, CLIP.n_frames)
        self.parameters = {
            "harmonic_gain": torch.full((*shape, 1), 0.5),
            "harmonic_balance": (-0.2 * torch.arange(1, 101)).expand(*shape, -1),
            "noise_bands": torch.zeros(*shape, 65),
        }
        torch.manual_seed(0)
        self.noise = self.synth.white_noise(self.f0_hz)
        self.played = self.synth.played(self.f0_hz, self.parameters)
        self.unchanged = self.synth.play(self.f0_hz, self.played, self.noise).detach()

    def layers(self):
        return self.synth.layers(self.f0_hz, self.parameters).every(EVERY)

    def prior(self, layers):
        return musical_prior(layers, CLIP.nyquist_hz)

    @torch.no_grad()
    def play(self, log_gains, rows):
        gains = interpolate_frames(log_gains, EVERY, CLIP.n_frames)
        played = [{name: values[rows] for name, values in own.items()} for own in self.played]
        return self.synth.play(self.f0_hz[rows], parts_scaled(played, gains), self.noise[rows])


@pytest.fixture
def tones():
    return Tones()


def heard(audio, tones):
    """(2, F / 2, 2) positions."""
    return Target(KNOBS).of_sound(audio, tones.f0_hz, EVERY)


def swell(tones, depth):
    """What the tones have in the mean, and a slow wave of all knobs around it."""
    own = heard(tones.unchanged, tones)
    wave = torch.sin(torch.linspace(0, 2 * math.pi, own.shape[1]))[None, :, None]
    return own.mean(1, keepdim=True) + depth * wave, torch.ones(own.shape[:2], dtype=torch.bool)


def test_every_frame_is_met(tones):
    """A tenth of the range up and down in half a second, within 0.006 of it: an eighth of the open sound's error."""
    asked, active = swell(tones, 0.1)
    off = (heard(follow_curves(tones, KNOBS, asked, active), tones) - asked).abs()[:, 2:-2]
    assert off.mean() < 0.008 and off.mean() < (heard(tones.unchanged, tones) - asked).abs()[:, 2:-2].mean() / 8


def test_a_step_of_any_knob_costs_the_same(tones, monkeypatch):
    """Level has 66 least audible differences, the fundamental's share 20."""
    seen = []
    projection = curves.FrameProjection
    monkeypatch.setattr(curves, "FrameProjection", lambda *given: seen.append(given[2]) or projection(*given))
    follow_curves(tones, KNOBS, *swell(tones, 0.05))
    assert seen[0].unique().tolist() == pytest.approx([0.05])


def test_never_worse_than_the_unchanged_sound(tones):
    """Bit for bit where a request is no number, where nothing is to be met, and where all is as it was."""
    asked, active = swell(tones, 0.1)
    asked[0, 3, 1] = math.nan
    active[1] = False
    assert follow_curves(tones, KNOBS, asked, active).equal(tones.unchanged)
    assert follow_curves(tones, KNOBS, heard(tones.unchanged, tones), torch.ones_like(active)).equal(tones.unchanged)
