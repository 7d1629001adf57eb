"""The knobs of a recording turned, without a model."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from interpretsynth.answered_sound import AnsweredSound, answered
from interpretsynth.asking import Asked, requests_to
from interpretsynth.sound import frames_of_pitch, samples
from timbre.turn_report import reports_of
from timbre.turn_requests import refuse_impossible, refuse_what_is_not_there
from turning.listened import Listened
from turning.sound_in import ArrayIn
from turning.turn import AskedPlaces, asked_of, changes


def turn(
    audio: np.ndarray,
    rate: int,
    *,
    nudge: Mapping[str, Asked] | None = None,
    release: Sequence[str] = (),
    hold: Sequence[str] = (),
    f0_hz: float | np.ndarray | None = None,
    channel: int | Literal["mix"] = "mix",
    steady: bool = False,
    **knobs: Asked,
) -> AnsweredSound:
    """Turn qualities of a recorded sound of one voice, each by what is asked, and hold the others.

    Args:
        audio: (samples,) or (samples, channels) of floats, full scale 1; it stays as it is
        rate: samples per second
        nudge: knob -> how far it moves, in its unit or in least audible differences: {"level": "-6dB"}
        release: knobs that need not hold
        hold: further knobs that hold
        f0_hz: the pitch where it is known: a number, or an array spread evenly over the sound
        channel: which one is measured, or their mean; all are turned alike
        steady: one set of gains from begin to end
        **knobs: where each is to be, such as noisiness="-30dB"; "+2jnd" moves it

    Returns:
        the sound, of the shape and type of `audio`, and where each knob was, was asked and is measured. Where nothing
        is asked the numbers are the same. A sound that exceeds full scale is not lowered

    Raises:
        ValueError: it is no such sound, or it cannot be asked that; the sentence says what can
    """
    requests = requests_to(knobs, nudge)
    array = np.asarray(audio)
    sound = ArrayIn(samples(audio, rate), int(rate))
    given = None if f0_hz is None else lambda n_samples, clip: frames_of_pitch(f0_hz, n_samples, clip)
    listened = Listened(sound, channel, given)
    released, held = _names(release), _names(hold)
    refuse_what_is_not_there(listened, requests, released)
    asked = asked_of(listened, [requests], released, held)
    refuse_impossible(listened, asked, requests)
    turned = _turned(listened, asked, steady).reshape(array.shape).astype(array.dtype)
    reports = reports_of(listened, asked, ArrayIn(turned.astype(np.float64), int(rate)))
    said = [] if listened.has_pitch else [f"It counts as a sound without a pitch: {listened.why_no_pitch}."]
    return answered(turned, int(rate), reports, said)


def _turned(listened: Listened, asked: AskedPlaces, steady: bool) -> Any:
    """(n, channels) the sound and what is added to it."""
    own = listened.sound.read(0, listened.sound.n_frames)
    if asked.bend is None and bool((asked.positions == asked.own).all()):
        return own
    return own + np.concatenate([change[0] for change in changes(listened, asked, steady)])


def _names(given: Sequence[str]) -> list[str]:
    """Names of knobs; one alone may stand for itself."""
    return [given] if isinstance(given, str) else list(given)
