"""The room in blocks is the room."""

import pytest
import torch

from synths import ClipFormat, Reverb
from synths.streaming import StreamingReverb


def room_of(duration_s, hop=64):
    """A room as loud as the direct sound."""
    room = Reverb(ClipFormat(16000, 100 * hop, hop), duration_s).requires_grad_(False)
    room.gain.fill_(2.0)
    return room


@pytest.mark.parametrize("hop", [64, 160])
@pytest.mark.parametrize("duration_s", [0.002, 0.004, 0.05, 2.0])
def test_equals_offline(duration_s, hop, blocks):
    """Rooms of less than a hop, of one, of several, and longer than the sound."""
    room, audio, given = room_of(duration_s, hop), torch.randn(2, 70 * hop), []
    stream = StreamingReverb(room, hop)
    state, start = stream.initial_state(2), 0
    while start < audio.shape[1]:
        stop = start + blocks[len(given) % len(blocks)] * hop
        wet, state = stream(audio[:, start:stop], state)
        given.append(wet)
        start = stop
    torch.testing.assert_close(torch.cat(given, dim=1), room(audio), atol=1e-4, rtol=0)


def test_state_is_as_large_as_the_room():
    """Spectra of a hop each, and no more of them than reach into the next hop."""
    state = StreamingReverb(room_of(0.5), 64).initial_state(1)
    assert state["spectra"].shape == (1, 124, 130)
