"""`timbre export` to .ts and .nm: one voice for a host that follows a sound, with what the verb says of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from instrument.hosted_voice import HostedVoice, HostPreset
from instrument.instrument import Instrument
from instrument.neutone import NeutoneCard, chosen_knobs, write_neutone
from instrument.nn_tilde import attributes_of, median_hop_s, write_nn_tilde
from instrument.onnx_export import metadata
from instrument.page_parts import refuse_uncalibrated
from lightning_modules.checkpoint import load_model
from lightning_modules.provenance import provenance
from lightning_modules.timbre_model import TimbreModel
from studies.run_folder import checkpoint_in
from studies.voices import card_of, is_voice
from timbre.knob_report import wrapped
from timbre.playable import told_of_playing


def export_hosted(place: Path, output: Path, preset: str | None, asked: Sequence[str]) -> None:
    """Write a voice for nn~ or Neutone, and print what it is.

    Args:
        place: of the model
        output: .ts or .nm
        preset: to begin with; None: the first
        asked: knobs of a .nm file

    Raises:
        ValueError: the model has no calibrated knobs, no such preset or knob, or a package is missing
    """
    model = load_model(checkpoint_in(place))
    refuse_uncalibrated(model)
    instrument, level = Instrument(model), level_knob(model)
    chosen = chosen_knobs(instrument.knobs, level, asked)
    told = told_of_playing(place, model)
    presets = _begun_with(host_presets(model, told.get("presets", [])), preset)
    voice = HostedVoice(instrument, level, presets, tuple(told.get("pitches", (0.0, 127.0))))
    if output.suffix.lower() == ".nm":
        card = _card(place, output.stem, presets)
        write_neutone(voice, instrument.knobs, chosen, output, card, model.clip.sample_rate)
    else:
        names = [each.name for each in presets]
        write_nn_tilde(instrument, voice, output, metadata(instrument, 1) | {"presets": names} | _notice(told))
    _say_what_it_is(output, instrument, voice, [instrument.knobs[index].name for index in chosen])


def level_knob(model: TimbreModel) -> int:
    """Index of the knob that takes a level in dB; -1 where there is none."""
    knobs = model.encoder.each_descriptor()
    return next((index for index, knob in enumerate(knobs) if knob.is_level and knob.unit == "dB"), -1)


def host_presets(model: TimbreModel, told: Sequence[dict[str, Any]]) -> list[HostPreset]:
    """Presets as a page has them, with a voice's own residuals, which a page rounds."""
    return [
        HostPreset(
            each["name"],
            each["lowest_midi"],
            model.presets[each["name"]].residual.float()
            if each["name"] in model.presets
            else torch.tensor(each["residual"]).reshape(len(each["residual"]), model.encoder.residual_size),
            torch.tensor(each["shares"]),
        )
        for each in told
    ]


def _begun_with(presets: list[HostPreset], name: str | None) -> list[HostPreset]:
    names = [preset.name for preset in presets]
    if name is not None and name not in names:
        mend = f"choose {', '.join(names)}" if names else "leave it out"
        raise ValueError(f"--preset {name}: this model has no preset of that name: {mend}.")
    return sorted(presets, key=lambda preset: preset.name != name)


def _card(place: Path, name: str, presets: Sequence[HostPreset]) -> NeutoneCard:
    what, data = f"{name}, with timbre knobs", "A model of this user's own."
    if is_voice(path := checkpoint_in(place)):
        card = card_of(path)
        what, data = card.what, f"Learnt from {card.data}. Licence of its weights: {card.licence}."
    return NeutoneCard(name, what, data, provenance()["version"], [preset.name for preset in presets])


def _notice(told: dict[str, Any]) -> dict[str, str]:
    return {"notice": told["notice"]} if "notice" in told else {}


def _say_what_it_is(output: Path, instrument: Instrument, voice: HostedVoice, chosen: Sequence[str]) -> None:
    rate, presets = instrument.clip.sample_rate, [name for name in voice.preset_names if name]
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB, one voice at {rate} Hz")
    if output.suffix.lower() == ".ts":
        names = [each.name for each in attributes_of(instrument.knobs, voice.level)]
        inputs = ["pitch in Hz", *(knob.name for knob in instrument.knobs)]
        print(f"  rate     set the host to {rate} Hz: nn~ does not resample")
        print(*wrapped(f"forward  in {', '.join(inputs)} (0..1), as signals"), sep="\n")
        print(*wrapped(f"follow   in a sound; set {', '.join(names)}"), sep="\n")
    else:
        print(*wrapped(f"knobs    {', '.join(chosen)}"), sep="\n")
    if presets:
        print(*wrapped(f"presets  {', '.join(presets)}; it begins with the first"), sep="\n")
    print(f"  latency  {1e3 * instrument.latency_s:.1f} ms ({instrument.latency_frames} frames), any buffer")
    print("  open     knobs are as the decoder plays")
    spent_s = median_hop_s(torch.jit.script(voice.eval()))
    print(f"  {1e3 * spent_s:.2f} ms a frame on one thread: {spent_s * rate / instrument.clip.hop:.3f} of real time")
