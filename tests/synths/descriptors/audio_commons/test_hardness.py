"""AudioCommons hardness."""

import torch

from synths import ClipFormat
from synths.descriptors.audio_commons import Hardness


def test_a_fast_bright_attack_is_hard(harmonic_tone):
    """Slower attacks and darker tones are softer, by many points."""
    clip = ClipFormat(16000, 8000, 160)
    time_s = torch.arange(8000) / 16000

    def note(tilt_db, attack_s):
        return harmonic_tone(clip, 220.0, tilt_db) * (time_s / attack_s).clamp_max(1.0) * torch.exp(-3.0 * time_s)

    sounds = torch.cat([note(-3.0, 0.002), note(-3.0, 0.2), note(-15.0, 0.2)])
    hard, slow, dark = Hardness(clip).pooled(sounds, torch.ones(3, 50)).tolist()
    assert hard > slow + 5.0
    assert slow > dark + 5.0
