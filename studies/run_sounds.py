"""The sounds of a run's folder: what its files are called, and what sliders.json says of those of turned knobs."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from output.numbers import readable
from studies.figure import OPEN
from studies.run_files import read_json, write_json
from studies.run_folder import RunFolder

SAMPLE = re.compile(r"\d+-(.+)-(target|resynthesis)\.wav")


class Sample(NamedTuple):
    """The files of one validation clip: target and resynthesis as WAV, and a picture of both."""

    target: Path
    resynthesis: Path
    picture: Path


class Slider(NamedTuple):
    """One sound: a knob of a note at a position, the values asked for and measured in the knob's unit, and its WAV.

    `rendering` is how it was made; lists of before that was told are of the open sound.
    """

    note: str
    knob: str
    position: float
    asked: float | None
    measured: float | None
    unit: str
    file: str
    rendering: str = OPEN

    @property
    def caption(self) -> str:
        """What was asked and measured, in the knob's unit."""
        unit = "" if self.unit in ("", "1") else f" {self.unit}"
        asked, measured = ("–" if value is None else readable(value) for value in (self.asked, self.measured))
        return f"{asked} → {measured}{unit}"


def sample_of(run: RunFolder, number: int, clip_name: str) -> Sample:
    """Where the files of a validation clip are: the how-manieth, and its name."""
    stem = f"{number}-{Path(clip_name).name}"
    files = (f"{stem}-target.wav", f"{stem}-resynthesis.wav", f"{stem}.png")
    return Sample(*(run.samples / file for file in files))


def picture_beside(target: Path) -> Path:
    """The picture of a validation clip, whose target is given."""
    return target.with_name(f"{target.name.removesuffix('-target.wav')}.png")


def samples(run: RunFolder) -> dict[str, tuple[Path, Path]]:
    """Name of each validation clip that has both sounds, in their order -> target and resynthesis."""
    files: dict[str, dict[str, Path]] = {}
    for path in sorted(run.samples.glob("*.wav")):
        if name := SAMPLE.fullmatch(path.name):
            files.setdefault(name[1], {})[name[2]] = path
    return {note: (pair["target"], pair["resynthesis"]) for note, pair in files.items() if len(pair) == 2}


def slider_file(note_number: int, knob: str, position: float) -> str:
    """Name of the WAV of a note whose knob was turned."""
    return f"{note_number}-{knob}-{position:.1f}.wav"


def write_sliders(run: RunFolder, sliders: Sequence[Slider]) -> None:
    """Write sliders.json, and remove the sounds of a test on other notes."""
    write_json(run.slider_list, {"sliders": [slider._asdict() for slider in sliders]})
    for stale in set(run.sliders.glob("*.wav")) - {run.sliders / slider.file for slider in sliders}:
        stale.unlink()


def read_sliders(run: RunFolder) -> list[Slider]:
    """What sliders.json says; nothing where no knob was turned.

    Raises:
        ValueError, KeyError, TypeError: what is there is no such list, or names a file elsewhere
    """
    if not run.slider_list.is_file():
        return []
    content = read_json(run.slider_list)
    return [_slider(entry) for entry in (content["sliders"] if isinstance(content, dict) else content)]


def _slider(entry: Mapping[str, Any]) -> Slider:
    asked, measured = (None if entry[value] is None else float(entry[value]) for value in ("asked", "measured"))
    words = (str(entry["note"]), str(entry["knob"]), float(entry["position"]))
    file = str(entry["file"])
    if file in ("", ".", "..") or {"/", "\\"} & set(file):
        raise ValueError(f"the file {file!r} does not lie beside it")
    return Slider(*words, asked, measured, str(entry["unit"]), file, str(entry.get("rendering", OPEN)))
