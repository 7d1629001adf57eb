"""How rough."""

import torch
from torch import Tensor

from synths.clip import ClipFormat
from synths.descriptors.descriptor import Descriptor
from synths.descriptors.hearing.specific_roughness import SpecificRoughness


class Roughness(Descriptor):
    """Roughness in asper: fast fluctuation, 15 to 300 times a second (Daniel & Weber 1997).

    1 asper is a 1 kHz tone of 60 dB, fully modulated in amplitude at 70 Hz. Measured in frames of 200 ms and
    interpolated between their centres. The least difference that is heard is relative, 17 %, hence no `jnd`. From sound
    only: what a synth plays at the control rate does not say how its partials beat within a channel of the ear.

    Args:
        clip: format of the run
        rate_hz: frames per second
        n_frames: at most that many frames per clip, spread evenly, and the rest by interpolation; for training
    """

    unit = "asper"
    summary = "fast fluctuation (Daniel and Weber)"
    default_span = (0.0, 0.6)
    rate = "slow"

    def __init__(self, clip: ClipFormat, rate_hz: float = 10.0, n_frames: int | None = None) -> None:
        super().__init__(clip)
        if n_frames is not None and n_frames < 1:
            raise ValueError(f"n_frames is {n_frames}: measure at least 1.")
        self.step = max(1, round(clip.sample_rate / rate_hz))
        self.n_frames = n_frames
        self.specific = SpecificRoughness(clip.sample_rate, clip.full_scale_db_spl)

    def measure(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N) audio -> (B, F) asper; held before the centre of the first frame and after that of the last."""
        start = self._starts(audio, self.step)
        wanted = len(start) if self.n_frames is None else min(self.n_frames, len(start))
        start = start[((torch.arange(wanted, device=audio.device) + 0.5) * len(start) / wanted).long()]
        sample = torch.arange(0, audio.shape[-1], self.clip.hop, device=audio.device)
        return _interpolated(self._roughness(audio, start), start + self.specific.n_samples // 2, sample)

    def pooled(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N) audio -> (B,) mean over frames that overlap by half."""
        return self._roughness(audio, self._starts(audio, self.specific.n_samples // 2)).mean(-1)

    def _starts(self, audio: Tensor, step: int) -> Tensor:
        """(G,) first samples of the frames that lie within the sound whole, or of the only one."""
        return torch.arange(0, max(1, audio.shape[-1] - self.specific.n_samples + 1), step, device=audio.device)

    def _roughness(self, audio: Tensor, start: Tensor) -> Tensor:
        """(B, N) audio, (G,) first samples -> (B, G) asper; what is shorter than a frame ends in silence."""
        n_samples = self.specific.n_samples
        padded = torch.nn.functional.pad(audio, (0, max(0, n_samples - audio.shape[-1])))
        frames = padded[:, start[:, None] + torch.arange(n_samples, device=audio.device)]
        asper = self.specific(frames.flatten(0, 1)).sum(-1).unflatten(0, frames.shape[:2])
        # Its threshold of audibility would hide what is not finite.
        return asper.masked_fill(~frames.isfinite().all(-1), torch.nan)


def _interpolated(values: Tensor, position: Tensor, wanted: Tensor) -> Tensor:
    """(B, G) values at (G,) positions -> (B, F) at those wanted: linear between, held beyond."""
    if len(position) == 1:
        return values.expand(-1, len(wanted))
    after = torch.searchsorted(position, wanted).clamp(1, len(position) - 1)
    start, end = position[after - 1], position[after]
    share = ((wanted - start).to(values) / (end - start)).clamp(0.0, 1.0)
    return torch.lerp(values[:, after - 1], values[:, after], share)
