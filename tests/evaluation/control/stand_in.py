"""Models of known answer: one that obeys, one that half obeys and one that is deaf."""

import torch

from evaluation.control.examination import collect
from evaluation.renderings import ways_of
from lightning_modules.autoencoder import Rendering
from lightning_modules.encoders import DescriptorEncoder
from synths import ClipFormat, Level, SMSSynth

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


def track(audio):
    """A tracker that hears 440 Hz in everything, without doubt."""
    return torch.full((len(audio), CLIP.n_frames), 440.0), torch.ones(len(audio), CLIP.n_frames)


def examined(model, notes, drawn=False, ways=None):
    """All notes, examined as the open rendering has them."""
    return collect(model, notes, ["flute"] * 6 + ["reed"] * 6, track, ways or ways_of(model, ["open"])[0], drawn)
