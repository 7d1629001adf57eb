"""A recording as the sum of its partials and bands of noise, and what gains on them change."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from synths.carriers import Carriers
from synths.heterodyne import envelopes
from turning.echoes import heard_share
from turning.noise_bands import noise_bands


class Components(NamedTuple):
    """K partials and M bands of a sound.

    Shapes: carriers of L blocks of D samples; amplitudes (L + 1, 2 K) at the edges of the blocks; noise (M, N); tone
    (N,) the sum of all partials; heard (N,) how much of a change of them is heard. Tone and noise add up to the sound.
    """

    carriers: Carriers
    amplitudes: Tensor
    noise: Tensor
    tone: Tensor
    heard: Tensor

    @classmethod
    def of(cls, audio: Tensor, carriers: Carriers, rate: int) -> "Components":
        """Take (N,) apart."""
        amplitudes = envelopes(audio, carriers)
        tone = _played(carriers.waves, amplitudes[None])[0, : len(audio)]
        noise = noise_bands(audio - tone, rate)
        return cls(carriers, amplitudes, noise, tone, heard_share(tone, noise, rate))

    @property
    def sound(self) -> Tensor:
        """(N,) tone and noise together."""
        return self.tone + self.noise.sum(0)

    @property
    def n_partials(self) -> int:
        """K."""
        return self.carriers.n_partials

    @property
    def n_gains(self) -> int:
        """P = K + M."""
        return self.n_partials + len(self.noise)

    @property
    def block(self) -> int:
        """D, samples in a block."""
        return self.carriers.waves.shape[-1]

    def change(self, log_gains: Tensor, hop: int) -> Tensor:
        """What is to be added to the sound.

        Args:
            log_gains: (R, F, P) of R answers, frame t at sample t * hop, in lines between; (R, 1, P) is steady
            hop: samples per frame of the gains

        Returns:
            (R, N), exactly 0 for gains of 0
        """
        n_edges, n_samples = len(self.amplitudes), len(self.tone)
        gains = torch.expm1(_at_edges(log_gains, hop, n_edges, self.block))
        tone_gain, noise_gain = gains.split([self.n_partials, len(self.noise)], dim=-1)
        changed = _played(self.carriers.waves, self.amplitudes * tone_gain.repeat(1, 1, 2))
        padded = F.pad(self.noise, (0, (n_edges - 1) * self.block - n_samples)).unflatten(-1, (-1, self.block))
        return (changed + _played(padded.transpose(0, 1), noise_gain))[:, :n_samples] * self.heard


def _at_edges(log_gains: Tensor, hop: int, n_edges: int, block: int) -> Tensor:
    """(R, F, P) every hop -> (R, n_edges or 1, P) at the edges of blocks."""
    if log_gains.shape[1] == 1:
        return log_gains
    place = (torch.arange(n_edges, dtype=torch.float64) * block / hop).clamp_max(log_gains.shape[1] - 1.0)
    before = place.floor().long().clamp_max(log_gains.shape[1] - 2)
    return torch.lerp(log_gains[:, before], log_gains[:, before + 1], (place - before).to(log_gains)[:, None])


def _played(waves: Tensor, amplitudes: Tensor) -> Tensor:
    """(L, C, D) waves, (R, L + 1 or 1, C) their amplitudes at the edges of blocks -> (R, L * D) their sum."""
    n_blocks, _, block = waves.shape
    amplitudes = amplitudes.expand(-1, n_blocks + 1, -1)
    ends = torch.cat([amplitudes[:, :-1], amplitudes[:, 1:]]).transpose(0, 1)  # (L, 2 R, C)
    begun, ended = (ends @ waves).unflatten(1, (2, -1)).unbind(1)
    share = torch.arange(block).to(waves) / block
    return torch.lerp(begun, ended, share).transpose(0, 1).flatten(1)
