"""What is to be said of a rendering beside its knobs: what matching did, and whether more than one voice sounds."""

import torch
from torch import Tensor

from instrument.matching import Matched
from instrument.samples import Samples
from lightning_modules.encoders.training_frames import TrainingFrames
from lightning_modules.timbre_model import TimbreModel
from sounds.one_voice import is_one_voice
from synths.signal import midi_to_hz

HEARD_DB = 0.5
"""A gain that is worth a word."""
SILENT_DB = 60.0
"""Below the sound that was there: how much more is no matter."""
PAUSE_DB = 1.0
AT_HOME = 0.5
"""Where less of the pitch lies among the training notes', another octave is recommended."""


def voices(model: TimbreModel, sound: Samples, f0_hz: Tensor, sounding: Tensor) -> list[str]:
    """A sentence where a recording is more than one voice.

    Args:
        model: which renders it
        sound: the recording
        f0_hz: (F,) its pitch in Hz
        sounding: (1, J) 1 where it sounds, in the frames that are judged
    """
    every, clip = model.encoder.judged_every, model.clip
    sounds = sounding[0].bool().repeat_interleave(every)[: len(f0_hz)].numpy()
    if is_one_voice(lambda start, n: sound.read(start, n).numpy(), f0_hz.numpy(), clip.hop, clip.sample_rate, sounds):
        return []
    return ["More than one voice seems to sound: the pitch that was heard explains a part of it, and one voice plays."]


def sentences(matched: Matched, training: TrainingFrames) -> list[str]:
    """What is to be said of it; nothing where nothing was matched.

    Args:
        matched: what was done
        training: what the model knows of its training notes
    """
    return [*_pitch(matched, training), *_knobs(matched), *_level(matched)]


def _pitch(matched: Matched, training: TrainingFrames) -> list[str]:
    if matched.pitch_at_home is None:
        return [f"Played {_octaves(matched.octaves)}."] if matched.octaves else []
    before, after = (f"{100 * share:.0f}" for share in matched.pitch_at_home)
    low_hz, high_hz = (float(midi_to_hz(torch.tensor(float(end)))) for end in training.pitch_ends())
    home = f"the training notes' ({low_hz:.0f} to {high_hz:.0f} Hz)"
    if matched.octaves:
        return [f"Played {_octaves(matched.octaves)}: {after} % of the pitch lies among {home}, {before} % before."]
    if matched.pitch_at_home[0] < AT_HOME and matched.best_octaves:
        return [
            f"Only {before} % of the pitch lies among {home}: --octave {matched.best_octaves} takes most of it there."
        ]
    return []


def _octaves(n: int) -> str:
    number = "an octave" if abs(n) == 1 else f"{abs(n)} octaves"
    return f"{number} {'higher' if n > 0 else 'lower'}"


def _knobs(matched: Matched) -> list[str]:
    if not matched.knobs_at_home:
        return []
    shares = ", ".join(f"{name} {100 * share:.0f} %" for name, share in matched.knobs_at_home.items())
    return [f"Knobs are matched to the training notes'. So much of the recording was in their range: {shares}."]


def _level(matched: Matched) -> list[str]:
    gain_db = torch.cat([torch.zeros(0), *matched.gain_db])
    said = []
    if len(gain_db) and float(gain_db.abs().max()) >= HEARD_DB:
        low, high = (float(gain_db.double().quantile(share)) for share in (0.05, 0.95))
        said.append(f"a gain of {low:+.1f} to {high:+.1f} dB keeps the recording's level")
    lowered = -min([0.0, *matched.pause_db])
    if lowered >= PAUSE_DB:
        by = f"up to {lowered:.0f} dB" if lowered < SILENT_DB else f"{SILENT_DB:.0f} dB and more"
        said.append(f"pauses are lowered by {by}, to the recording's")
    return [f"Matched: {'; '.join(said)}."] if said else []
