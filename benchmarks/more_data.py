"""A held-out split with more to learn from: the training notes of an NSynth release, recordings and other NSynth notes.

    python -m benchmarks.more_data RELEASE OUT --recordings FOLDER --notes NSYNTH_FOLDER [--every 5]

RELEASE is the head-to-head's (benchmarks.held_out): its validation and test notes stay as they are. FOLDER holds
folders of single notes named NAME_MIDI.EXTENSION (../shared/data/iowa); those of a saxophone, which the test asks for
as an instrument never heard, stay out, and so do those of a pitch that the test holds out. NSYNTH_FOLDER has
examples.json and audio/; every fifth of its notes goes to OUT/held_back, the layout of a release with nothing but a
test split, the others are for training. For `timbre fit --data.root OUT` and `benchmarks.partials … --more
OUT/held_back`.
"""

import argparse
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from benchmarks.held_out import SPLITS
from output.whole_files import written_whole
from sounds.sound_file import sound_files

RATE, SECONDS = 16000, 4.0
NOT_HEARD, EVERY_PITCH = "saxophone", 6
FIRST_INSTRUMENT = 2000
VELOCITY = 100
NAMED = re.compile(r"(?P<name>.+)_(?P<midi>\d+)$")

Notes = dict[str, dict[str, Any]]


def recorded(folder: Path, out: Path) -> Notes:
    """Recordings -> WAV files of four seconds in `out`, and their entries of examples.json."""
    notes: Notes = {}
    instruments: dict[str, int] = {}
    for path in map(Path, sound_files(str(folder))):
        named = NAMED.fullmatch(path.stem)
        if not named or NOT_HEARD in path.stem or int(named["midi"]) % EVERY_PITCH == 0:
            continue
        number = instruments.setdefault(path.parent.name, FIRST_INSTRUMENT + 10 * len(instruments))
        name = f"string_acoustic_{number}-{int(named['midi']):03d}-{VELOCITY:03d}"
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
        resampled = soxr.resample(audio.mean(axis=1), rate, RATE)[: round(RATE * SECONDS)]
        soundfile.write(out / f"{name}.wav", np.pad(resampled, (0, round(RATE * SECONDS) - len(resampled))), RATE)
        notes[name] = {
            **{"note": len(notes), "note_str": name, "pitch": int(named["midi"]), "velocity": VELOCITY},
            **{"instrument": number, "instrument_str": name.split("-")[0], "sample_rate": RATE},
            **{"qualities": [0] * 10, "qualities_str": [], "instrument_family": 8, "instrument_family_str": "string"},
            **{"instrument_source": 0, "instrument_source_str": "acoustic"},
        }
    return notes


def linked(notes: Notes, audio: Path, out: Path) -> Notes:
    """Links to the notes' files in `out`; the notes."""
    for name in notes:
        (out / f"{name}.wav").unlink(missing_ok=True)
        os.symlink((audio / f"{name}.wav").resolve(), out / f"{name}.wav")
    return notes


def splits(release: Path, out: Path, recordings: Path, more: Path, every: int) -> Iterator[tuple[Path, Notes]]:
    """Fill OUT with sounds -> each split's folder and its notes."""
    genuine = json.loads((more / "examples.json").read_text())
    held_back = sorted(genuine)[::every]
    for split in SPLITS:
        folder = out / f"nsynth-{split}"
        (folder / "audio").mkdir(parents=True, exist_ok=True)
        source = release / folder.name
        notes = linked(json.loads((source / "examples.json").read_text()), source / "audio", folder / "audio")
        if split == "train":
            notes |= recorded(recordings, folder / "audio")
            learnt = {name: note for name, note in genuine.items() if name not in held_back}
            notes |= linked(learnt, more / "audio", folder / "audio")
        yield folder, notes
    folder = out / "held_back" / "nsynth-test"
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    yield folder, linked({name: genuine[name] for name in held_back}, more / "audio", folder / "audio")


def main() -> None:
    """Write the release and print its size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--recordings", type=Path, required=True)
    parser.add_argument("--notes", type=Path, required=True)
    parser.add_argument("--every", type=int, default=5)
    given = parser.parse_args()
    for folder, notes in splits(given.release, given.out, given.recordings, given.notes, given.every):
        with written_whole(folder / "examples.json") as partial:
            partial.write_text(json.dumps(notes, indent=1, sort_keys=True))
        print(f"{folder.relative_to(given.out)}: {len(notes)} notes")


if __name__ == "__main__":
    main()
