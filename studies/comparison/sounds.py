"""Sounds of a comparison: the same notes resynthesised, and the same knobs turned, by every model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import soundfile

from output.data_urls import MP3_RATES, audio_url, data_url
from output.numbers import readable
from studies.comparison.comparison import Model
from studies.run_files import NewerFormat
from studies.run_folder import RunFolder
from studies.run_sounds import Slider, read_sliders, samples

N_NOTES = 2
MOST_BYTES = 12_000_000


class CaptionedSound(NamedTuple):
    """A WAV file, and a word on it."""

    file: Path
    caption: str = ""


class Listening(NamedTuple):
    """What can be heard of several models side by side.

    Attributes:
        title: what is played
        headings: of the columns
        rows: name of a model -> its sounds, one per column
    """

    title: str
    headings: tuple[str, str]
    rows: dict[str, tuple[CaptionedSound, CaptionedSound]]


def listening(models: Sequence[Model]) -> list[Listening]:
    """Resyntheses of two notes, then every knob of one note at both ends; models that have none are left out.

    Raises:
        ValueError: a run's sliders.json cannot be read
    """
    found: dict[str, Listening] = {}
    for of in (_samples, _sliders):
        for model in models:
            for title, headings, sounds in of(model.folder) if model.folder else ():
                found.setdefault(title, Listening(title, headings, {})).rows[model.name] = sounds
    return list(found.values())


Found = tuple[str, tuple[str, str], tuple[CaptionedSound, CaptionedSound]]


def _samples(folder: Path) -> list[Found]:
    """Target and resynthesis of a run's first validation clips."""
    pairs = list(samples(RunFolder(folder)).items())[:N_NOTES]
    headings = ("recording", "resynthesis")
    return [
        (f"resynthesis of {note}", headings, (CaptionedSound(target), CaptionedSound(output)))
        for note, (target, output) in pairs
    ]


def _sliders(folder: Path) -> list[Found]:
    """Every knob of the first note that was turned, as low and as high as it went."""
    run = RunFolder(folder)
    try:
        sliders = read_sliders(run)
    except NewerFormat:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{run.slider_list} cannot be read ({error}): run `timbre test {folder}` again.") from error
    knobs: dict[str, list[Slider]] = {}
    for slider in sliders:
        if slider.note == sliders[0].note:
            knobs.setdefault(slider.knob, []).append(slider)
    return [
        (
            f"{knob} of {sliders[0].note}",
            ("turned down", "turned up"),
            (_slider(run, min(turned, key=_position)), _slider(run, max(turned, key=_position))),
        )
        for knob, turned in knobs.items()
    ]


def _position(slider: Slider) -> float:
    return slider.position


def _slider(run: RunFolder, slider: Slider) -> CaptionedSound:
    unit = "" if slider.unit in ("", "1") else f" {slider.unit}"
    asked, measured = ("–" if value is None else readable(value) for value in (slider.asked, slider.measured))
    return CaptionedSound(run.sliders / slider.file, f"asked {asked}, measured {measured}{unit}, {slider.rendering}")


def embedded(choices: Sequence[Listening], most_bytes: int = MOST_BYTES) -> tuple[list[dict[str, Any]], str]:
    """Choices with their sounds as data: URLs, as many as fit, and a sentence on those that do not.

    Raises:
        ValueError: a sound cannot be read
    """
    written: list[dict[str, Any]] = []
    n_bytes = 0
    for choice in choices:
        rows = {
            name: [{"caption": sound.caption, "url": sound_url(sound.file)} for sound in sounds]
            for name, sounds in choice.rows.items()
        }
        n_bytes += sum(len(cell["url"]) for cells in rows.values() for cell in cells)
        if n_bytes > most_bytes:
            left_out = ", ".join(other.title for other in choices[len(written) :])
            return (
                written,
                f"Left out, for the page's size: {left_out}. The sounds lie in samples/ and sliders/ of each run.",
            )
        written.append({"title": choice.title, "headings": choice.headings, "rows": rows})
    return written, ""


def sound_url(path: Path) -> str:
    """A WAV file -> a data: URL of it, as MP3 where MP3 knows its rate; empty if the file is gone."""
    if not path.is_file():
        return ""
    try:
        audio, rate = soundfile.read(path, dtype="float32")
    except soundfile.SoundFileError as error:
        raise ValueError(f"{path} cannot be read as sound: run `timbre test` again, or delete it.") from error
    return audio_url(audio, rate) if rate in MP3_RATES else data_url("audio/wav", path.read_bytes())
