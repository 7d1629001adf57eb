"""The room: one learned impulse response for all sounds of a run."""

import torch
from torch import Tensor, nn

from synths.clip import ClipFormat
from synths.signal import fft_convolve


class Reverb(nn.Module):
    """Dry sound plus its convolution with a learned response (Engel et al. 2020, section 3.5).

    Set `enabled = False` to hear the instrument without its room.

    Args:
        clip: format of the run
        duration_s: length of the response
    """

    def __init__(self, clip: ClipFormat, duration_s: float = 0.5) -> None:
        super().__init__()
        length = max(2, round(duration_s * clip.sample_rate))
        # 60 dB of decay over the response, and quiet: at first the room is all but absent
        decay = torch.logspace(0.0, -3.0, length - 1)
        generator = torch.Generator().manual_seed(0)
        self.response = nn.Parameter(1e-4 * decay * torch.randn(length - 1, generator=generator))
        self.enabled = True

    def forward(self, audio: Tensor) -> Tensor:
        """(B, N) dry audio -> (B, N) audio in its room."""
        if not self.enabled:
            return audio
        # The direct sound is the response's first sample, fixed at 1.
        return audio + fft_convolve(audio, torch.nn.functional.pad(self.response, (1, 0)))
