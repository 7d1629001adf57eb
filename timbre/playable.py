"""A model as a page plays it, with what its training notes tell of playing where they are at hand."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from datamodules import ClipDataModule, Recordings
from instrument.envelopes import checked_banks, envelope_bank
from instrument.level_fit import level_fit
from instrument.page_parts import PageParts, page_parts
from instrument.played_notes import PlayedNote, by_instrument, played_notes, whole_notes
from instrument.presets import presets, voice_presets
from lightning_modules.checkpoint import load_model
from lightning_modules.timbre_model import TimbreModel
from studies.run_folder import checkpoint_in
from studies.voices import card_of, head_of, is_voice
from timbre.prepared_data import prepared_data

N_NOTES = 800
"""Heard for envelopes and presets: a few seconds, and hundreds of an instrument would not change its medoids."""

MOST_INSTRUMENTS = 12
"""With a bank and a preset: each takes 2 KB of a page."""


def playable(place: Path, name: str) -> PageParts:
    """The parts of a page for a checkpoint or a run's folder.

    Args:
        place: of the model; for a run, its prepared sounds give presets, envelopes and a level fit
        name: shown to whoever plays

    Raises:
        FileNotFoundError: there is no such model
        ValueError: it cannot be played on a page
    """
    model = load_model(checkpoint_in(place))
    parts = page_parts(model, name)
    return parts._replace(about=parts.about | told_of_playing(place, model))


def told_of_playing(place: Path, model: TimbreModel) -> dict[str, Any]:
    """What is known of how a model's notes are played, as far as it is.

    Args:
        place: of the model; for a run, its prepared sounds are heard
        model: that was loaded from there

    Returns:
        `presets`, `envelopes`, `level_fit`, `pitches`, `notice`, as a page has them
    """
    path, data = checkpoint_in(place), prepared_data(place)
    learnt = _learnt(model, data) if data else {}
    return learnt | (_of_voice(model, path) if is_voice(path) else {})


def playing_of(model: TimbreModel, data: ClipDataModule) -> dict[str, Any]:
    """How training notes are played: `envelopes` and `level_fit`; nothing where they name no instrument."""
    notes = _notes(model, data)
    instruments = _most_heard(notes)
    return _played(notes, instruments) if instruments else {}


def _of_voice(model: TimbreModel, path: Path) -> dict[str, Any]:
    """What a voice brings along: presets, their pitches and envelopes, and whose sounds it has learnt.

    Raises:
        ValueError: it is damaged
    """
    card, played = card_of(path), head_of(path).get("played", {})
    told: dict[str, Any] = {"notice": f"{card.what}; learnt from {card.data}; weights: {card.licence}"}
    if model.presets:
        ends = [(each.lowest_midi, each.lowest_midi + len(each.residual) - 1) for each in model.presets.values()]
        lowest, highest = zip(*ends, strict=True)
        told |= {"presets": voice_presets(model), "pitches": [min(lowest), max(highest)]}
    try:
        return told | _checked(played)
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path} is not a voice that can be read: copy it again.") from error


def _checked(played: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"envelopes": checked_banks(played["envelopes"])} if played.get("envelopes") else {}
    if fit := played.get("level_fit"):
        told["level_fit"] = [float(number) for number in fit]
        if len(fit) != 4 or not np.isfinite(told["level_fit"]).all():
            raise ValueError("its level fit is none")
    return told


def _learnt(model: TimbreModel, data: ClipDataModule) -> dict[str, Any]:
    """What training notes tell of playing: nothing where they name no instruments."""
    notes = _notes(model, data)
    if not notes:
        return {}
    instruments = _most_heard(notes)
    pitches = sorted(note.midi for note in notes)
    return {
        "presets": presets(model, instruments),
        **_played(notes, instruments),
        "pitches": [round(pitches[len(pitches) // 200]), round(pitches[-1 - len(pitches) // 200])],
    }


def _played(notes: list[PlayedNote], instruments: Mapping[str, list[PlayedNote]]) -> dict[str, Any]:
    banks = [envelope_bank(name, own) for name, own in instruments.items()]
    return {"envelopes": banks, "level_fit": level_fit(notes)}


def _notes(model: TimbreModel, data: ClipDataModule) -> list[PlayedNote]:
    notes = played_notes(model, data.clips_for_ranges(n_batches=-(-N_NOTES // data.batch_size)))
    is_cut = isinstance(data, Recordings) and data.cut == "hop" and data.hop_s == data.clip.duration_s
    return whole_notes(notes) if is_cut else notes


def _most_heard(notes: list[PlayedNote]) -> dict[str, list[PlayedNote]]:
    found = by_instrument(notes)
    most = sorted(found, key=lambda name: len(found[name]), reverse=True)[:MOST_INSTRUMENTS]
    return {name: found[name] for name in found if name in most}
