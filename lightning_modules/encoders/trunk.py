"""What a learned encoder hears: mel frames and pitch, seen in their course."""

from typing import Literal

import torch
import torchaudio
from torch import Tensor, nn

from synths import ClipFormat
from synths.precision import without_autocast
from synths.signal import hz_to_midi

HEARD_HZ = 50.0
"""How often it listens: timbre hardly moves faster than a window of 64 ms sees."""

WINDOW_S = 0.064
FLOOR_DB = -100.0


class Trunk(nn.Module):
    """Mel spectrum in dB, or its cosine transform (MFCC), and pitch, through a recurrent layer in both directions.

    Args:
        clip: format of the run
        width: features per frame, even
        features: what enters: "log_mel" bands, or the first 30 "mfcc" of them
        n_mels: bands from 30 Hz to Nyquist

    Raises:
        ValueError: width is odd, or features is neither of the two
    """

    def __init__(
        self,
        clip: ClipFormat,
        width: int = 128,
        features: Literal["log_mel", "mfcc"] = "log_mel",
        n_mels: int = 80,
    ) -> None:
        super().__init__()
        if width < 2 or width % 2:
            raise ValueError(f"model.encoder.trunk.width is {width}: it must be even, half for each direction.")
        if features not in ("log_mel", "mfcc"):
            raise ValueError(f"model.encoder.trunk.features is {features!r}: they are log_mel or mfcc.")
        self.width = width
        self.every = max(1, round(clip.frame_rate_hz / HEARD_HZ))
        self.mel = torchaudio.transforms.MelSpectrogram(
            clip.sample_rate,
            n_fft=1 << (round(WINDOW_S * clip.sample_rate) - 1).bit_length(),
            hop_length=self.every * clip.hop,
            f_min=30.0,
            n_mels=n_mels,
            pad_mode="constant",
        )
        n_coefficients = min(30, n_mels)
        to_mfcc = torchaudio.functional.create_dct(n_coefficients, n_mels, norm="ortho")
        to_features = to_mfcc if features == "mfcc" else torch.eye(n_mels)
        self.register_buffer("to_features", to_features, persistent=False)
        self.enter = nn.Linear(to_features.shape[1] + 1, width)
        self.gru = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)
        self.norm = nn.LayerNorm(width)

    def forward(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N) audio, (B, F) pitch in Hz -> (B, F / every, width)."""
        with without_autocast(audio):
            heard = self.hear(audio)
            pitch = (hz_to_midi(f0_hz[:, :: self.every])[..., None] - 64.0) / 44.0
            entered = torch.cat([heard[:, : pitch.shape[1]], pitch.to(heard.dtype)], dim=-1)
        features = torch.relu(self.enter(entered))
        return self.norm(features + self.gru(features)[0])

    def hear(self, audio: Tensor) -> Tensor:
        """(B, N) audio -> (B, frames, n) mel bands of order 1, or their cosine transform."""
        power = self.mel(audio).clamp_min(10 ** (FLOOR_DB / 10))
        level_db = 10.0 * power.log10().transpose(1, 2)
        return (level_db + 30.0) / 30.0 @ self.to_features
