"""What a voice does that follows a live input: a gate, pitch held where it is unsure, the input's level."""

import torch
from torch import Tensor, nn

from instrument.causal_pitch import CausalPitch
from instrument.traced_frame import traced_whole
from synths import ClipFormat, Level
from synths.spectrum import hann

OPENS_DB, CLOSES_DB, CONFIDENCE, FALLS_DB_PER_S = -50.0, -58.0, 0.8, 600.0
"""As `page/tracker.js` has them."""
SILENT_DB = CLOSES_DB - 20.0
LEVEL_S = 0.02


class LevelNow(nn.Module):
    """The knob `Level` of the last samples: its weighting, a shorter window.

    Args:
        clip: format of the model
    """

    window: Tensor

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__()
        self.level = Level(clip)
        n_fft = self.level.spectrum.n_fft
        self.n_past = min(n_fft, 1 << (round(LEVEL_S * clip.sample_rate) - 1).bit_length())
        window = hann(self.n_past)
        self.register_buffer("window", (window * (4.0 / (n_fft * window.square().sum())).sqrt()).float())

    def forward(self, past: Tensor) -> Tensor:
        """(n,) samples, at least n_past, the newest last -> () A-weighted dB."""
        frame = past[-self.n_past :] * self.window
        power = torch.fft.rfft(frame, self.level.spectrum.n_fft).abs().square()
        return self.level.of(power[None, None], power.new_zeros(1, 1))[0, 0]


class InputFollower(nn.Module):
    """Hears samples, and says once a hop what to play: pitch in Hz, 0 where there is none, and level in dB(A).

    Args:
        clip: format of the model, at whose rate the input comes
    """

    past: Tensor

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__()
        level = LevelNow(clip)
        self.pitch = CausalPitch(clip.sample_rate)
        self.level = traced_whole(level, (torch.zeros(level.n_past),))
        self.n_past = max(self.pitch.n_past, level.n_past)
        self.falls_db = FALLS_DB_PER_S * clip.hop / clip.sample_rate
        self.opens_db, self.closes_db, self.silent_db, self.confidence = OPENS_DB, CLOSES_DB, SILENT_DB, CONFIDENCE
        self.register_buffer("past", torch.zeros(self.n_past), persistent=False)
        self.is_open, self.f0_hz, self.level_db = False, 0.0, SILENT_DB

    @torch.jit.export
    def reset(self) -> None:
        """Forget what was heard."""
        self.past = torch.zeros(self.n_past)
        self.is_open, self.f0_hz, self.level_db = False, 0.0, self.silent_db

    @torch.jit.export
    def hear(self, sound: Tensor) -> None:
        """Take (n,) samples; what is not a number is silence."""
        sound = torch.nan_to_num(sound, 0.0, 0.0, 0.0).clamp(-8.0, 8.0)
        self.past = torch.cat([self.past, sound])[-self.n_past :]

    def forward(self) -> tuple[float, float]:
        """The next hop's pitch and level."""
        f0_hz, confidence = self.pitch(self.past)
        level_db = float(self.level(self.past))
        sure = confidence >= self.confidence
        if sure:
            self.f0_hz = f0_hz
        if level_db > self.closes_db if self.is_open else (level_db > self.opens_db and sure):
            self.is_open, self.level_db = True, level_db
        elif self.is_open:
            self.level_db -= self.falls_db
            self.is_open = self.level_db > self.silent_db
        return self.f0_hz if self.is_open else 0.0, self.level_db
