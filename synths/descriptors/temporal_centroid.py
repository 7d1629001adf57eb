"""When in the note its sound lies."""

import torch
import torch.nn.functional as F
from torch import Tensor

from synths.descriptors.descriptor import Descriptor


class TemporalCentroid(Descriptor):
    """Centre of gravity of the amplitude envelope (Peeters et al. 2011, eq. 6): early for a pluck, late for a swell.

    One value per clip, held over its frames. Longer sound is measured clip length by clip length.
    """

    unit = "s"
    summary = "centre of gravity of the envelope"
    default_span = (0.0, 2.0)

    def measure(self, audio: Tensor) -> Tensor:
        """(B, N) audio -> (B, F) seconds from the start of each clip length; its middle for silence."""
        n_frames = audio.shape[-1] // self.clip.hop
        n_clips = -(-audio.shape[-1] // self.clip.n_samples)
        padded = F.pad(audio, (0, n_clips * self.clip.n_samples - audio.shape[-1]))
        frames = padded.reshape(len(audio), n_clips, self.clip.n_frames, self.clip.hop)
        envelope = (frames.square().mean(-1) + 1e-10).sqrt() - 1e-5 + 1e-9
        index = torch.arange(self.clip.n_frames, device=audio.device, dtype=audio.dtype)
        time_s = (index + 0.5) / self.clip.frame_rate_hz
        centroid_s = (envelope @ time_s) / envelope.sum(-1)
        return centroid_s.repeat_interleave(self.clip.n_frames, dim=1)[:, :n_frames]
