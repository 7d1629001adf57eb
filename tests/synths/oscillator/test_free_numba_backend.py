"""The compiled loops of partials at any frequency, in hops of which no piece is whole."""

import pytest
import torch

from synths.oscillator import free_bank


@pytest.mark.parametrize("hop", [1, 31, 32, 33, 480])
def test_pieces_of_a_hop_fit(hop):
    """What torch gives, partials that are silent on one side of the hop included."""
    pytest.importorskip("numba")
    hz, amplitudes = 50.0 + 6000.0 * torch.rand(2, 9, 13), torch.rand(2, 9, 13)
    amplitudes[:, 3:5, 2] = 0.0
    ours, theirs = (free_bank(hz, amplitudes, hop, 16000, None, backend) for backend in ("numba", "torch"))
    torch.testing.assert_close(ours, theirs, atol=5e-5, rtol=0)
