"""The noise layer in blocks is the noise layer."""

import pytest
import torch

from synths import ClipFormat, FilteredNoise
from synths.streaming import StreamingNoise


def part_of(hop=64, n_bands=65):
    """A layer at 16 kHz."""
    return FilteredNoise(ClipFormat(16000, 100 * hop, hop), n_bands)


@pytest.mark.parametrize(("hop", "n_bands", "latency"), [(64, 65, 1), (160, 65, 1), (64, 130, 3), (100, 101, 1)])
def test_equals_offline(hop, n_bands, latency, blocks, glide, parameters_of, streamed):
    """Filters shorter and longer than a frame, to the last hop; late by what they reach back."""
    part = part_of(hop, n_bands)
    raw, stream = parameters_of(part.sizes, hop=hop), StreamingNoise(part)
    assert stream.latency_frames == latency
    torch.testing.assert_close(streamed(stream, glide, raw, blocks), part(glide, raw), atol=1e-4, rtol=0)


@pytest.mark.parametrize("n_frames", [1, 2])
def test_equals_offline_when_short(n_frames, parameters_of, streamed):
    """A sound shorter than the filters."""
    part, f0_hz = part_of(n_bands=130), torch.full((1, n_frames), 100.0)
    raw = parameters_of(part.sizes, n_frames=n_frames)
    torch.testing.assert_close(streamed(StreamingNoise(part), f0_hz, raw, [1]), part(f0_hz, raw), atol=1e-4, rtol=0)


def test_silent_before_the_first_frame(glide, parameters_of):
    """The filters' reach before the first frame is cut off."""
    stream = StreamingNoise(part_of(n_bands=130))
    audio, _ = stream(glide, parameters_of({"noise_bands": 130}), stream.initial_state(1))
    assert not audio[:, : 3 * 64].any() and audio[:, 3 * 64 : 4 * 64].all()


def test_fresh_noise_at_every_call(glide, parameters_of):
    """Without white noise in the parameters it is drawn, as loud as uniform noise is."""
    stream, raw = StreamingNoise(part_of()), parameters_of({"noise_bands": 65})
    given = stream(glide, raw, stream.initial_state(1))[0]
    del raw["white_noise"]
    once, twice = (stream(glide, raw, stream.initial_state(1))[0] for _ in range(2))
    assert not once.equal(twice)
    assert once.std().item() == pytest.approx(given.std().item(), rel=0.1)
