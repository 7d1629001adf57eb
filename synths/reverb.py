"""The room: one learned impulse response for all sounds of a run."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from synths.clip import ClipFormat
from synths.effect import Effect
from synths.signal import fft_convolve

if TYPE_CHECKING:
    from synths.streaming import StreamingReverb

INITIAL_GAIN_DB = -40.0
DB_PER_UNIT = 20.0


class Reverb(Effect):
    """Dry sound plus its convolution with a learned response (after Engel et al. 2020, section 3.5).

    The response is a learned shape under a decay of learned length and gain. Learning bare samples instead lets an
    optimiser that scales each gradient turn them all into loud noise within a few steps.

    Args:
        clip: format of the run
        duration_s: length of the response, and at first the time in which it decays by 60 dB
    """

    time: Tensor

    def __init__(self, clip: ClipFormat, duration_s: float = 0.5) -> None:
        super().__init__()
        length = round(duration_s * clip.sample_rate) - 1
        if length < 1:
            raise ValueError(f"the reverb's duration_s is {duration_s}: a room needs two samples at least.")
        self.register_buffer("time", torch.arange(1, length + 1) / (length + 1), persistent=False)
        self.shape = nn.Parameter(torch.randn(length, generator=torch.Generator().manual_seed(0)))
        self.gain = nn.Parameter(torch.tensor(0.0))
        self.log_decay = nn.Parameter(torch.tensor(0.0))

    @property
    def response(self) -> Tensor:
        """(R,) impulse response behind the direct sound, which is its first sample, fixed at 1."""
        envelope = torch.pow(10.0, -3.0 * self.time / self.log_decay.exp())
        gain_db = INITIAL_GAIN_DB + DB_PER_UNIT * self.gain
        return self.shape * envelope * torch.pow(10.0, gain_db / 20.0) / envelope.square().sum().sqrt()

    def affected(self, audio: Tensor) -> Tensor:
        """(B, N) dry audio -> (B, N) audio in its room."""
        return audio + fft_convolve(audio, torch.nn.functional.pad(self.response, (1, 0)))

    @property
    def tail_samples(self) -> int:
        """The length of its response."""
        return len(self.time)

    def streaming(self, hop: int) -> "StreamingReverb":
        """The room, a partition of its response per hop."""
        from synths.streaming.reverb import StreamingReverb  # which knows the room

        return StreamingReverb(self, hop)
