"""Where a sound is not silent, and the one mean over it."""

import pytest
import torch

from lightning_modules.losses.turned_knobs import TurnedKnobs
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


def test_turned_clips_are_asked_for_the_mean_that_they_are_judged_by():
    """A drawn place is the mean over judged frames, where every other frame would pull it elsewhere."""
    controls = torch.rand(3, 13, 2)
    sounding = torch.tensor([[1.0, 1, 0, 0], [0, 1, 1, 1], [1, 1, 1, 1]])
    low, high = torch.full((3, 2), 0.3), torch.full((3, 2), 0.3)
    turned = TurnedKnobs(how_many="all", source="drawn", curve="moved").ask(controls, sounding, low, high, every=4)
    torch.testing.assert_close(sounding_mean(turned.controls, sounding, 4), low)
