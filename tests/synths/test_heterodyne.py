"""Partials are read with their own amplitudes and phases, at the ends too."""

import math

import torch

from synths.carriers import carriers
from synths.heterodyne import envelopes

RATE, HOP, BLOCK = 16000, 160, 48


def test_amplitudes_and_phases_of_partials():
    """Two cosines of known amplitude and phase: a cosine and a sine part each, from the first edge to the last."""
    n = 4800
    time_s = torch.arange(n, dtype=torch.float64) / RATE
    phases = 2 * math.pi * 250.0 * time_s
    audio = (0.5 * torch.cos(phases + 0.3) + 0.1 * torch.cos(3 * phases - 1.0)).float()
    waves = carriers(torch.full((30,), 250.0), RATE, HOP, BLOCK, n, 4)
    read = envelopes(audio, waves)
    assert read.shape == (n // BLOCK + 1, 8)
    expected = torch.tensor([0.5 * math.cos(0.3), 0.0, 0.1 * math.cos(1.0), 0.0])
    expected = torch.cat([expected, torch.tensor([-0.5 * math.sin(0.3), 0.0, 0.1 * math.sin(1.0), 0.0])])
    inner = read[5:-5]
    assert (inner - expected).abs().max() < 1e-3
    assert (read[[0, -1]] - expected).abs().max() < 0.07  # half a window hears its neighbours


def test_what_lies_above_half_the_rate_is_no_partial():
    audio = torch.randn(4800, generator=torch.Generator().manual_seed(0))
    waves = carriers(torch.full((30,), 3000.0), RATE, HOP, BLOCK, 4800, 4)
    read = envelopes(audio, waves)
    assert (read[:, [0, 1, 4, 5]] != 0).all() and (read[:, [2, 3, 6, 7]] == 0).all()
