"""ViSQOL, a listener's opinion predicted from spectrogram similarity; slow, and the only one that is."""

import logging
from collections.abc import Callable
from importlib.resources import as_file, files
from threading import Lock
from typing import Any, ClassVar

import numpy as np
import soxr
import torch
from lightning.pytorch.utilities import rank_zero_warn
from torch import Tensor

from evaluation.resynthesis.frames import WHERE_IT_SOUNDS, Sounding
from evaluation.resynthesis.pair import Pair
from evaluation.resynthesis.support_vectors import SupportVectors
from studies.figure import Better
from synths.clip import ClipFormat

VISQOL_RATE = 48000
COMPARED_S = 1.0
"""ViSQOL compares patches of spectrogram and finds none in clips much shorter than this: what is, is repeated."""
SHORTEST_S = 0.1
"""What sounds for less than this has no opinion."""

# ViSQOL's numba kernels run on a work queue that ends the process when two threads enter it together.
_ONE_AT_A_TIME = Lock()

_ABSENT = (
    "ViSQOL is not installed, so its figure stays empty. To have it: pip install --no-deps visqol-python (one of its "
    "dependencies needs a C++ compiler and is not used here)."
)


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
        self._listen: Callable[[np.ndarray, np.ndarray], float] | None = None

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) MOS; NaN without the package or where a side is silent, not finite or under 0.1 s."""
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
        """Two waveforms at 48 kHz -> MOS, NaN without the package."""
        with _ONE_AT_A_TIME:
            if self._listen is None:
                self._listen = _listener()
            return self._listen(target, output)


class _Opinions:
    """The last step, from similarity to opinion, without libsvm, which has to be compiled."""

    def __init__(self, n_bands: int) -> None:
        with as_file(files("visqol") / "model" / "libsvm_nu_svr_model.txt") as path:
            self._vectors = SupportVectors(path, n_bands)

    def predict_quality(self, similarity: np.ndarray, *_: Any) -> float:
        """(n_bands,) mean similarity of each band -> MOS."""
        return float(np.clip(self._vectors.answer(similarity), 1.0, 5.0))


def _listener() -> Callable[[np.ndarray, np.ndarray], float]:
    """ViSQOL in audio mode, imported only now: compiling takes a second or two that other runs need not pay."""
    try:
        from visqol import visqol_manager as parts
    except ModuleNotFoundError:
        rank_zero_warn(_ABSENT)
        return lambda target, output: np.nan
    logging.getLogger("visqol").setLevel(logging.ERROR)
    # As its own `init` does, but for the last step.
    manager: Any = parts.VisqolManager()
    manager.patch_creator = parts.ImagePatchCreator(parts.PATCH_SIZE_AUDIO)
    manager.spect_builder = parts.GammatoneSpectrogramBuilder(parts.NUM_BANDS_AUDIO, parts.MINIMUM_FREQ)
    manager.quality_mapper = _Opinions(parts.NUM_BANDS_AUDIO)  # type: ignore[assignment]
    manager.is_initialized = True

    def listen(target: np.ndarray, output: np.ndarray) -> float:
        sounds = (parts.AudioSignal(sound, VISQOL_RATE) for sound in (target, output))
        return float(manager.run_from_signals(*sounds).moslqo)

    return listen
