"""ViSQOL scores identity highest, noise lower, and never falls over."""

import subprocess
import sys

import pytest
import torch

from lightning_modules.metrics import ViSQOL
from synths.clip import ClipFormat


def test_identity_scores_highest_and_noise_lower(clip, tone, noise, pair_of):
    target = sum(tone(220.0 * partial, amplitude=0.2 / partial) for partial in range(1, 9))
    pair = pair_of(target.repeat(2, 1), torch.cat([target, target + 10 * noise(amplitude=0.02)]))
    identical, noisy = ViSQOL(clip)(pair).tolist()
    assert identical == pytest.approx(4.732, abs=2e-3)
    assert noisy < 4.5


def test_silence_and_what_is_not_a_number_are_undefined(clip, tone, pair_of):
    silence = torch.zeros(1, clip.n_samples)
    target = torch.cat([silence, tone(440.0), tone(440.0)])
    output = torch.cat([tone(440.0), silence, torch.nan * silence])
    assert ViSQOL(clip)(pair_of(target, output)).isnan().all()


def test_a_note_too_short_is_undefined(tone, pair_of):
    clip = ClipFormat(16000, 8000, 160)
    short = tone(440.0)[:, :8000]
    assert ViSQOL(clip)(pair_of(short, short)).isnan().all()


@pytest.mark.slow
def test_importing_the_metrics_does_not_import_visqol():
    code = "import sys, lightning_modules.metrics; sys.exit('visqol' in sys.modules or 'numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
