"""The harmonic layer in blocks is the harmonic layer."""

import pytest
import torch

from synths import ClipFormat, Harmonics
from synths.oscillator import audible_harmonics
from synths.streaming import StreamingHarmonics


def part_of(hop=64, **options):
    """A layer of K = 100 at 16 kHz."""
    return Harmonics(ClipFormat(16000, 100 * hop, hop), **options)


def test_equals_offline(f0_hz, blocks, parameters_of, streamed):
    """Every curve in every block size, to the last hop."""
    part = part_of()
    raw = parameters_of(part.sizes)
    torch.testing.assert_close(
        streamed(StreamingHarmonics(part), f0_hz, raw, blocks), part(f0_hz, raw), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("upsampling", ["linear", "hann"])
def test_amplitudes_rise_as_they_do_offline(upsampling, glide, parameters_of, streamed):
    """In a line or along a Hann window."""
    part = part_of(hop=160, upsampling=upsampling)
    raw = parameters_of(part.sizes)
    torch.testing.assert_close(streamed(StreamingHarmonics(part), glide, raw, [3]), part(glide, raw), atol=1e-4, rtol=0)


@pytest.mark.parametrize("n_frames", [1, 2, 3])
def test_equals_offline_when_short(n_frames, parameters_of, streamed):
    """A sound shorter than the latency."""
    part = part_of(hop=160)
    raw, f0_hz = parameters_of(part.sizes, n_frames=n_frames), torch.linspace(500.0, 100.0, n_frames)[None]
    torch.testing.assert_close(streamed(StreamingHarmonics(part), f0_hz, raw, [1]), part(f0_hz, raw), atol=1e-4, rtol=0)


def test_silent_and_still_before_the_first_frame(glide, parameters_of):
    """Two hops of exact silence, in which the phase stays where it was."""
    stream = StreamingHarmonics(part_of())
    raw = parameters_of({"harmonic_gain": 1, "harmonic_balance": 100})
    first = {name: value[:, :2] for name, value in raw.items()}
    audio, state = stream(glide[:, :2], first, stream.initial_state(1))
    assert not audio.any() and not state["phase_turns"].any()


def test_the_same_partials_are_audible():
    """At every pitch, and exactly at those where a partial meets Nyquist."""
    stream = StreamingHarmonics(part_of())
    meeting = 8000.0 / torch.arange(1, 101)
    pitches = torch.cat([meeting, meeting.nextafter(torch.tensor(0.0)), meeting.nextafter(torch.tensor(1e9))])
    pitches = torch.cat([pitches, 9000.0 * torch.rand(1000), torch.zeros(1)])
    ours = (pitches[:, None] < stream.audible_below_hz).sum(1)
    assert ours.equal(audible_harmonics(pitches[:, None], 100, 16000)[:, 0])


def test_an_hour_stays_in_tune():
    """After an hour of one pitch the phase is what the closed form says."""
    stream, n_frames = StreamingHarmonics(part_of(n_harmonics=1)), 9000
    state = stream.initial_state(1)
    block, raw = torch.full((1, n_frames), 311.127), {"harmonic_gain": torch.zeros(1, n_frames, 1)}
    raw["harmonic_balance"] = raw["harmonic_gain"]
    for _ in range(100):
        state = stream(block, raw, state)[1]
    turns = (100 * n_frames - 2) * 64 * block[0, 0].double() / 16000
    difference = state["phase_turns"] - turns
    assert (difference - difference.round()).abs() < 1e-6
