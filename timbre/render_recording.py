"""One recording through a model, into a file, and what is said of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from instrument.matching import Matching
from instrument.playing import Wish
from instrument.render import KnobReport, knob_reports, render_to
from instrument.samples import OnDisk, Samples
from lightning_modules.exact import obstacle_of
from lightning_modules.presets import preset_requests
from lightning_modules.timbre_model import TimbreModel
from sounds.audio import Channel, blocks_at_rate, header_of
from synths import Descriptor
from synths.descriptors.request import KnobRequest
from timbre.asked import AskedKnobs
from timbre.knob_report import NEARLY, in_unit, remark_lines, table_lines, wrapped
from timbre.pitch_curve import given_pitch
from timbre.render_report import sentences, voices
from timbre.tracked_pitch import tracked_pitch
from timbre.written_sound import delivered, write_sound


@dataclass(frozen=True)
class Settings:
    """How recordings are rendered: the options of `timbre render`, looked through, and the model."""

    model: TimbreModel
    asked: AskedKnobs
    also: Sequence[KnobRequest]
    beside: Sequence[Descriptor]
    matching: Matching
    channel: Channel
    f0: str | None
    dry: bool
    open: bool
    faithful: bool
    peak: str
    seed: int


def render_recording(path: Path, place: Path, settings: Settings) -> list[str]:
    """Render a file into another.

    Returns:
        what is to be printed: lines that fit the terminal

    Raises:
        ValueError: it is no sound, or has no pitch
        OSError: the other cannot be written
    """
    model, clip = settings.model, settings.model.clip
    with OnDisk(place.parent) as sound, OnDisk(place.parent) as made:
        for block in blocks_at_rate(str(path), clip, settings.channel, "--channel"):
            sound.add(block)
        pitch = torch.from_numpy(_pitch(sound, path, settings))
        asked = [*settings.asked.over(sound.n_samples, clip), *settings.also]
        requests = [*preset_requests(model, pitch, asked), *asked]
        corrected = not (settings.open or obstacle_of(model))
        faithful = settings.faithful and corrected
        wish = Wish(requests, settings.beside, settings.dry, corrected, faithful, settings.matching, rings_out=True)
        torch.manual_seed(settings.seed)
        outcome = render_to(model, sound, pitch, wish, made.add)
        finished, lines = delivered(made, settings.peak)
        write_sound(place, finished, clip.sample_rate, settings.peak)
        reports = knob_reports(model, outcome, finished, outcome.f0_hz)
        # What was not met for full scale's sake is said above the table; the remarks are on the sound before.
        unlowered = reports if finished is made else knob_reports(model, outcome, made, outcome.f0_hz)
        lines += voices(model, sound, pitch, outcome.sounding)
        lines += sentences(outcome.matched, model.encoder.training_frames)
        lines += _of_the_sound(path, settings, made.n_samples - sound.n_samples)
        said = [row for line in lines for row in wrapped(line)] + table_lines(reports)
        remarks = [
            _beyond_training(each, outcome.f0_hz, corrected)
            for each in unlowered
            if each.descriptor.name in model.encoder.knobs
        ]
        held = corrected and not (faithful and not requests)
        said += remark_lines(unlowered, held) + [row for remark in remarks for row in wrapped(remark)]
        return [f"{place}: {finished.n_samples / clip.sample_rate:.2f} s at {clip.sample_rate} Hz", *said]


def _pitch(sound: Samples, path: Path, settings: Settings) -> np.ndarray:
    if settings.f0 is not None:
        return given_pitch(settings.f0, sound.n_samples, settings.model.clip)
    return tracked_pitch(sound, settings.model, path)


def _of_the_sound(path: Path, settings: Settings, n_longer: int) -> list[str]:
    """What is to be known of a sound beside its knobs."""
    lines, n_channels = [], header_of(str(path)).n_channels
    if n_longer > 0:
        longer_s = n_longer / settings.model.clip.sample_rate
        lines.append(f"It is {longer_s:.2f} s longer than the recording: the room rings on (--dry: no room).")
    if n_channels > 1 and settings.channel == "mix":
        lines.append(f"The mean of the input's {n_channels} channels was rendered (--channel 0: the first).")
    obstacle = "" if settings.open else obstacle_of(settings.model)
    if settings.faithful and not obstacle:
        lines.append(
            "Faithful: with nothing turned, this sound is a fit of the recording, not what the network makes of it; "
            "the network says only what turning a knob changes, and plays where a fit cannot be turned so far."
        )
    if obstacle:
        unfitted = "the recording is not fitted, and " if settings.faithful else ""
        lines.append(f"{obstacle}: {unfitted}the knobs are not corrected.")
    return lines


def _beyond_training(report: KnobReport, f0_hz: Tensor, corrected: bool) -> str:
    """A remark where a request that may not be met lies beyond what training notes of that pitch reach."""
    if not report.turned or (corrected and abs(report.off) <= NEARLY):
        return ""
    descriptor = report.descriptor
    asked = float(descriptor.position_of(torch.tensor(report.asked)))
    low, high = (float(end) for end in descriptor.range.reach(f0_hz.median()))
    if low - 0.02 <= asked <= high + 0.02:
        return ""
    ends = [in_unit(report, float(descriptor.value_at(torch.tensor(end)))) for end in (low, high)]
    return f"{descriptor.name}: training notes of this pitch have {ends[0].split()[0]} to {ends[1]}."
