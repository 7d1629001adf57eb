"""Sounds of a model as files."""

from pathlib import Path

import soundfile
import torch
from torch import Tensor

from output.whole_files import written_whole


def write_wav(path: Path, audio: Tensor, sample_rate: int) -> None:
    """Write (N,) audio as 16-bit WAV, whole or not at all."""
    with written_whole(path) as partial:
        soundfile.write(partial, torch.nan_to_num(audio).clamp(-1, 1).numpy(), sample_rate, "PCM_16", format="WAV")
