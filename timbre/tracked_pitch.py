"""The pitch that a model expects."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from instrument.pieces import stretches_of
from instrument.samples import Samples
from lightning_modules.provenance import remark_on_tracker
from lightning_modules.timbre_model import TimbreModel
from sounds.pitch import NoPitch, PitchTracker
from sounds.trackers import TRACKERS
from timbre.knob_report import wrapped


def tracked_pitch(
    audio: np.ndarray | Samples, model: TimbreModel, path: Path | str, say: Callable[[str], None] | None = None
) -> np.ndarray:
    """The pitch of a sound, as the tracker hears it that a model was trained with.

    Args:
        audio: (N,) at the model's rate; more than half a minute is tracked in stretches
        model: whose tracker is taken
        path: of the sound, for messages
        say: told where the tracker is another version now; by default it is printed

    Returns:
        (F,) in Hz

    Raises:
        ValueError: no pitch is heard
    """
    tracker = _tracker_of(model, say)
    hop, every = model.clip.hop, model.encoder.judged_every
    n_samples = len(audio) if isinstance(audio, np.ndarray) else audio.n_samples
    each, heard_nothing = [], None
    for piece in stretches_of(-(-n_samples // hop), every, model.clip.frame_rate_hz):
        start, n = piece.start * hop, (piece.stop - piece.start) * hop
        part = audio[start : start + n] if isinstance(audio, np.ndarray) else audio.read(start, n).numpy()
        try:
            f0_hz = tracker.track(part, model.clip).f0_hz
        except NoPitch as error:
            heard_nothing, f0_hz = error, np.full(piece.stop - piece.start, np.nan, np.float32)
        each.append(f0_hz[piece.first - piece.start : piece.end - piece.start])
    f0_hz = np.concatenate(each)
    if np.isnan(f0_hz).all():
        raise ValueError(
            f"{path}: {heard_nothing}; the synth needs a sound with a pitch, or one that --f0 gives it."
        ) from heard_nothing
    return _bridged(f0_hz)


def _tracker_of(model: TimbreModel, say: Callable[[str], None] | None = None) -> PitchTracker:
    """The tracker a model was trained with: its pitch means the same here.

    Args:
        model: as loaded
        say: told where the tracker is another version now; by default it is printed
    """
    identity = model.f0_tracker
    recalled = [tracker for kind in TRACKERS if identity and (tracker := kind.recalled(identity))]
    tracker = recalled[0] if recalled else TRACKERS[0]()
    if remark := remark_on_tracker(identity, tracker.identity):
        (say or _print)(remark)
    return tracker


def _bridged(f0_hz: np.ndarray) -> np.ndarray:
    """The same, stretches without a pitch in lines of log-frequency between those that have one."""
    missing = np.isnan(f0_hz)
    if not missing.any():
        return f0_hz
    place = np.arange(len(f0_hz))
    return np.exp(np.interp(place, place[~missing], np.log(f0_hz[~missing]))).astype(np.float32)


def _print(remark: str) -> None:
    print(*wrapped(remark), sep="\n")
