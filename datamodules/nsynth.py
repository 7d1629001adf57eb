"""NSynth, single notes of a thousand instruments, in its official JSON and WAV folders."""

import json
import os
from pathlib import Path
from typing import Any

from datamodules.clip_data_module import ClipDataModule
from datamodules.pitch import PitchTracker
from datamodules.source import FileSound, Source
from synths.clip import ClipFormat

FAMILIES = "bass brass flute guitar keyboard mallet organ reed string synth_lead vocal".split()
LABELS = ("pitch", "velocity", "instrument", "instrument_family", "instrument_source")


class NSynth(ClipDataModule):
    """NSynth (Engel et al. 2017), or any notes laid out like it: `nsynth-{train,valid,test}/{examples.json,audio/}`.

    A root that is itself one such folder serves as test and valid split. Labels: pitch and velocity (MIDI), instrument,
    instrument_family and instrument_source (the numbers of the corpus).

    Args:
        clip: the format of the run
        root: the folder that holds nsynth-train, nsynth-valid and nsynth-test
        families: only these instrument families, such as [flute, string]; None is all
        instrument_sources: only these of acoustic, electronic, synthetic; None is all
        pitches: only notes labelled from the first to the second MIDI number; None is all
        batch_size: clips per batch
        num_workers: processes that read clips while the model trains
        tracker: what tracks pitch; None is Yin
        cache: folder of the pitch index; None is `.timbre` in the root
        seed: of the order of training clips
    """

    def __init__(
        self,
        clip: ClipFormat,
        root: str,
        families: list[str] | None = None,
        instrument_sources: list[str] | None = None,
        pitches: tuple[int, int] | None = None,
        batch_size: int = 16,
        num_workers: int = 0,
        tracker: PitchTracker | None = None,
        cache: str | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(clip, root, batch_size, num_workers, tracker, cache, seed)
        self.label_names = {"instrument_family": FAMILIES}
        self.families = families
        self.instrument_sources = instrument_sources
        self.pitches = pitches
        self._found: dict[str, list[Source]] = {}

    def sources(self, split: str) -> list[Source]:
        """The notes of a split that pass the filters, sorted by name.

        Raises:
            ValueError: if examples.json is not the JSON it should be
        """
        if split not in self._found:
            folder = self._folder(split)
            self._found[split] = [] if folder is None else self._read_notes(folder)
        return self._found[split]

    def _folder(self, split: str) -> Path | None:
        """Where the notes of a split are, None if nowhere."""
        folder = Path(self.root) / f"nsynth-{split}"
        if (folder / "examples.json").is_file():
            return folder
        is_single = (Path(self.root) / "examples.json").is_file()
        return Path(self.root) if is_single and split != "train" else None

    def _read_notes(self, folder: Path) -> list[Source]:
        listing = folder / "examples.json"
        try:
            notes = json.loads(listing.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(
                f"{listing} is not valid JSON ({error}): download or unpack the data set again."
            ) from error
        if not isinstance(notes, dict):
            raise ValueError(f"{listing} should hold one entry per note name: download or unpack the data set again.")
        audio = folder / "audio"
        present = set(os.listdir(audio)) if audio.is_dir() else set()
        return [_source(folder, name, notes[name], present) for name in sorted(notes) if self._is_wanted(notes[name])]

    def _is_wanted(self, note: Any) -> bool:
        """Whether a note passes the filters; a note whose fields are missing passes, to be named as unusable."""
        if not isinstance(note, dict):
            return True
        lowest, highest = self.pitches or (0, 127)
        return (
            (self.families is None or note.get("instrument_family_str", self.families[0]) in self.families)
            and (
                self.instrument_sources is None
                or note.get("instrument_source_str", self.instrument_sources[0]) in self.instrument_sources
            )
            and lowest <= note.get("pitch", lowest) <= highest
        )


def _source(folder: Path, name: str, note: Any, present: set[str]) -> Source:
    path = folder / "audio" / f"{name}.wav"
    missing = [field for field in LABELS if not isinstance(note, dict) or not isinstance(note.get(field), int | float)]
    problem = ""
    if missing:
        problem = f"{folder / 'examples.json'} gives {name} no {' or '.join(missing)}: mend or remove that entry."
    elif path.name not in present:
        problem = f"{path} does not exist although examples.json names it: unpack the data set again."
    labels = {} if missing else {field: float(note[field]) for field in LABELS}
    return Source(name, FileSound(str(path)), labels, problem=problem)
