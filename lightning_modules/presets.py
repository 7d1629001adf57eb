"""Presets: what residual and knobs of a model are for each instrument that it has learnt, at every pitch."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from lightning_modules.encoders.preset import Preset
from lightning_modules.timbre_model import TimbreModel
from synths import Clip, sounding_mean
from synths.descriptors.request import KnobRequest
from synths.signal import hz_to_midi

BLUR_SEMITONES = 1.5
"""Neighbouring notes are averaged: one that was played louder than the next is no other instrument."""


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

    Args:
        model: in eval mode
        batches: whose names begin with a folder, as those of recordings do

    Returns:
        by name of the folder; none where clips have no folder or the model no residual
    """
    notes: dict[str, list[tuple[float, Tensor, Tensor]]] = {}
    if not model.encoder.residual_size:
        return {}
    for clips in batches:
        encoding, every = model.encoder(clips.audio, clips.f0_hz), model.encoder.judged_every
        sounding, n_knobs = model.encoder.sounding(clips.audio, every), len(model.encoder.knobs)
        means = [sounding_mean(each, sounding, every) for each in (encoding.residual, encoding.controls[..., :n_knobs])]
        for name, f0_hz, residual, knobs in zip(clips.name, clips.f0_hz, *means, strict=True):
            folder, slash, _ = name.partition("/")
            if slash:
                notes.setdefault(folder, []).append((float(hz_to_midi(f0_hz.median())), residual, knobs))
    return {name: _blurred(notes[name]) for name in sorted(notes)}


def _blurred(notes: Sequence[tuple[float, Tensor, Tensor]]) -> Preset:
    midi = torch.tensor([note[0] for note in notes])
    lowest, highest = round(float(midi.min())), round(float(midi.max()))
    away = torch.arange(lowest, highest + 1)[:, None] - midi
    # The nearest note always counts, however far it is.
    weights = torch.softmax(-0.5 * (away / BLUR_SEMITONES).square(), dim=1)
    residual, knobs = (weights @ torch.stack(of_notes) for of_notes in list(zip(*notes, strict=True))[1:])
    return Preset(lowest, residual, knobs)
