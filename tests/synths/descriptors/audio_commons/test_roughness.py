"""AudioCommons roughness, with its flaw."""

import torch

from synths.descriptors.audio_commons import AudioCommonsRoughness


def rated(clip, *sounds):
    """One rating per sound."""
    return AudioCommonsRoughness(clip).pooled(torch.cat(sounds), torch.ones(len(sounds), clip.n_frames)).tolist()


def test_a_pure_tone_is_not_rough(second, sine):
    """One peak has no pair."""
    assert rated(second, sine(second, 1000.0, 0.1)) == [0.0]


def test_two_near_tones_are_rough(second, sine):
    """70 Hz apart beat; 3 kHz apart do not."""
    tone = sine(second, 1000.0, 0.1)
    near, far = rated(second, tone + sine(second, 1070.0, 0.1), tone + sine(second, 4000.0, 0.1))
    assert near > far + 20.0


def test_it_grows_as_a_partial_weakens(second, sine):
    """The flaw that `not_for_training` names: a second tone 20 dB down is rougher than an equal one."""
    tone = sine(second, 1000.0, 0.1)
    equal, weak = rated(second, tone + sine(second, 1070.0, 0.1), tone + sine(second, 1070.0, 0.01))
    assert weak > equal + 3.0
