"""Sounds of a comparison: the same notes resynthesised, and the same knobs turned, by every model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import soundfile

from output.data_urls import MP3_RATES, audio_url, data_url
from studies.comparison.comparison import Model
from studies.figure import OPEN
from studies.run_files import reading
from studies.run_folder import RunFolder
from studies.run_sounds import Slider, read_sliders, samples

N_NOTES = 3
MOST_BYTES = 12_000_000
NO_SOUND = {"caption": "", "url": ""}


class CaptionedSound(NamedTuple):
    """A WAV file, and a word on it."""

    file: Path
    caption: str = ""


class Listening(NamedTuple):
    """What can be heard of several models side by side.

    Attributes:
        title: what is played
        headings: of the columns
        rows: name of a model -> its sounds, one per column, None where it has none
    """

    title: str
    headings: list[str]
    rows: dict[str, list[CaptionedSound | None]]


def listening(models: Sequence[Model]) -> list[Listening]:
    """Resyntheses of some notes below the recordings, then every knob of one note at all its positions.

    Raises:
        ValueError: a run's sliders.json cannot be read
    """
    return [*_resyntheses(models), *_turned_knobs(models)]


def _resyntheses(models: Sequence[Model]) -> list[Listening]:
    """The first validation clips of all models, a column per note."""
    pairs = {model.name: samples(RunFolder(model.folder)) for model in models if model.folder}
    notes = list(dict.fromkeys(note for found in pairs.values() for note in found))[:N_NOTES]
    if not notes:
        return []
    targets = {
        note: CaptionedSound(found[note][0]) for found in reversed(pairs.values()) for note in notes if note in found
    }
    rows: dict[str, list[CaptionedSound | None]] = {"recording": [targets[note] for note in notes]}
    for name, found in pairs.items():
        if any(note in found for note in notes):
            rows[name] = [CaptionedSound(found[note][1]) if note in found else None for note in notes]
    return [Listening("resynthesis", notes, rows)]


def _turned_knobs(models: Sequence[Model]) -> list[Listening]:
    """Every knob of the first note that was turned, a column per position."""
    found: dict[str, dict[str, dict[float, CaptionedSound]]] = {}
    for model in models:
        run = RunFolder(model.folder or "")
        for slider in _first_sliders(run) if model.folder else ():
            title = f"{slider.knob} of {slider.note}"
            sound = CaptionedSound(run.sliders / slider.file, _caption(slider))
            found.setdefault(title, {}).setdefault(model.name, {})[slider.position] = sound
    made = []
    for title, of_models in found.items():
        positions = sorted({position for turned in of_models.values() for position in turned})
        rows = {name: [turned.get(position) for position in positions] for name, turned in of_models.items()}
        made.append(Listening(title, [f"at {position:g}" for position in positions], rows))
    return made


def _caption(slider: Slider) -> str:
    return slider.caption if slider.rendering == OPEN else f"{slider.caption}, {slider.rendering}"


def _first_sliders(run: RunFolder) -> list[Slider]:
    """Those of the first note."""
    with reading(run.slider_list, run.path):
        sliders = read_sliders(run)
    return [slider for slider in sliders if slider.note == sliders[0].note]


def embedded(choices: Sequence[Listening], most_bytes: int = MOST_BYTES) -> tuple[list[dict[str, Any]], str]:
    """Choices with their sounds as data: URLs, as many as fit, and a sentence on those that do not.

    Raises:
        ValueError: a sound cannot be read
    """
    written: list[dict[str, Any]] = []
    n_bytes = 0
    for choice in choices:
        rows = {
            name: [{"caption": sound.caption, "url": sound_url(sound.file)} if sound else NO_SOUND for sound in sounds]
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
