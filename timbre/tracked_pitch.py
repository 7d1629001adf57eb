"""The pitch that a model expects."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from lightning_modules.provenance import remark_on_tracker
from lightning_modules.timbre_model import TimbreModel
from sounds.pitch import NoPitch, PitchTracker
from sounds.trackers import TRACKERS
from timbre.knob_report import wrapped


def tracked_pitch(
    audio: np.ndarray, model: TimbreModel, path: Path | str, say: Callable[[str], None] | None = None
) -> np.ndarray:
    """The pitch of a sound, as the tracker hears it that a model was trained with.

    Args:
        audio: (N,) at the model's rate
        model: whose tracker is taken
        path: of the sound, for messages
        say: told where the tracker is another version now; by default it is printed

    Returns:
        (F,) in Hz

    Raises:
        ValueError: no pitch is heard
    """
    tracker = _tracker_of(model.f0_tracker)
    if remark := remark_on_tracker(model.f0_tracker, tracker.identity):
        (say or _print)(remark)
    try:
        return tracker.track(audio, model.clip).f0_hz
    except NoPitch as error:
        raise ValueError(
            f"{path}: {error}; the synth needs a sound with a pitch, or one that --f0 gives it."
        ) from error


def _print(remark: str) -> None:
    print(*wrapped(remark), sep="\n")


def _tracker_of(identity: str | None) -> PitchTracker:
    """The tracker a model was trained with: its pitch means the same here."""
    recalled = [tracker for kind in TRACKERS if identity and (tracker := kind.recalled(identity))]
    return recalled[0] if recalled else TRACKERS[0]()
