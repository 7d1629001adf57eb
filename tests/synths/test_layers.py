"""What gains that are known now and then act on."""

import torch

from synths.layers import Layers

F0_HZ = torch.full((1, 12), 250.0)


def test_gains_on_every_fourth_frame_act_on_what_sounds_around_it():
    """A steady number stays; one frame of noise among silent ones is heard at a quarter of its power."""
    amplitudes = torch.full((1, 12, 2), 0.3)
    noise = torch.zeros(1, 12, 1)
    noise[0, 4] = 0.4
    around = Layers(F0_HZ, amplitudes, noise).around_every(4)
    torch.testing.assert_close(around.amplitudes, torch.full((1, 3, 2), 0.3))
    torch.testing.assert_close(around.noise_magnitudes[0, :, 0], torch.tensor([0.0, 0.2, 0.0]))
    assert Layers(F0_HZ, amplitudes, noise).around_every(1).noise_magnitudes is noise
