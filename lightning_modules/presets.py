"""Presets: what residual and knobs of a model are for each instrument that it has learnt, at every pitch."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from lightning_modules.encoders.preset import Preset
from lightning_modules.timbre_model import TimbreModel
from studies.report.words import knob_words
from synths import Clip, sounding_mean
from synths.descriptors.request import KnobRequest
from synths.signal import hz_to_midi

BLUR_SEMITONES = 1.5
"""Neighbouring notes are averaged: one that was played louder than the next is no other instrument."""
USUAL = "usual"
"""The preset of all sounds, where they lie in no folder: the first, which a player begins with."""
END_SHARE, FEWEST_UNNAMED = 0.2, 50
"""What share of sounds in no folder makes the preset of a knob's end, and how many there are at least."""
NEARBY_SEMITONES = 4.0

_Note = tuple[float, Tensor, Tensor]
"""Its pitch in semitones, its mean residual and knobs."""


def set_preset(model: TimbreModel, presets: Mapping[str, Preset], name: str) -> None:
    """Let a model play one of its instruments, whatever it hears.

    Raises:
        ValueError: it has no such preset
    """
    if name not in presets:
        known = f"choose {', '.join(presets)}" if presets else "leave it out"
        raise ValueError(f"--preset {name}: this model has no preset of that name: {known}.")
    preset = model.preset = presets[name]
    # A hook, because every family of encoders composes its residual in its own way.
    model.encoder.register_forward_hook(
        lambda _, heard, encoding: encoding._replace(residual=preset.residual_at(heard[1]))
    )


def preset_requests(model: TimbreModel, f0_hz: Tensor, others: Sequence[KnobRequest]) -> list[KnobRequest]:
    """What the preset that a model is set to asks of its knobs; level stays the recording's.

    Args:
        model: set to a preset, or to none, which asks nothing
        f0_hz: (F,) pitch of the recording in Hz
        others: what is asked besides: a knob that is put somewhere is not asked by the preset
    """
    if model.preset is None:
        return []
    placed = {request.knob for request in others if not request.moves}
    places = model.preset.knobs_at(f0_hz[None])[0].mean(0).tolist()
    return [
        KnobRequest(descriptor.name, place, written="--preset")
        for descriptor, place in zip(model.encoder.each_descriptor(), places, strict=True)
        if not descriptor.is_level and descriptor.name not in placed
    ]


@torch.no_grad()
def learn_presets(model: TimbreModel, batches: Iterable[Clip]) -> dict[str, Preset]:
    """One preset for each folder that training clips come from: its means around every semitone.

    Where no clip comes from a folder, first one of all, then two for each knob but level: the fifth of the clips at
    either end of it, called by the word for how that sounds.

    Args:
        model: in eval mode
        batches: whose names begin with a folder, as those of recordings do

    Returns:
        by name; none where the model has no residual, or too few clips are in no folder
    """
    notes: dict[str, list[_Note]] = {}
    if not model.encoder.residual_size:
        return {}
    for clips in batches:
        encoding, every = model.encoder(clips.audio, clips.f0_hz), model.encoder.judged_every
        sounding, n_knobs = model.encoder.sounding(clips.audio, every), len(model.encoder.knobs)
        means = [sounding_mean(each, sounding, every) for each in (encoding.residual, encoding.controls[..., :n_knobs])]
        for name, f0_hz, residual, knobs in zip(clips.name, clips.f0_hz, *means, strict=True):
            folder = name.rpartition("/")[0].partition("/")[0]
            notes.setdefault(folder, []).append((float(hz_to_midi(f0_hz.median())), residual, knobs))
    unnamed = notes.pop("", [])
    if notes:
        return {name: _blurred(notes[name]) for name in sorted(notes)}
    groups = {USUAL: unnamed} | _at_ends(model, unnamed) if len(unnamed) >= FEWEST_UNNAMED else {}
    return {name: _blurred(each) for name, each in groups.items()}


def _at_ends(model: TimbreModel, notes: Sequence[_Note]) -> dict[str, list[_Note]]:
    """Notes at both ends of each knob but level, beside those of about their pitch: most knobs hang on that."""
    midi, knobs = torch.tensor([note[0] for note in notes]), torch.stack([note[2] for note in notes])
    nearby = torch.softmax(-0.5 * ((midi[:, None] - midi) / NEARBY_SEMITONES).square(), dim=1)
    order = (knobs - nearby @ knobs).argsort(0)
    n_end, found = round(END_SHARE * len(notes)), {}
    for index, descriptor in enumerate(model.encoder.each_descriptor()):
        if descriptor.is_level:
            continue
        words, name = knob_words(descriptor.name), descriptor.name
        low, high = (words.low, words.high) if words.does else (f"{name}-low", f"{name}-high")
        found[low] = [notes[place] for place in order[:n_end, index].tolist()]
        found[high] = [notes[place] for place in order[-n_end:, index].tolist()]
    return found


def _blurred(notes: Sequence[_Note]) -> Preset:
    midi = torch.tensor([note[0] for note in notes])
    lowest, highest = round(float(midi.min())), round(float(midi.max()))
    away = torch.arange(lowest, highest + 1)[:, None] - midi
    # The nearest note always counts, however far it is.
    weights = torch.softmax(-0.5 * (away / BLUR_SEMITONES).square(), dim=1)
    residual, knobs = (weights @ torch.stack(of_notes) for of_notes in list(zip(*notes, strict=True))[1:])
    return Preset(lowest, residual, knobs)
