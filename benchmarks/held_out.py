"""Another split of an NSynth release, whose test notes are of instruments and pitches that training never heard.

    python -m benchmarks.held_out RELEASE OUT --instruments 940 941 945 [--every 6] [--most 96]

OUT gets nsynth-{train,valid,test} with examples.json and links to the release's audio. Test notes are all of the named
instruments, and of the others every sixth pitch; a tenth of the rest is for validation. The choice depends on names
alone.
"""

import argparse
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from output.whole_files import written_whole

SPLITS = ("train", "valid", "test")
VALIDATION_SHARE = 0.1


def split_of(name: str, note: dict[str, Any], instruments: Sequence[int], every: int) -> str:
    """Which split a note belongs to."""
    if note["instrument"] in instruments or note["pitch"] % every == 0:
        return "test"
    # Notes of one pitch of an instrument stay together: a louder one would give a held-out note away.
    key = f"{note['instrument'] // 10}-{note['pitch']}"
    return "valid" if _share(key) < VALIDATION_SHARE else "train"


def _share(key: str) -> float:
    """A number in 0..1 that is always the same for a key and looks random."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") / 2**32


def hold_out(release: Path, out: Path, instruments: Sequence[int], every: int, most: int) -> dict[str, int]:
    """Write the new release and say how many notes each split has; at most `most` test notes, half of each kind."""
    found: dict[str, dict[str, Any]] = {split: {} for split in SPLITS}
    places = {}
    for split in SPLITS:
        folder = release / f"nsynth-{split}"
        if not (folder / "examples.json").is_file():
            raise FileNotFoundError(f"{folder} has no examples.json: give the folder of an NSynth release.")
        for name, note in json.loads((folder / "examples.json").read_text()).items():
            found[split_of(name, note, instruments, every)][name] = note
            places[name] = folder / "audio" / f"{name}.wav"
    found["test"] = _some(found["test"], instruments, most)
    for split, notes in found.items():
        audio = out / f"nsynth-{split}" / "audio"
        audio.mkdir(parents=True, exist_ok=True)
        for name in notes:
            link = audio / f"{name}.wav"
            link.unlink(missing_ok=True)
            os.symlink(places[name].resolve(), link)
        with written_whole(out / f"nsynth-{split}" / "examples.json") as partial:
            partial.write_text(json.dumps(notes, indent=1, sort_keys=True))
    return {split: len(notes) for split, notes in found.items()}


def _some(notes: dict[str, Any], instruments: Sequence[int], most: int) -> dict[str, Any]:
    """Half of `most` notes of the held-out instruments and half of the others, in an order that looks random."""
    ordered = sorted(notes, key=_share)
    new_instrument = [name for name in ordered if notes[name]["instrument"] in instruments]
    new_pitch = [name for name in ordered if notes[name]["instrument"] not in instruments]
    chosen = new_instrument[: most // 2] + new_pitch[: most - most // 2]
    return {name: notes[name] for name in chosen}


def main() -> None:
    """Write the release and print its size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--instruments", type=int, nargs="+", required=True)
    parser.add_argument("--every", type=int, default=6)
    parser.add_argument("--most", type=int, default=96)
    given = parser.parse_args()
    counts = hold_out(given.release, given.out, given.instruments, given.every, given.most)
    print(", ".join(f"{split}: {n} notes" for split, n in counts.items()))


if __name__ == "__main__":
    main()
