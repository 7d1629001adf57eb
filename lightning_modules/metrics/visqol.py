"""ViSQOL, a listener's opinion predicted from spectrogram similarity; slow, and the only one that is."""

import logging
from threading import Lock
from typing import Any, ClassVar

import numpy as np
import soxr
import torch
from torch import Tensor

from lightning_modules.metrics.frames import WHERE_IT_SOUNDS, Sounding
from lightning_modules.metrics.pair import Better, Pair
from synths.clip import ClipFormat

VISQOL_RATE = 48000
COMPARED_S = 1.0
"""ViSQOL compares patches of spectrogram and finds none in clips much shorter than this: what is, is repeated."""
SHORTEST_S = 0.1
"""What sounds for less than this has no opinion."""

# ViSQOL's numba kernels run on a work queue that ends the process when two threads enter it together.
_ONE_AT_A_TIME = Lock()


class ViSQOL:
    """Predicted mean opinion score of the resynthesis against the target (Chinen et al., 2020)."""

    name: ClassVar[str] = "visqol"
    unit: ClassVar[str] = "MOS"
    better: ClassVar[Better] = "higher"
    definition: ClassVar[str] = (
        "ViSQOL v3 in audio mode at 48 kHz, a predicted mean opinion score from 1 to 4.73 (identical), of what is left "
        f"when both sides are cut to the samples {WHERE_IT_SOUNDS}, repeated up to 1 s where that is shorter; it "
        "ignores level and small detuning, and below 48 kHz both sides lack the highest bands, so compare only at one "
        "rate."
    )

    def __init__(self, clip: ClipFormat) -> None:
        self._sample_rate, self._sounding = clip.sample_rate, Sounding(clip)
        self._api: Any = None

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) MOS, NaN where either side is silent, not finite, or sounds for less than 0.1 s."""
        targets, outputs = self._sounding.surrounded(pair)
        sounds = self._sounding.samples(targets)
        heard = self._sounding.frames(outputs * sounds).any(-1) & outputs.isfinite().all(dim=-1)
        defined = heard & (sounds.sum(-1) >= SHORTEST_S * self._sample_rate)
        scores = [
            self._opinion(self._cut(target, part), self._cut(output, part)) if judged else np.nan
            for target, output, part, judged in zip(targets, outputs, sounds, defined, strict=True)
        ]
        return torch.tensor(scores, dtype=pair.target.dtype, device=pair.target.device)

    def _cut(self, audio: Tensor, sounds: Tensor) -> np.ndarray:
        """(N,) audio and where it counts -> float64 samples of that at 48 kHz, for 1 s or more."""
        samples = audio[sounds].detach().cpu().double().numpy()
        samples = np.tile(samples, -(-round(COMPARED_S * self._sample_rate) // len(samples)))
        return soxr.resample(samples, self._sample_rate, VISQOL_RATE)

    def _opinion(self, target: np.ndarray, output: np.ndarray) -> float:
        """Two waveforms at 48 kHz -> MOS."""
        with _ONE_AT_A_TIME:
            if self._api is None:
                self._api = _created_api()
            return float(self._api.measure_from_arrays(target, output, VISQOL_RATE).moslqo)


def _created_api() -> Any:
    """ViSQOL, imported only now: it compiles for a second or two, which nobody pays who skips this metric."""
    from visqol import VisqolApi

    logging.getLogger("visqol").setLevel(logging.ERROR)
    api = VisqolApi()
    api.create(mode="audio")
    return api
