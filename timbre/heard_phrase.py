"""A recorded phrase as a score: its notes, heard by a model's own tracker."""

import argparse
from pathlib import Path

import numpy as np
import torch

from instrument.listening import listen
from instrument.samples import OnDisk
from melodies.heard_notes import as_written, heard_notes
from melodies.score import Score
from melodies.written_part import WrittenPart
from sounds.audio import Channel, blocks_at_rate
from timbre.melody_instrument import MelodyInstrument
from timbre.pitch_curve import given_pitch
from timbre.tracked_pitch import tracked_pitch


def heard_phrase(given: argparse.Namespace, instrument: MelodyInstrument, channel: Channel) -> Score:
    """The notes of `given.input`, as one part.

    Raises:
        ValueError: it is no sound, or no notes are heard
    """
    model, path = instrument.model, given.input
    with OnDisk(given.output.parent) as sound:
        for block in blocks_at_rate(str(path), model.clip, channel, "--channel"):
            sound.add(block)
        if given.f0 is not None:
            f0_hz = given_pitch(given.f0, sound.n_samples, model.clip)
        else:
            f0_hz = tracked_pitch(sound, model, path)
        level_db = listen(model, sound, torch.from_numpy(f0_hz)).level_db.numpy()
    level_db = np.repeat(level_db, model.encoder.every)[: len(f0_hz)]
    notes = heard_notes(f0_hz, level_db, model.clip.frame_rate_hz)
    if not notes:
        raise ValueError(f"{path}: no note is heard in it: record it louder, or leave out --notes.")
    written = as_written(notes, instrument.played, given.match == "all")
    return Score([WrittenPart(Path(path).stem, written)], [f"{len(notes)} notes were heard."])
