"""What NSynth's examples.json says of each note, what is wrong with it, and which notes a run wants."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FAMILIES = "bass brass flute guitar keyboard mallet organ reed string synth_lead vocal".split()
SOURCES = "acoustic electronic synthetic".split()
QUALITIES = (
    "bright dark distortion fast_decay long_release multiphonic nonlinear_env percussive reverb tempo-synced".split()
)
LABELS = ("pitch", "velocity", "instrument", "instrument_family", "instrument_source")
QUALITY_LABELS = [f"quality_{quality.replace('-', '_')}" for quality in QUALITIES]
HIGHEST = {"pitch": 127, "velocity": 127, "instrument_family": len(FAMILIES) - 1, "instrument_source": len(SOURCES) - 1}
NOISE = ("brass_acoustic_046-084-025", "brass_acoustic_046-108-100")
"""First and last name of notes that are noise (github.com/magenta/magenta issue 2092)."""


class Fields(dict[str, Any]):
    """An object of JSON: of a key that is there twice the first counts, and `repeated` names it."""

    __slots__ = ("repeated",)

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated: tuple[str, ...] = ()
        if len(self) < len(pairs):
            self.update(reversed(pairs))
            self.repeated = tuple(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)


def read_notes(content: bytes, label: str) -> Fields:
    """Note name -> its fields.

    Args:
        content: of examples.json
        label: what messages call it

    Raises:
        ValueError: if it is not the JSON it should be
    """
    try:
        notes = json.loads(content, object_pairs_hook=Fields)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{label} is not valid JSON ({error}): download or unpack the data set again.") from error
    if not isinstance(notes, Fields):
        raise ValueError(f"{label} should hold one entry per note name: download or unpack the data set again.")
    return notes


def problem_of(note: Any) -> str:
    """What is wrong with an entry of examples.json, as what it does; "" if nothing is."""
    if not isinstance(note, Fields):
        return "gives no fields"
    if note.repeated:
        return f"gives {' and '.join(note.repeated)} twice"
    numbers = (*LABELS, "sample_rate") if "sample_rate" in note else LABELS
    missing = [field for field in numbers if not isinstance(note.get(field), int | float)]
    if missing:
        return f"gives no {' or '.join(missing)}"
    for field, highest in HIGHEST.items():
        if note[field] != note[field] or note[field] % 1:
            return f"gives {field} {note[field]}, which is not a whole number,"
        if not 0 <= note[field] <= highest:
            return f"gives {field} {note[field]}, which is not from 0 to {highest},"
    qualities = note.get("qualities", [0] * len(QUALITIES))
    if (
        not isinstance(qualities, list)
        or len(qualities) != len(QUALITIES)
        or any(each not in (0, 1) for each in qualities)
    ):
        return f"gives qualities that are not {len(QUALITIES)} of 0 and 1"
    return ""


def labels_of(note: Fields) -> dict[str, float]:
    """The labels of a note without problems; the qualities where they are known."""
    labels = {field: float(note[field]) for field in LABELS}
    if "qualities" in note:
        labels |= {label: float(has) for label, has in zip(QUALITY_LABELS, note["qualities"], strict=True)}
    return labels


def is_noise(name: str) -> bool:
    """Whether a note of the corpus is known to be noise."""
    return NOISE[0] <= name <= NOISE[1]


@dataclass(frozen=True)
class NoteFilter:
    """Which notes a run wants; None is all.

    Args:
        families: names of instrument families
        instrument_sources: of acoustic, electronic, synthetic
        pitches: lowest and highest MIDI number
        velocities: MIDI numbers
        qualities: all of which a note has
        without_qualities: none of which a note has

    Raises:
        ValueError: if a name is not one of the corpus
    """

    families: list[str] | None = None
    instrument_sources: list[str] | None = None
    pitches: tuple[int, int] | None = None
    velocities: list[int] | None = None
    qualities: list[str] | None = None
    without_qualities: list[str] | None = None

    def __post_init__(self) -> None:
        _refuse_unknown("families", self.families, FAMILIES)
        _refuse_unknown("instrument_sources", self.instrument_sources, SOURCES)
        _refuse_unknown("qualities", self.qualities, QUALITIES)
        _refuse_unknown("without_qualities", self.without_qualities, QUALITIES)
        if self.pitches is not None and self.pitches[0] > self.pitches[1]:
            raise ValueError(f"data.pitches is {list(self.pitches)}: the lowest comes first.")

    def needs_qualities(self) -> bool:
        """Whether a note whose qualities are not known can be judged."""
        return bool(self.qualities or self.without_qualities)

    def passes(self, labels: Mapping[str, float]) -> bool:
        """Whether a note with these labels is wanted."""
        lowest, highest = self.pitches or (0, 127)
        return (
            _is_among(labels["instrument_family"], self.families, FAMILIES)
            and _is_among(labels["instrument_source"], self.instrument_sources, SOURCES)
            and lowest <= labels["pitch"] <= highest
            and (self.velocities is None or labels["velocity"] in self.velocities)
            and all(labels[label] for label in _quality_labels(self.qualities))
            and not any(labels[label] for label in _quality_labels(self.without_qualities))
        )


def _is_among(number: float, wanted: list[str] | None, names: list[str]) -> bool:
    return wanted is None or names[int(number)] in wanted


def _quality_labels(names: list[str] | None) -> Iterator[str]:
    return (QUALITY_LABELS[QUALITIES.index(name)] for name in names or ())


def _refuse_unknown(key: str, names: list[str] | None, choices: list[str]) -> None:
    unknown = [name for name in names or () if name not in choices]
    if unknown:
        raise ValueError(f"data.{key} names {', '.join(map(repr, unknown))}: choose from {', '.join(choices)}.")
