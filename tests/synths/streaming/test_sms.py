"""The synth in blocks is the synth: any block size, any start, any voice."""

from functools import partial

import pytest
import torch
from torch import nn

from synths import ClipFormat, FilteredNoise, Harmonics, Part, Reverb, SMSSynth
from synths.streaming import StreamingSynth


def synth_of(hop=64, n_bands=65, **options):
    """Harmonics and noise in a room that can be heard."""
    parts = (Harmonics, partial(FilteredNoise, n_bands=n_bands))
    synth = SMSSynth(ClipFormat(16000, 100 * hop, hop), **{"parts": parts, **options}).requires_grad_(False)
    for effect in synth.effects:
        effect.gain.fill_(1.0)
    return synth


def test_equals_offline(f0_hz, blocks, parameters_of, streamed):
    """Every curve in every block size, two voices, to the last hop."""
    synth, f0_hz = synth_of(), torch.cat([f0_hz, 1.5 * f0_hz])
    raw = parameters_of(synth.sizes, batch=2)
    torch.testing.assert_close(
        streamed(StreamingSynth(synth), f0_hz, raw, blocks), synth(f0_hz, raw), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize(("hop", "n_bands", "latency"), [(160, 65, 2), (64, 130, 3), (80, 401, 5)])
def test_parts_wait_for_each_other(hop, n_bands, latency, glide, parameters_of, streamed):
    """Whichever part looks further ahead."""
    synth = synth_of(hop, n_bands)
    raw, stream = parameters_of(synth.sizes, hop=hop), StreamingSynth(synth)
    assert stream.latency_frames == latency
    torch.testing.assert_close(streamed(stream, glide, raw, [3]), synth(glide, raw), atol=1e-4, rtol=0)


@pytest.mark.parametrize("parts", [(Harmonics,), (FilteredNoise,)])
def test_one_part_without_effects(parts, glide, parameters_of, streamed):
    """Each part alone and dry."""
    synth = synth_of(parts=parts, effects=())
    raw = parameters_of(synth.sizes)
    torch.testing.assert_close(streamed(StreamingSynth(synth), glide, raw, [2]), synth(glide, raw), atol=1e-4, rtol=0)


def test_two_rooms(glide, parameters_of, streamed):
    """Effects of one kind keep states of their own."""
    synth = synth_of(effects=(Reverb, partial(Reverb, duration_s=0.1)))
    raw = parameters_of(synth.sizes)
    torch.testing.assert_close(streamed(StreamingSynth(synth), glide, raw, [5]), synth(glide, raw), atol=1e-4, rtol=0)


def test_block_size_does_not_matter(glide, parameters_of, streamed):
    """Frame by frame, in odd blocks and at once: the same sound within rounding."""
    synth = synth_of()
    raw, stream = parameters_of(synth.sizes), StreamingSynth(synth)
    once, odd, single = (streamed(stream, glide, raw, blocks) for blocks in ([70], [13, 1, 4], [1]))
    torch.testing.assert_close(odd, once, atol=1e-5, rtol=0)
    torch.testing.assert_close(single, once, atol=1e-5, rtol=0)


def test_a_voice_can_be_started_anew(glide, parameters_of):
    """A fresh row of state is a fresh voice: it hears neither its own past nor its neighbour."""
    synth = synth_of()
    raw, stream = parameters_of(synth.sizes, batch=2), StreamingSynth(synth)
    both = glide.expand(2, -1)
    _, state = stream(both, raw, stream.initial_state(2))
    fresh = stream.initial_state(2)
    state = {name: torch.cat([value[:1], fresh[name][1:]]) for name, value in state.items()}
    again, first = stream(both, raw, state)[0], stream(both, raw, fresh)[0]
    assert not torch.allclose(again[0], first[0], atol=1e-3)
    torch.testing.assert_close(again[1], first[1], atol=1e-6, rtol=0)


def test_the_state_given_is_left_as_it_was(glide, parameters_of):
    """The same block from the same state sounds the same twice."""
    synth = synth_of()
    raw, stream = parameters_of(synth.sizes), StreamingSynth(synth)
    _, state = stream(glide, raw, stream.initial_state(1))
    once, twice = (stream(glide, raw, state)[0] for _ in range(2))
    assert once.equal(twice)


def test_state_is_named_by_its_owner_and_keeps_its_shape(glide, parameters_of):
    """Keys, shapes and types stay from block to block, the voices first."""
    synth = synth_of()
    stream = StreamingSynth(synth)
    before = stream.initial_state(1)
    _, after = stream(glide, parameters_of(synth.sizes), before)
    assert {name.split(".")[0] for name in before} == {"harmonics", "noise", "reverb"}
    assert {n: (x.shape, x.dtype) for n, x in before.items()} == {n: (x.shape, x.dtype) for n, x in after.items()}
    assert all(len(value) == 3 for value in stream.initial_state(3).values())


def test_a_room_that_is_switched_off_is_left_out(glide, parameters_of, streamed):
    """Dry offline, dry live."""
    synth = synth_of()
    synth.effects[0].enabled = False
    raw, stream = parameters_of(synth.sizes), StreamingSynth(synth)
    assert not [name for name in stream.initial_state(1) if "reverb" in name]
    torch.testing.assert_close(streamed(stream, glide, raw, [4]), synth(glide, raw), atol=1e-4, rtol=0)


def test_what_has_no_streaming_form_is_named():
    """A part, an effect, or a subclass that may have changed anything."""

    class Clicks(Part):
        def __init__(self, clip):
            super().__init__()
            self.sizes = {"clicks": 1}

    class Warmer(Harmonics):
        pass

    class Echo(nn.Module):
        def __init__(self, clip):
            super().__init__()
            self.gain = torch.zeros(1)

    for options, name in (
        ({"parts": (Clicks,)}, "Clicks"),
        ({"parts": (Warmer,)}, "Warmer"),
        ({"effects": (Echo,)}, "Echo"),
    ):
        with pytest.raises(ValueError, match=f"{name} has no streaming form"):
            StreamingSynth(synth_of(**options))
