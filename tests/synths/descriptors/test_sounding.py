"""Where a sound is not silent, and the one mean over it."""

import pytest
import torch

from synths import sounding_mean


@pytest.mark.parametrize(("n_frames", "every"), [(12, 1), (12, 4), (13, 4), (9, 4), (5, 4), (1, 4), (7, 6)])
def test_the_mean_is_over_the_judged_frames_that_sound(n_frames, every):
    """Those between are not looked at; the first frame is judged."""
    values = torch.randn(2, n_frames, 3)
    n_judged = -(-n_frames // every)
    sounding = torch.ones(2, n_judged)
    sounding[1, : n_judged // 2] = 0.0
    judged = values[:, ::every]
    expected = torch.stack([judged[0].mean(0), judged[1, n_judged // 2 :].mean(0)])
    torch.testing.assert_close(sounding_mean(values, sounding, every), expected)
    spoilt = values.clone()
    spoilt[:, torch.arange(n_frames) % every > 0] = 1e6
    torch.testing.assert_close(sounding_mean(spoilt, sounding, every), expected)


def test_what_never_sounds_has_a_mean_of_zero():
    assert not sounding_mean(torch.randn(2, 8, 3), torch.zeros(2, 2), 4).any()
