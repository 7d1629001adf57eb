"""NSynth, single notes of a thousand instruments, from its official archives or the folders in them."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from datamodules.clip_data_module import ClipDataModule
from datamodules.nsynth.notes import (
    FAMILIES,
    SOURCES,
    NoteFilter,
    is_noise,
    labels_of,
    problem_of,
    read_notes,
)
from datamodules.nsynth.places import NotesPlace, find_notes
from datamodules.source import FileSound, Heard, Source
from synths.clip import ClipFormat

IN_TUNE_CENTS = 50.0
MOSTLY_SILENT = 0.5
A4_HZ, A4_MIDI = 440.0, 69


class NSynth(ClipDataModule):
    """NSynth (Engel et al. 2017), or any notes laid out like it.

    The first that is there of each split is read, nothing is unpacked: the folder `nsynth-SPLIT` (examples.json and
    audio/), `nsynth-SPLIT.tar`, `nsynth-SPLIT.jsonwav.tar`, `nsynth-SPLIT.jsonwav.tar.gz`; splits are train, valid and
    test. A root that is itself one such folder serves as test and valid split. No instrument of train is in the other
    two, but valid and test share instruments: what is tuned on valid has met those of test.

    Labels: pitch and velocity (MIDI), instrument, instrument_family and instrument_source (the numbers of the corpus)
    and quality_NAME (0 or 1). Left out, and named: entries of examples.json that are not as they should be, notes that
    are missing, cut off or not sampled at the rate they should be, notes known to be noise, and notes that do not sound
    their label.

    Args:
        clip: the format of the run
        root: the folder that holds the splits
        families: only these instrument families, such as [flute, string]; None is all
        instrument_sources: only these of acoustic, electronic, synthetic; None is all
        pitches: only notes labelled from the first to the second MIDI number; None is all
        velocities: only these MIDI numbers, of 25, 50, 75, 100 and 127; None is all
        qualities: only notes that have all of these, such as [bright, reverb]; None is all
        without_qualities: only notes that have none of these; None is all
        pitch_tolerance_cents: how far a note may sound from its label, octaves aside, to be used; None is any distance
        shared: as for every data set, see ClipDataModule

    Raises:
        ValueError: if a filter names what the corpus does not have
    """

    def __init__(
        self,
        clip: ClipFormat,
        root: str,
        families: list[str] | None = None,
        instrument_sources: list[str] | None = None,
        pitches: tuple[int, int] | None = None,
        velocities: list[int] | None = None,
        qualities: list[str] | None = None,
        without_qualities: list[str] | None = None,
        pitch_tolerance_cents: float | None = IN_TUNE_CENTS,
        **shared: Any,
    ) -> None:
        super().__init__(clip, root, **shared)
        self.label_names = {"instrument_family": FAMILIES, "instrument_source": SOURCES}
        self.filter = NoteFilter(families, instrument_sources, pitches, velocities, qualities, without_qualities)
        self.pitch_tolerance_cents = pitch_tolerance_cents

    def sources(self, split: str) -> list[Source]:
        """The notes of a split that pass the filters, sorted by name, and what is wrong with the split.

        Raises:
            ValueError: if examples.json is not in the archive or not the JSON it should be
            OSError: if the archive cannot be read or its index not be written
        """
        place = find_notes(self.root, split, self.cache)
        return [] if place is None else list(self._sources(place))

    def listing_stamp(self, split: str) -> str:
        """Changes with examples.json, the folder of notes or the archive, and with the filters."""
        place = find_notes(self.root, split, self.cache)
        return "" if place is None else f"{place.label} {place.stamp()} {self.filter}"

    def objection(self, name: str, labels: Mapping[str, float], heard: Heard) -> str:
        """Too far from its label, octaves aside."""
        cents = _cents_off(labels, heard)
        tolerance = math.inf if self.pitch_tolerance_cents is None else self.pitch_tolerance_cents
        if abs(_folded(cents)) <= tolerance:
            return ""
        return (
            f"{name} sounds {heard.median_f0_hz:.1f} Hz, {_folded(cents):.0f} cents from its label (MIDI "
            f"{labels['pitch']:g}), octaves aside: mend its label, or allow more with data.pitch_tolerance_cents."
        )

    def remark(self, name: str, labels: Mapping[str, float], heard: Heard) -> str:
        """By how many octaves it misses its label, counted per family, or cents; or that it is mostly silent."""
        cents = _cents_off(labels, heard)
        remarks = []
        if abs(_folded(cents)) > IN_TUNE_CENTS:
            remarks.append("sounds off its label")
        elif abs(cents) > IN_TUNE_CENTS:
            family = FAMILIES[int(labels["instrument_family"])]
            remarks.append(f"{family}: sounds one or more octaves off its label (used at the pitch it sounds)")
        if heard.sounding < MOSTLY_SILENT:
            remarks.append("silent for more than half")
        return ", ".join(remarks)

    def _sources(self, place: NotesPlace) -> Iterator[Source]:
        notes = read_notes(place.listing(), place.label)
        unread = FileSound(place.label)
        if place.flaw:
            yield Source(place.label, unread, problem=place.flaw)
        for name in notes.repeated:
            again = f"{place.label} names {name} twice: the first entry counts, remove the other."
            yield Source(f"{name} (again)", unread, problem=again)
        for name in sorted(notes):
            note = notes[name]
            problem = problem_of(note)
            if not problem and "qualities" not in note and self.filter.needs_qualities():
                problem = "gives no qualities, which data.qualities or data.without_qualities asks for"
            if problem:
                problem = f"{place.label} {problem} for {name}: mend or remove that entry."
                yield Source(name, unread, problem=problem)
            elif self.filter.passes(labels := labels_of(note)):
                yield _source(place, name, labels, note.get("sample_rate"))


def _source(place: NotesPlace, name: str, labels: Mapping[str, float], stated_rate: int | None) -> Source:
    """A wanted note, if the release has it."""
    try:
        sound = place.sound(name, stated_rate)
    except LookupError as error:
        return Source(name, FileSound(place.label), labels, problem=str(error))
    problem = f"{name} is noise in the published corpus, so it is left out." if is_noise(name) else ""
    return Source(name, sound, labels, problem=problem)


def _cents_off(labels: Mapping[str, float], heard: Heard) -> float:
    """How far above its label a note sounds; 0 where nothing has a pitch."""
    if heard.median_f0_hz <= 0:
        return 0.0
    return 1200 * math.log2(heard.median_f0_hz / A4_HZ) - 100 * (labels["pitch"] - A4_MIDI)


def _folded(cents: float) -> float:
    """The distance to the nearest octave of the label, -600..600."""
    return (cents + 600) % 1200 - 600
