"""How well the trackers hear recorded notes whose pitch is known: octaves by label, by each other, and steadiness.

    python -m benchmarks.pitch FOLDER... [--digits 2] [--every 14] [--trackers Yin SwiftF0] [--cache notes.csv]

A folder is an NSynth release (or one split of it), or holds files whose names end in a MIDI number, such as
cello-c_36.flac or grand-piano_36_pp.ogg. NSynth notes are grouped by family and the first digits of the instrument's
number: two for what shared/tools/philharmonia_to_nsynth.py writes, none for NSynth.
"""

import argparse
import csv
import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datamodules import NoPitch, PitchTracker, SwiftF0, Yin, read_audio
from sounds.librosa_yin import LibrosaYin
from sounds.pitch import VOICED
from synths import ClipFormat

CLIP = ClipFormat()
LONGEST_S = 4.0
OCTAVE_CENTS, NEAR_CENTS = 500.0, 50.0
TRACKERS: dict[str, type[PitchTracker]] = {kind.__name__: kind for kind in (Yin, SwiftF0, LibrosaYin)}
HEAD = (
    "| notes | tracker | n | no pitch | within 50 cents of label | frames within 50 cents of own median "
    "| octaves off label | of these, as {second} hears it | octaves off {second} | × real time |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


class LabelledNote(NamedTuple):
    """A recorded note: where it is, which group it belongs to, and the MIDI number that it should sound."""

    path: str
    group: str
    midi: float


class TrackedNote(NamedTuple):
    """What a tracker makes of a note: median pitch (0: none), frames within 50 cents of that, CPU and sound seconds."""

    f0_hz: float
    steady: float
    cpu_s: float
    sound_s: float


def notes_of(folder: Path, digits: int) -> list[LabelledNote]:
    """The labelled notes of a folder and the folders in it, sorted by name.

    Raises:
        FileNotFoundError: there is none
    """
    notes = [note for listing in sorted(folder.rglob("examples.json")) for note in _listed(listing, digits)]
    notes = notes or [note for path in sorted(folder.rglob("*")) for note in _named(path)]
    if not notes:
        raise FileNotFoundError(f"{folder} holds no labelled notes: neither examples.json nor names with MIDI numbers.")
    return sorted(notes, key=lambda note: Path(note.path).name)


def _listed(listing: Path, digits: int) -> Iterator[LabelledNote]:
    for name, note in json.loads(listing.read_text()).items():
        path = next(
            (path for path in (listing.parent / "audio", listing.parent) if (path / f"{name}.wav").exists()), None
        )
        if path is not None:
            number = f"{note['instrument']:03d}"[:digits]
            yield LabelledNote(
                str(path / f"{name}.wav"), f"{note['instrument_family_str']} {number}".strip(), note["pitch"]
            )


def _named(path: Path) -> Iterator[LabelledNote]:
    parts = re.fullmatch(r"(.+?)_(\d+)(?:_[a-z]+)?", path.stem)
    if parts and path.suffix in (".wav", ".flac", ".ogg", ".mp3"):
        yield LabelledNote(str(path), re.sub(r"[-\d].*", "", parts[1]), float(parts[2]))


def hear(path: str, trackers: Sequence[str]) -> tuple[str, dict[str, TrackedNote]]:
    """A file, and what each tracker makes of its first four seconds."""
    audio = read_audio(path, CLIP, duration_s=LONGEST_S, channel="mix")
    return path, {name: _heard(audio, TRACKERS[name]()) for name in trackers}


def _heard(audio: np.ndarray, tracker: PitchTracker) -> TrackedNote:
    begun, sound_s = time.process_time(), len(audio) / CLIP.sample_rate
    try:
        f0_hz, confidence = tracker.track(audio, CLIP)
    except NoPitch:
        return TrackedNote(0.0, 0.0, time.process_time() - begun, sound_s)
    taken = time.process_time() - begun
    voiced = f0_hz[confidence >= VOICED]
    median = float(np.median(voiced))
    return TrackedNote(median, float(np.mean(np.abs(cents(voiced, median)) < NEAR_CENTS)), taken, sound_s)


def cents(f0_hz: np.ndarray, other_hz: np.ndarray | float) -> np.ndarray:
    """How far above the other a pitch is."""
    return np.asarray(1200 * np.log2(f0_hz / other_hz))


def row(
    group: str, tracker: str, notes: Sequence[LabelledNote], heard: dict[str, dict[str, TrackedNote]], second: str
) -> str:
    """A line of the table; the second tracker has a say only where the label lies in its range."""
    of_note = [heard[note.path] for note in notes]
    own = np.array([each[tracker] for each in of_note])
    pitched = own[:, 0] > 0
    label_hz = 440 * 2 ** ((np.array([note.midi for note in notes]) - 69) / 12)
    off_label = np.where(pitched, np.abs(cents(np.where(pitched, own[:, 0], 1), label_hz)), np.inf)
    kind = TRACKERS[second]
    other = np.array([each[second].f0_hz for each in of_note])
    compared = pitched & (other > 0) & (label_hz >= kind.lowest_hz) & (label_hz <= kind.highest_hz)
    apart = np.where(compared, np.abs(cents(np.where(pitched, own[:, 0], 1), np.where(other > 0, other, 1))), 0.0)
    is_off = pitched & (off_label > OCTAVE_CENTS)
    cells = [group, tracker, len(notes), int((~pitched).sum()), f"{(off_label < NEAR_CENTS).mean():.3f}"]
    cells += [f"{own[pitched, 1].mean():.3f}" if pitched.any() else "–", int(is_off.sum())]
    cells += ["–", "–"] if tracker == second else [int((is_off & compared & (apart < OCTAVE_CENTS)).sum())]
    cells += [] if tracker == second else [int((apart > OCTAVE_CENTS).sum())]
    return f"| {' | '.join(map(str, [*cells, f'{own[:, 3].sum() / own[:, 2].sum():.0f}']))} |"


def table(
    notes: Sequence[LabelledNote], heard: dict[str, dict[str, TrackedNote]], trackers: Sequence[str], second: str
) -> str:
    """Every group with every tracker, then all notes."""
    lines = [HEAD.format(second=second)]
    groups = {group: [note for note in notes if note.group == group] for group in sorted({n.group for n in notes})}
    for group, those in {**groups, "all": list(notes)}.items():
        lines += [row(group, tracker, those, heard, second) for tracker in trackers]
    return "\n".join(lines)


def gather(
    notes: Sequence[LabelledNote], trackers: Sequence[str], cache: Path | None, processes: int
) -> dict[str, dict[str, TrackedNote]]:
    """What every tracker makes of every note: from the cache, or heard and added to it."""
    known = _read(cache) if cache else {}
    identities = {name: TRACKERS[name]().identity for name in trackers}
    missing = [n.path for n in notes if not {*identities.values()} <= {*known.get(n.path, {})}]
    with get_context("spawn").Pool(processes) as pool:
        for number, (path, found) in enumerate(pool.imap_unordered(partial(hear, trackers=trackers), missing)):
            known.setdefault(path, {}).update({identities[name]: heard for name, heard in found.items()})
            if cache:
                with cache.open("a", newline="") as file:
                    csv.writer(file).writerows((path, identities[name], *heard) for name, heard in found.items())
            if number % 100 == 0:
                print(f"heard: {number} of {len(missing)}", file=sys.stderr, flush=True)
    return {n.path: {name: known[n.path][identity] for name, identity in identities.items()} for n in notes}


def _read(cache: Path) -> dict[str, dict[str, TrackedNote]]:
    known: dict[str, dict[str, TrackedNote]] = {}
    if cache.exists():
        with cache.open(newline="") as file:
            for path, identity, *numbers in csv.reader(file):
                known.setdefault(path, {})[identity] = TrackedNote(*map(float, numbers))
    return known


def main() -> None:
    """Hear every note and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--digits", type=int, default=0, help="of the instrument's number that make a group (default 0)"
    )
    parser.add_argument("--every", type=int, default=1, help="only every so-manieth note of the first folder")
    parser.add_argument("--trackers", nargs="+", choices=sorted(TRACKERS), default=["LibrosaYin", "Yin", "SwiftF0"])
    parser.add_argument("--second", choices=sorted(TRACKERS), default="SwiftF0", help="which checks the others")
    parser.add_argument("--cache", type=Path, help="a CSV file that keeps what was heard")
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    first, *others = (notes_of(folder, given.digits) for folder in given.folders)
    notes = [*first[:: given.every], *(note for folder in others for note in folder)]
    trackers = [*dict.fromkeys([*given.trackers, given.second])]
    heard = gather(notes, trackers, given.cache, given.processes)
    print(table(notes, heard, given.trackers, given.second))


if __name__ == "__main__":
    main()
