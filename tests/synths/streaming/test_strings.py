"""The strings in blocks are the strings."""

import pytest
import torch

from synths import ClipFormat, Strings
from synths.streaming import StreamingStrings


def part_of(hop=64, **options):
    """A layer of K = 100 at 16 kHz."""
    return Strings(ClipFormat(16000, 100 * hop, hop), **options)


@pytest.mark.parametrize("n_strings", [1, 2])
def test_equals_offline(n_strings, f0_hz, blocks, parameters_of, streamed):
    """Every curve in every block size, to the last hop."""
    part = part_of(n_strings=n_strings)
    raw = parameters_of(part.sizes)
    torch.testing.assert_close(
        streamed(StreamingStrings(part), f0_hz, raw, blocks), part(f0_hz, raw), atol=2e-4, rtol=0
    )


@pytest.mark.parametrize("n_strings", [1, 2])
def test_plays_what_it_said(n_strings, glide, parameters_of):
    """Raw parameters of what is played play the same."""
    stream = StreamingStrings(part_of(n_strings=n_strings))
    played = stream.played(glide, parameters_of(stream.part.sizes))
    again = stream.played(glide, stream.raw(played))
    torch.testing.assert_close(again["amplitudes"], played["amplitudes"], atol=1e-4, rtol=1e-2)


def test_rows_of_a_batch_do_not_meet(glide, parameters_of, streamed):
    """Notes of a chord sound as they do apart, but for the last digit of vectorised functions."""
    stream = StreamingStrings(part_of())
    raw, chord = parameters_of(stream.part.sizes, batch=3), glide * torch.tensor([[1.0], [1.26], [1.5]])
    together = streamed(stream, chord, raw, [7])
    apart = [
        streamed(stream, chord[n : n + 1], {name: value[n : n + 1] for name, value in raw.items()}, [7])
        for n in range(3)
    ]
    torch.testing.assert_close(together, torch.cat(apart), atol=2e-6, rtol=0)
