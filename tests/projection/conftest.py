"""A synth's parameters, played with gains on them: something to search, without a model."""

import pytest
import torch

from projection import Request, Target, musical_prior
from synths import ClipFormat, Level, Sharpness, SMSSynth
from synths.layers import parts_scaled
from synths.signal import interpolate_frames

CLIP = ClipFormat(sample_rate=16000, n_samples=16000, hop=160)


class Played:
    """Two harmonic tones over noise, in a small room."""

    every = 4

    def __init__(self):
        self.synth = SMSSynth(CLIP)
        self.f0_hz = torch.tensor([220.0, 330.0])[:, None].repeat(1, CLIP.n_frames)
        swell = torch.sin(torch.linspace(0, 9, CLIP.n_frames))[:, None]
        parameters = {
            "harmonic_gain": (0.5 + 0.3 * swell).repeat(2, 1, 1),
            "harmonic_balance": -0.2 * torch.arange(1, 101).expand(2, CLIP.n_frames, -1),
            "noise_bands": torch.zeros(2, CLIP.n_frames, 65),
        }
        self.played = self.synth.played(self.f0_hz, parameters)
        self._layers = self.synth.layers(self.f0_hz, parameters).every(self.every)
        self.white_noise = 2.0 * torch.rand(2, CLIP.n_frames, CLIP.hop, generator=torch.manual_seed(0)) - 1.0
        with torch.no_grad():
            self.unchanged = self.synth.play(self.f0_hz, self.played, self.white_noise)

    def layers(self):
        """What it plays."""
        return self._layers

    def prior(self, layers):
        """The musical one."""
        return musical_prior(layers, CLIP.nyquist_hz)

    def play(self, log_gains, rows):
        """Some rows."""
        gains = interpolate_frames(log_gains, self.every, CLIP.n_frames)
        played = [{name: values[rows] for name, values in own.items()} for own in self.played]
        return self.synth.play(self.f0_hz[rows], parts_scaled(played, gains), self.white_noise[rows])


@pytest.fixture
def played():
    """That sound."""
    return Played()


@pytest.fixture
def request_for():
    """A request for level and sharpness, so many tolerances from where a sound is."""

    def request(played, moves, turned=None):
        target = Target([Level(CLIP), Sharpness(CLIP)])
        with torch.no_grad():
            own = target.of_sound(played.unchanged, played.f0_hz, played.every)
        offset = torch.tensor(moves) * target.tolerance(own.mean(1))
        return Request(target, own + offset[:, None], torch.ones(own.shape[:2]), 1, turned)

    return request
