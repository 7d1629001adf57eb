"""Notes to be examined."""

import pytest
import torch

from synths import Clip
from tests.evaluation.control.stand_in import CLIP


@pytest.fixture
def notes(harmonic_tone):
    """Twelve tones of different pitch and level, as a clip."""
    pitches = 150.0 * 2 ** (torch.arange(12) / 6)
    audio = torch.cat([harmonic_tone(CLIP, float(f0)) for f0 in pitches]) * torch.linspace(0.1, 1.0, 12)[:, None]
    f0_hz = pitches[:, None].repeat(1, CLIP.n_frames)
    return Clip(audio, f0_hz, torch.ones_like(f0_hz), [f"note{n}" for n in range(12)], {})
