"""How far the partials are from the target's, each in dB."""

from typing import ClassVar

import torch
from torch import Tensor

from evaluation.resynthesis.frames import WHERE_IT_SOUNDS, Sounding, mean_where
from evaluation.resynthesis.pair import CONFIDENT, Pair
from studies.figure import Better
from synths.clip import ClipFormat
from synths.descriptors.line_spectra import LOWEST_HZ, LineSpectra

DEPTH_DB = 40.0
"""Partials that lie further below the strongest of their frame are not judged."""
MISSING_DB = 60.0
"""So far below the strongest a partial of the resynthesis is as good as missing."""


class HarmonicError:
    """Mean absolute error of the levels of partials in dB."""

    name: ClassVar[str] = "harmonic_error"
    unit: ClassVar[str] = "dB"
    better: ClassVar[Better] = "lower"
    definition: ClassVar[str] = (
        "Mean absolute difference in level of the partials that lie within 40 dB of the strongest of their frame in "
        "the target, less the noise around them on both sides, at the target's pitch where its tracker is sure of it, "
        f"{WHERE_IT_SOUNDS}; what the resynthesis has more than 60 dB below that strongest counts as 60 dB below it."
    )

    def __init__(self, clip: ClipFormat) -> None:
        self._spectra, self._sounding = LineSpectra(clip), Sounding(clip)

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) dB, NaN where the target has no sounding frame of a sure pitch."""
        sure = (pair.target_confidence >= CONFIDENT) & (pair.target_f0_hz >= LOWEST_HZ)
        counts = self._sounding.frames(pair.target) & sure
        # A frame that does not count takes a pitch that does: at 1 Hz it would have thousands of partials.
        usual_hz = torch.where(counts, pair.target_f0_hz, 0.0).amax(-1, keepdim=True)
        usual_hz = torch.where(usual_hz > 0.0, usual_hz, 440.0)
        f0_hz = torch.where(counts, pair.target_f0_hz, usual_hz)
        target, output = (self._levels_db(audio, f0_hz) for audio in (pair.target, pair.output))
        strongest_db = target.amax(-1, keepdim=True)
        judged = counts[..., None] & (target >= strongest_db - DEPTH_DB)
        apart_db = (output.maximum(strongest_db - MISSING_DB) - target).abs()
        return mean_where(judged.flatten(1), apart_db.flatten(1))

    def _levels_db(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N) audio and (B, F) pitch in Hz -> (B, F, K) level of each harmonic, 0 dB a full-scale sine."""
        spectra = self._spectra.to(audio.device)
        lines = spectra(audio, f0_hz, 1, lambda: spectra.shortest(audio))
        return 10.0 * (lines.harmonics + torch.finfo(audio.dtype).tiny).log10()
