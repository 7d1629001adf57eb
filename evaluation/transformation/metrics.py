"""Timbre transformation: whether a source with its target's knobs comes nearer to it than the source does."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from rich.box import SIMPLE
from rich.table import Table
from torch import Tensor

from evaluation.bootstrap import bootstrap_interval
from evaluation.resynthesis.frames import mean_where
from evaluation.resynthesis.pair import Metric
from output.numbers import readable
from studies.figure import Better
from synths import Descriptor

SOUNDS = {
    "untouched": "The source as it was before the device: the baseline.",
    "transformed": "The source's residual with the target's controls, put together.",
    "resynthesis_of_untouched": "The source encoded and put together again: what the synth alone costs.",
    "resynthesis_of_target": "The target encoded and put together again: the model's ceiling.",
}
"""What is compared with the target, and what it is."""

DEFINITION = (
    "Every note is a pair: a source, untouched, and the target that a device made of it. Nothing is aligned in level: "
    "what a device gains or loses is part of the transformation, and criteria that depend on level count it. All "
    "sounds have the source's pitch, which is not judged. win_rate is the share of notes whose transformed sound is "
    "nearer to the target than the untouched one, a tie counting half; difference is transformed minus untouched, note "
    "by note. Intervals are 95 % bootstrap intervals of the mean over notes; notes of one device are alike, so they do "
    "not speak for devices that were not tested."
)
NO_CONTROLS = "This model has no controls to take from the target: transformed is the resynthesis of the untouched."
NO_RESIDUAL = "This model has no residual to keep of the source: transformed is a resynthesis of the target."


class Criterion(NamedTuple):
    """What sounds are compared with the target by.

    Attributes:
        name: as it stands in files and logs
        label: as it stands in the table; empty for what is in the files only
        unit: of the value
        better: whether a "lower" or a "higher" value is the better one
        definition: one sentence, shown to the user
    """

    name: str
    label: str
    unit: str
    better: Better
    definition: str


class ComparedNote(NamedTuple):
    """A note, its device ("" where unknown), and values by sound and criterion; NaN where undefined."""

    note: str
    device: str
    values: dict[str, dict[str, float]]


class Mean(NamedTuple):
    """Mean over notes and the ends of its 95 % interval, NaN where undefined, and how many notes it is of."""

    mean: float
    low: float
    high: float
    n_notes: int


class TransformationResult(NamedTuple):
    """All notes by one criterion: the mean of each sound, and transformed against untouched."""

    criterion: Criterion
    sounds: dict[str, Mean]
    win_rate: Mean
    difference: Mean


def criteria_of(metrics: Sequence[Metric], knobs: Iterable[Descriptor]) -> list[Criterion]:
    """What each metric, and the error of each knob in its unit and in JNDs, say of themselves."""
    criteria = [Criterion(m.name, m.name, m.unit, m.better, m.definition) for m in metrics]
    knobs = list(knobs)
    for knob in knobs:
        course = f"Mean distance of {knob.name}, measured on the sound, from the target's, where the target sounds"
        label = "" if knob.jnd else knob.name
        criteria.append(Criterion(f"{knob.name}_error", label, knob.unit, "lower", f"{course}."))
        if knob.jnd:
            heard = f"{course}, in just noticeable differences of {knob.jnd:g} {knob.unit}."
            criteria.append(Criterion(f"{knob.name}_error_jnd", knob.name, "JND", "lower", heard))
    if any(knob.jnd for knob in knobs):
        criteria.append(
            Criterion("knobs_error_jnd", "all knobs", "JND", "lower", "Mean of the errors in JNDs over the knobs.")
        )
    return criteria


def knob_errors(
    knobs: Iterable[Descriptor], target: Sequence[Tensor], sound: Sequence[Tensor], sounding: Tensor
) -> dict[str, Tensor]:
    """How far the knobs of a sound are from the target's.

    Args:
        knobs: K
        target: K times (B, F) measured in the knob's unit
        sound: likewise
        sounding: (B, F) whether the target sounds

    Returns:
        (B,) by name of the criterion, NaN where the target never sounds
    """
    errors, in_jnd = {}, []
    for knob, wanted, got in zip(knobs, target, sound, strict=True):
        error = mean_where(sounding, (got - wanted).abs())
        errors[f"{knob.name}_error"] = error
        if knob.jnd:
            errors[f"{knob.name}_error_jnd"] = error / knob.jnd
            in_jnd.append(error / knob.jnd)
    return {**errors, "knobs_error_jnd": sum(in_jnd[1:], in_jnd[0]) / len(in_jnd)} if in_jnd else errors


def compare(criteria: Sequence[Criterion], notes: Sequence[ComparedNote]) -> list[TransformationResult]:
    """All notes -> a comparison per criterion, each mean over the notes where it is defined."""
    return [_comparison(criterion, notes) for criterion in criteria]


def report_of(
    comparisons: Sequence[TransformationResult], notes: Sequence[ComparedNote], remark: str
) -> dict[str, Any]:
    """What transformation.json says beside its facts: all notes, then those of each device; null where undefined.

    Args:
        comparisons: of all notes
        notes: for each device to be compared by the same criteria
        remark: what a reader must know of the model
    """
    criteria = [comparison.criterion for comparison in comparisons]
    devices = sorted({note.device for note in notes} - {""})
    of_device = {device: [note for note in notes if note.device == device] for device in devices}
    return {
        "definition": DEFINITION,
        "remark": remark,
        "sounds": SOUNDS,
        "n_notes": len(notes),
        "criteria": [{**_words(found.criterion), **_numbers(found)} for found in comparisons],
        "devices": [
            {
                "device": device,
                "n_notes": len(some),
                "criteria": {found.criterion.name: _numbers(found) for found in compare(criteria, some)},
            }
            for device, some in of_device.items()
        ],
    }


def notes_csv(criteria: Sequence[Criterion], notes: Sequence[ComparedNote]) -> str:
    """Comma-separated text: a line per note and sound under a header; empty where undefined."""
    names = [criterion.name for criterion in criteria]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["note", "device", "sound", *names])
    for note, device, values in notes:
        for sound, of_sound in values.items():
            cells = ("" if math.isnan(of_sound[name]) else of_sound[name] for name in names)
            writer.writerow([note, device, sound, *cells])
    return text.getvalue()


def transformation_tables(comparisons: Sequence[TransformationResult]) -> list[Table]:
    """Two tables for the terminal: each sound against the target; transformed against untouched."""
    means = Table(title="Transformation: against the target, mean over notes", box=SIMPLE, padding=(0, 0))
    wins = Table(title="Transformed against untouched", box=SIMPLE, padding=(0, 0))
    for table, columns in (
        (means, ("unit", *(sound.replace("_", " ") for sound in SOUNDS))),
        (wins, ("better", "nearer", "difference", "95 % interval", "notes")),
    ):
        table.add_column("criterion", no_wrap=True)
        table.add_column(columns[0])
        for header in columns[1:]:
            table.add_column(header, justify="right")
    for criterion, sounds, win_rate, difference in comparisons:
        if criterion.label:
            means.add_row(criterion.label, criterion.unit, *(readable(sounds[sound].mean) for sound in SOUNDS))
            numbers = (_percent(win_rate.mean), readable(difference.mean), _interval(difference), difference.n_notes)
            wins.add_row(criterion.label, criterion.better, *map(str, numbers))
    return [means, wins]


def _comparison(criterion: Criterion, notes: Sequence[ComparedNote]) -> TransformationResult:
    values = {sound: np.array([note.values[sound][criterion.name] for note in notes]) for sound in SOUNDS}
    difference = values["transformed"] - values["untouched"]
    nearer = difference if criterion.better == "higher" else -difference
    means = {sound: _mean(of_sound) for sound, of_sound in values.items()}
    return TransformationResult(criterion, means, _mean((1.0 + np.sign(nearer)) / 2.0), _mean(difference))


def _mean(values: np.ndarray) -> Mean:
    """Values (n_notes,) -> their mean where they are finite."""
    finite = values[np.isfinite(values)]
    mean = float(finite.mean()) if finite.size else math.nan
    return Mean(mean, *bootstrap_interval(values, "mean"), finite.size)


def _words(criterion: Criterion) -> dict[str, str]:
    return {key: value for key, value in criterion._asdict().items() if key != "label"}


def _numbers(comparison: TransformationResult) -> dict[str, Any]:
    return {
        "sounds": {sound: _strict(mean) for sound, mean in comparison.sounds.items()},
        "win_rate": _strict(comparison.win_rate),
        "difference": _strict(comparison.difference),
    }


def _strict(mean: Mean) -> dict[str, float | None]:
    """JSON has no NaN."""
    return {key: value if math.isfinite(value) else None for key, value in mean._asdict().items()}


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if math.isfinite(share) else "–"


def _interval(mean: Mean) -> str:
    return f"{readable(mean.low)} to {readable(mean.high)}" if math.isfinite(mean.low) else "–"
