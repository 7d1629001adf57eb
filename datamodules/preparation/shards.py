"""Prepared clips of one split in a few large files, because the file systems of clusters count files.

A shard is `00000.audio.npy` (n, N) int16, `00000.pitch.npy` (n, 2, F) float32 with f0_hz and confidence,
`00000.untouched.npy` for pairs, and `00000.index.jsonl`: a line on the shard, a line per clip with its labels, a line
per source that cannot be used. The index is written last: a shard without it is not there. Until a shard is whole its
clips are in `parts`.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from datamodules.preparation.parts import KINDS, UNIT, WaitingUnits
from datamodules.preparation.verified import Verified
from datamodules.source import Heard
from output.replaced import replaced
from sounds.audio import READING
from sounds.pitch import PitchTracker
from synths.clip import ClipFormat

LAYOUT = 1
SHARD_BYTES = 2**30


class Entry(NamedTuple):
    """What a shard knows of one source: its row, or why it has none ("" if it has)."""

    shard: int
    row: int
    stamp: str
    problem: str
    heard: Heard
    scales: tuple[float, float]


class Shards:
    """The shards of one split of a data set, made by one tracker in one clip format.

    Args:
        cache: folder that holds them
        data_set: name of the data set
        split: train, valid or test
        tracker: what tracks pitch
        clip: the format of the run
    """

    def __init__(self, cache: str, data_set: str, split: str, tracker: PitchTracker, clip: ClipFormat) -> None:
        self.clip = clip
        self.made_by = {
            "layout": LAYOUT,
            "reading": READING,
            "data_set": data_set,
            "split": split,
            "f0_tracker": tracker.identity,
            "sample_rate": clip.sample_rate,
            "n_samples": clip.n_samples,
            "hop": clip.hop,
        }
        self.hash = hashlib.sha256(json.dumps(self.made_by, sort_keys=True).encode()).hexdigest()
        self.folder = Path(cache) / f"{split}-{self.hash[:12]}"
        self.parts = WaitingUnits(self.folder / "parts", clip)
        self.verified = Verified(self.folder)

    @property
    def clips_per_shard(self) -> int:
        """About a gigabyte of sound, in whole units."""
        return max(1, SHARD_BYTES // (2 * self.clip.n_samples * UNIT)) * UNIT

    def open(self) -> None:
        """Make the folder if there is none, and refuse one that something else made; what is there is not touched.

        Raises:
            ValueError: if the folder holds shards of another format, tracker or data set
            OSError: if it cannot be written
        """
        meta = self.folder / "meta.json"
        if self._is_ours(meta):
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with replaced(meta) as temporary:
                temporary.write_text(json.dumps({"made_by": self.made_by, "hash": self.hash}, indent=1) + "\n")
        except OSError as error:
            mend = f"cannot be written ({error.strerror}): name a folder that can with --data.cache"
            raise OSError(error.errno, mend, str(meta)) from error

    def entries(self) -> dict[str, Entry]:
        """Everything known, by name; where a source was prepared again, the last.

        Raises:
            ValueError: if an index is damaged
        """
        known: dict[str, Entry] = {}
        for shard in self.whole():
            try:
                known |= dict(_entry(shard, dict(line)) for line in list(self._index_lines(shard))[1:])
            except (ValueError, KeyError, TypeError) as error:
                path = self._index_path(shard)
                raise ValueError(f"{path} is damaged: delete it and run timbre prepare again.") from error
        return known

    def numbers(self) -> list[int]:
        """Numbers of all shards: those that are there, were there, or are planned."""
        names = [path.name for folder in (self.folder, self.parts.folder) for path in folder.glob("*")]
        found = (re.match(r"(?:plan-)?(\d{5})[.-]", name) for name in names)
        return sorted({int(number[1]) for number in found if number})

    def whole(self) -> list[int]:
        """Numbers of those that are there with every byte."""
        return [shard for shard in self.numbers() if self.is_whole(shard)]

    def is_whole(self, shard: int) -> bool:
        """Whether a shard is there with every byte."""
        facts = self._facts(shard)
        sizes = {self.folder / name: each["bytes"] for name, each in facts["files"].items()}
        sizes[self._index_path(shard)] = len(json.dumps(facts)) + 1 + facts["lines"]["bytes"]
        try:
            return facts["made_by"] == self.hash and all(path.stat().st_size == size for path, size in sizes.items())
        except OSError:
            return False

    def damaged(self) -> list[str]:
        """Files that are missing or whose content is not what was written, by their sha256; reads everything."""
        there = [shard for shard in self.numbers() if self._index_path(shard).is_file()]
        return [str(path) for shard in there for path, sha256 in self._contents(shard) if not _is_as(path, sha256)]

    def damaged_since(self, shards: Iterable[int]) -> list[Path]:
        """Like `damaged`, of whole shards; what was read through before and is the same still is not read again."""
        contents = [each for shard in shards for each in self._contents(shard)]
        unknown = [(path, sha256) for path, sha256 in contents if not self.verified.holds(path, sha256)]
        n_bytes, damaged = sum(path.stat().st_size for path, _ in unknown), []
        with tqdm(total=n_bytes, desc=f"checking {self.folder}", unit="B", unit_scale=True, delay=2) as progress:
            for path, sha256 in unknown:
                if _is_as(path, sha256):
                    self.verified.note({path: sha256})
                else:
                    damaged.append(path)
                progress.update(path.stat().st_size)
        return damaged

    def discard(self, path: Path) -> None:
        """Give up the shard of a file: without its index it is not there, and the next preparation makes it again."""
        self._index_path(int(path.name[:5])).unlink(missing_ok=True)

    def checksums(self, shards: list[int]) -> list[dict[str, str]]:
        """SHA-256 of every file of some shards when it was written, by name."""
        return [{name: each["sha256"] for name, each in self._facts(shard)["files"].items()} for shard in shards]

    def join(self, shard: int, n_units: int) -> None:
        """Waiting units -> shard, if it is not whole yet; another process may do the same at the same time."""
        with suppress(FileNotFoundError):  # the other was faster
            if not self.is_whole(shard):
                self._join(shard, [self.parts.path(shard, number) for number in range(n_units)])
        if self.is_whole(shard):
            self.parts.remove(shard)

    def _is_ours(self, meta: Path) -> bool:
        try:
            held = dict(json.loads(meta.read_text())["made_by"])
        except (OSError, ValueError, KeyError, TypeError):
            return False  # none there, or damaged: it is written anew
        differing = [
            f"{key} {held.get(key)!r}, not {own!r}" for key, own in self.made_by.items() if held.get(key) != own
        ]
        if differing:
            raise ValueError(
                f"{self.folder} holds clips of another kind ({'; '.join(differing)}): name another --data.cache."
            )
        return True

    def _join(self, shard: int, parts: list[Path]) -> None:
        lines = [line for path in parts for line in self.parts.lines(path)]
        clips = [line for line in lines if "problem" not in line]
        n_pairs = sum("untouched_scale" in line for line in clips)
        if n_pairs not in (0, len(clips)):
            raise ValueError(f"Of the {len(clips)} clips of a shard {n_pairs} are pairs: let all of them be, or none.")
        files = {}
        for kind in KINDS if n_pairs else KINDS[:2]:
            path = self.folder / f"{shard:05d}.{kind}.npy"
            with replaced(path) as temporary:
                self._write_rows(temporary, kind, parts, len(clips))
                files[path.name] = {"bytes": temporary.stat().st_size, "sha256": sha256(temporary)}
        rows = [{"row": row, **line} for row, line in enumerate(clips)]
        self._write_index(shard, files, [*rows, *(line for line in lines if "problem" in line)])

    def _contents(self, shard: int) -> Iterator[tuple[Path, str]]:
        """The index and every other file, with the checksum of what was written."""
        facts = self._facts(shard)
        yield self._index_path(shard), facts["lines"]["sha256"]
        yield from ((self.folder / name, each["sha256"]) for name, each in facts["files"].items())

    def _write_rows(self, path: Path, kind: str, parts: list[Path], n_clips: int) -> None:
        empty = self.parts.stacked(kind, [])
        with open(path, "wb") as file:
            header = {"descr": empty.dtype.str, "fortran_order": False, "shape": (n_clips, *empty.shape[1:])}
            np.lib.format.write_array_header_1_0(file, header)
            for part in parts:
                file.write(self.parts.rows(part, kind).tobytes())

    def _write_index(self, shard: int, files: dict[str, Any], lines: list[dict[str, Any]]) -> None:
        text = "".join(json.dumps(line) + "\n" for line in lines).encode()
        facts = {
            "shard": shard,
            "made_by": self.hash,
            "files": files,
            "lines": {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()},
        }
        with replaced(self._index_path(shard)) as temporary:
            temporary.write_bytes(json.dumps(facts).encode() + b"\n" + text)
        self.verified.note(dict(self._contents(shard)))

    def _facts(self, shard: int) -> dict[str, Any]:
        """The first line of an index; one that is not there or damaged knows of no files."""
        none = {"made_by": "", "files": {}, "lines": {"bytes": 0, "sha256": ""}}
        try:
            facts = dict(next(self._index_lines(shard)))
        except (OSError, StopIteration, ValueError, TypeError):
            return none
        return facts if facts.keys() >= none.keys() else none

    def _index_lines(self, shard: int) -> Iterator[dict[str, Any]]:
        with open(self._index_path(shard)) as file:
            yield from map(json.loads, file)

    def _index_path(self, shard: int) -> Path:
        return self.folder / f"{shard:05d}.index.jsonl"


def _entry(shard: int, line: dict[str, Any]) -> tuple[str, Entry]:
    heard = Heard(*line.get("heard", (0.0, 0.0, 0.0)))
    scales = (line.get("scale", 0.0), line.get("untouched_scale", 0.0))
    return line["name"], Entry(shard, line.get("row", -1), line["stamp"], line.get("problem", ""), heard, scales)


def sha256(path: Path) -> str:
    """Checksum of a file; for an index, of all lines but the first, which holds the checksum itself."""
    with open(path, "rb") as file:
        if path.name.endswith(".index.jsonl"):
            file.readline()
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_as(path: Path, written: str) -> bool:
    return path.is_file() and sha256(path) == written
