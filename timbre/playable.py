"""A model as a page plays it, with what its training notes tell of playing where they are at hand."""

from pathlib import Path
from typing import Any

from datamodules import ClipDataModule
from instrument.envelopes import envelope_bank
from instrument.level_fit import level_fit
from instrument.page_parts import PageParts, page_parts
from instrument.played_notes import by_instrument, played_notes
from instrument.presets import presets, voice_presets
from lightning_modules.checkpoint import load_model
from lightning_modules.timbre_model import TimbreModel
from studies.run_folder import checkpoint_in
from studies.voices import VoiceCard, card_of, is_voice
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
    return parts._replace(about=parts.about | told_of_playing(model, place))


def told_of_playing(model: TimbreModel, place: Path) -> dict[str, Any]:
    """What is known of playing a model: `presets`, `envelopes`, `level_fit`, `pitches` and `notice`, where there is.

    Args:
        model: in eval mode
        place: that it was loaded from
    """
    path, data = checkpoint_in(place), prepared_data(place)
    learnt = _learnt(model, data) if data else {}
    return learnt | _of_voice(model, card_of(path)) if is_voice(path) else learnt


def _of_voice(model: TimbreModel, card: VoiceCard) -> dict[str, Any]:
    """What a voice brings along: presets, the pitches that they know, and whose sounds it has learnt."""
    told: dict[str, Any] = {"notice": f"{card.what}; learnt from {card.data}; weights: {card.licence}"}
    if model.presets:
        ends = [(each.lowest_midi, each.lowest_midi + len(each.residual) - 1) for each in model.presets.values()]
        lowest, highest = zip(*ends, strict=True)
        told |= {"presets": voice_presets(model), "pitches": [min(lowest), max(highest)]}
    return told


def _learnt(model: TimbreModel, data: ClipDataModule) -> dict[str, Any]:
    """What training notes tell of playing: nothing where they name no instruments."""
    notes = played_notes(model, data.clips_for_ranges(n_batches=-(-N_NOTES // data.batch_size)))
    if not notes:
        return {}
    found = by_instrument(notes)
    most = sorted(found, key=lambda name: len(found[name]), reverse=True)[:MOST_INSTRUMENTS]
    instruments = {name: found[name] for name in found if name in most}
    pitches = sorted(note.midi for note in notes)
    return {
        "presets": presets(model, instruments),
        "envelopes": [envelope_bank(name, played) for name, played in instruments.items()],
        "level_fit": level_fit(notes),
        "pitches": [round(pitches[len(pitches) // 200]), round(pitches[-1 - len(pitches) // 200])],
    }
