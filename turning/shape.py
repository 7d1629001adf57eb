"""Gains over time that give a note another begin or another end; all of its parts get the same."""

import numpy as np
import torch
from torch import Tensor

from synths.descriptors.envelope import REACH, Envelope
from turning.recording import Recording

SHAKE_PERIODS = 2.0
"""Periods that the envelope is smoothed over: the ripple of a low tone is no shape."""
BEGUN, RISEN = 0.1, 0.95
"""Shares of the maximum between which a note begins: a little more than the 20 to 90 % that are counted."""
MOST_GAIN = 20.0
"""Factor; what would have to be raised by more is noise."""
ROUNDED_S = 0.012
SHORTEST_S = 0.004
"""What the window of the envelope makes of an instant attack, about."""


def attack_gain(recording: Recording, decades: float) -> Tensor:
    """(N,) gain under which a note takes 10^decades times as long to begin.

    What it does between a tenth and nearly all of its maximum it does faster or more slowly, from the same moment on;
    what came next goes on from there.
    """
    envelope, hop_s = _envelope(recording)
    begun, risen = (int(np.argmax(envelope >= share * envelope.max())) for share in (BEGUN, RISEN))
    rising = np.maximum.accumulate(envelope[begun : risen + 1])
    if begun == 0:  # the file begins in the sound: its attack is the shortest that is heard
        begun = -round(SHORTEST_S / hop_s)
        rising = np.concatenate([np.linspace(0.0, rising[0], -begun, endpoint=False), rising])
    frame = np.arange(len(envelope), dtype=np.float64)
    stretched = begun + (frame - begun) / 10.0**decades
    place = np.arange(begun, risen + 1)
    asked = np.interp(stretched, place, rising)
    own = np.interp(frame, place, rising)
    gain = np.where(frame < begun, 1.0, np.minimum(asked / own, MOST_GAIN))
    return _at_samples(gain, recording, hop_s)


def sustain_gain(recording: Recording, nepers: float) -> Tensor:
    """(N,) gain that grows in a line from the begin of a note to its end, in decibels, to so many nepers."""
    envelope, hop_s = _envelope(recording)
    begun = int(np.argmax(envelope >= RISEN * envelope.max()))
    sounds = recording.sounding.nonzero()[:, 0]
    ended = max(begun + 1.0, (float(sounds[-1]) + 1.0) * recording.clip.hop / recording.clip.sample_rate / hop_s)
    share = np.clip((np.arange(len(envelope)) - begun) / (ended - begun), 0.0, 1.0)
    return _at_samples(np.exp(nepers * share), recording, hop_s)


def _envelope(recording: Recording) -> tuple[np.ndarray, float]:
    """Its envelope without ripple, about 500 times a second, and the time between two of its numbers."""
    measured = Envelope(recording.clip)
    power = measured(recording.audio[None])[0, REACH:-REACH].double().square().numpy()
    shake_s = SHAKE_PERIODS / float(recording.f0_hz.median()) if recording.n_partials else ROUNDED_S
    return np.sqrt(_smoothed(power, shake_s / measured.hop_s)) + 1e-9, measured.hop_s


def _smoothed(values: np.ndarray, width: float) -> np.ndarray:
    """The mean under a Hann window of so many numbers, the ends held."""
    reach = max(1, round(width / 2))
    window = np.hanning(2 * reach + 3)[1:-1]
    return np.convolve(np.pad(values, reach, mode="edge"), window / window.sum(), mode="valid")


def _at_samples(gain: np.ndarray, recording: Recording, hop_s: float) -> Tensor:
    """A gain that was given every so often -> (N,), its corners rounded."""
    rounded = _smoothed(gain, ROUNDED_S / hop_s)
    sample_s = np.arange(len(recording.audio)) / recording.clip.sample_rate
    return torch.from_numpy(np.interp(sample_s / hop_s, np.arange(len(rounded)), rounded)).to(recording.audio)
