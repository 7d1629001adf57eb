"""What sounds remember."""

import torch

from synths.descriptors.sound import HeardSound, Memory


def test_each_thing_is_computed_once():
    """By its name; another name is another thing."""
    memory, computed = Memory(), []
    for name in ("one", "other", "one"):
        assert memory.remembered(name, lambda name=name: computed.append(name) or name.upper()) == name.upper()
    assert computed == ["one", "other"]


def test_without_gradients_is_another_thing():
    """A read-out that is measured first, detached, leaves the others their gradients."""
    sound = HeardSound(torch.ones(1, 160, requires_grad=True), torch.ones(1, 1))
    with torch.no_grad():
        assert not sound.remembered("square", sound.audio.square).requires_grad
    assert sound.remembered("square", sound.audio.square).requires_grad
