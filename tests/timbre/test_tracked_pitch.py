"""Pitch of long recordings, tracked in stretches."""

from functools import partial

import numpy as np
import pytest

from instrument import pieces
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import GruDecoder
from sounds.pitch import NoPitch, Pitch
from timbre import tracked_pitch as module
from timbre.tracked_pitch import tracked_pitch


class Loudest:
    """Hears a hundred times the loudest sample as the pitch, and nothing in silence."""

    identity = "loudest"

    def track(self, audio, clip):
        frames = np.abs(audio[: len(audio) // clip.hop * clip.hop]).reshape(-1, clip.hop).max(1)
        if not frames.any():
            raise NoPitch("nothing is voiced")
        return Pitch(100.0 * np.maximum(frames, frames[frames > 0].min()), np.ones(len(frames)))


@pytest.fixture
def model(second, monkeypatch):
    monkeypatch.setattr(module, "_tracker_of", lambda model, say: Loudest())
    for name in ("LONGEST", "SHORTEST_PIECE"):
        monkeypatch.setattr(pieces, f"{name}_S", 2.0)
    return TimbreAutoencoder(second, decoder=partial(GruDecoder, width=4))


def test_stretches_make_the_whole(model):
    """Seven seconds, each frame with its own number."""
    expected = np.linspace(1.0, 2.0, 700)
    heard = tracked_pitch(np.repeat(expected, 160).astype(np.float32), model, "in.wav")
    np.testing.assert_allclose(heard, 100.0 * expected, rtol=1e-5)


def test_a_stretch_without_a_pitch_is_bridged(model):
    """In a line of log-frequency from what is before it to what is behind it."""
    numbers = np.ones(3000)
    numbers[200:2400], numbers[2400:] = 0.0, 4.0
    heard = tracked_pitch(np.repeat(numbers, 160).astype(np.float32), model, "in.wav")
    np.testing.assert_allclose(heard[[100, 2700]], [100.0, 400.0], rtol=1e-5)
    assert (np.diff(heard[1000:1600]) > 0).all()


def test_silence_all_along_is_refused(model):
    with pytest.raises(ValueError, match=r"in\.wav: nothing is voiced; the synth needs a sound with a pitch"):
        tracked_pitch(np.zeros(160000, np.float32), model, "in.wav")
