"""Prepared clips of one split in a few large files, because the file systems of clusters count files.

A shard is `00000.audio.npy` (n, N) int16, `00000.pitch.npy` (n, 2, F) float32 with f0_hz and confidence,
`00000.untouched.npy` for pairs, and `00000.index.jsonl`: a line on the shard, a line per clip with its labels, a line
per source that cannot be used. The index is written last: a shard without it is not there. Until a shard is whole its
clips are in `parts`, a file per unit of 64, so that an interrupted preparation loses little.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from datamodules.examine import Examined
from datamodules.pitch import PitchTracker
from datamodules.replaced import replaced
from datamodules.source import Heard, Source
from synths.clip import ClipFormat

LAYOUT = 1
UNIT = 64
"""Clips that a process prepares at a time."""

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
            "data_set": data_set,
            "split": split,
            "f0_tracker": tracker.identity,
            "sample_rate": clip.sample_rate,
            "n_samples": clip.n_samples,
            "hop": clip.hop,
        }
        self.hash = hashlib.sha256(json.dumps(self.made_by, sort_keys=True).encode()).hexdigest()
        self.folder = Path(cache) / f"{split}-{self.hash[:12]}"
        self.parts = self.folder / "parts"

    @property
    def clips_per_shard(self) -> int:
        """About a gigabyte of sound, in whole units."""
        return max(1, SHARD_BYTES // (2 * self.clip.n_samples * UNIT)) * UNIT

    def open(self) -> None:
        """Make the folder if there is none, and refuse one that something else made.

        Raises:
            ValueError: if the folder holds shards of another format, tracker or data set
            OSError: if it cannot be written
        """
        meta = self.folder / "meta.json"
        self._refuse_others(meta)
        try:
            self.parts.mkdir(parents=True, exist_ok=True)
            with replaced(meta) as temporary:
                temporary.write_text(json.dumps({"made_by": self.made_by, "hash": self.hash}, indent=1) + "\n")
        except OSError as error:
            mend = f"cannot be written ({error.strerror}): name a folder that can with --data.cache"
            raise OSError(error.errno, mend, str(meta)) from error

    def entries(self) -> dict[str, Entry]:
        """Everything known, by name; where a source was prepared again, the last."""
        known: dict[str, Entry] = {}
        for shard in self.whole():
            lines = self._index_lines(shard)
            next(lines)
            for line in lines:
                heard = Heard(*line.get("heard", (0.0, 0.0, 0.0)))
                scales = (line.get("scale", 0.0), line.get("untouched_scale", 0.0))
                known[line["name"]] = Entry(
                    shard, line.get("row", -1), line["stamp"], line.get("problem", ""), heard, scales
                )
        return known

    def whole(self) -> list[int]:
        """Numbers of the shards that are there with every byte."""
        numbers = (int(path.name.split(".")[0]) for path in self.folder.glob("*.index.jsonl"))
        return [shard for shard in sorted(numbers) if self._is_whole(shard)]

    def damaged(self) -> list[str]:
        """Files whose content is not what was written, by their sha256; reads everything."""
        found = []
        for shard in self.whole():
            for name, facts in next(self._index_lines(shard))["files"].items():
                if sha256(self.folder / name) != facts["sha256"]:
                    found.append(str(self.folder / name))
        return found

    def part(self, shard: int, unit: int) -> Path:
        """Where the clips of one unit wait until their shard is whole."""
        return self.parts / f"{shard:05d}-{unit:04d}.npz"

    def write_part(self, shard: int, unit: int, examined: Sequence[tuple[Source, Examined | str]]) -> None:
        """Keep a unit whole or not at all."""
        usable = [(source, found) for source, found in examined if not isinstance(found, str)]
        lines = [_clip_line(source, found) for source, found in usable]
        lines += [
            {"name": source.name, "problem": found, "stamp": source.stamp()}
            for source, found in examined
            if isinstance(found, str)
        ]
        arrays = {"audio": [found.audio.samples for _, found in usable], "pitch": [found.pitch for _, found in usable]}
        if any(source.untouched is not None for source, _ in examined):
            arrays["untouched"] = [found.untouched.samples for _, found in usable if found.untouched is not None]
        content = {name: self._stacked(name, rows) for name, rows in arrays.items()}
        content["lines"] = np.frombuffer(json.dumps(lines).encode(), dtype=np.uint8)
        with replaced(self.part(shard, unit)) as temporary, open(temporary, "wb") as file:
            np.savez(file, **content)  # type: ignore[arg-type]

    def join_parts(self, shard: int, n_units: int) -> None:
        """Parts -> shard, if it is not whole yet; another process may do the same at the same time."""
        try:
            if not self._is_whole(shard):
                self._join(shard, [self.part(shard, unit) for unit in range(n_units)])
        except FileNotFoundError:
            if not self._is_whole(shard):
                raise
        for unit in range(n_units):
            self.part(shard, unit).unlink(missing_ok=True)

    def _refuse_others(self, meta: Path) -> None:
        try:
            held = json.loads(meta.read_text())["made_by"]
        except (OSError, ValueError, KeyError, TypeError):
            return  # none there, or damaged: it is written anew
        differing = [
            f"{key} {held.get(key)!r}, not {own!r}" for key, own in self.made_by.items() if held.get(key) != own
        ]
        if differing:
            raise ValueError(
                f"{self.folder} holds clips of another kind ({'; '.join(differing)}): name another --data.cache."
            )

    def _join(self, shard: int, parts: list[Path]) -> None:
        lines: list[dict[str, Any]] = []
        kinds: dict[str, None] = {}
        for path in parts:
            with np.load(path) as part:
                lines += json.loads(part["lines"].tobytes())
                kinds |= dict.fromkeys(name for name in part.files if name != "lines")
        clips = [line for line in lines if "problem" not in line]
        skipped = [line for line in lines if "problem" in line]
        files = {}
        for kind in kinds:
            path = self.folder / f"{shard:05d}.{kind}.npy"
            with replaced(path) as temporary:
                self._write_rows(temporary, kind, parts, len(clips))
                files[path.name] = {"bytes": temporary.stat().st_size, "sha256": sha256(temporary)}
        head = {"shard": shard, "n_clips": len(clips), "n_skipped": len(skipped), "made_by": self.hash, "files": files}
        rows = [{"row": row, **line} for row, line in enumerate(clips)]
        with replaced(self._index_path(shard)) as temporary, open(temporary, "w") as file:
            file.writelines(json.dumps(line) + "\n" for line in (head, *rows, *skipped))

    def _write_rows(self, path: Path, kind: str, parts: list[Path], n_clips: int) -> None:
        empty = self._stacked(kind, [])
        with open(path, "wb") as file:
            header = {"descr": empty.dtype.str, "fortran_order": False, "shape": (n_clips, *empty.shape[1:])}
            np.lib.format.write_array_header_1_0(file, header)
            for part_path in parts:
                with np.load(part_path) as part:
                    if kind in part.files:
                        file.write(np.ascontiguousarray(part[kind]).data)

    def _stacked(self, kind: str, rows: list[np.ndarray]) -> np.ndarray:
        dtype, shape = (np.float32, (2, self.clip.n_frames)) if kind == "pitch" else (np.int16, (self.clip.n_samples,))
        return np.array(rows, dtype=dtype).reshape(len(rows), *shape)

    def _is_whole(self, shard: int) -> bool:
        try:
            files = next(self._index_lines(shard))["files"]
            return all((self.folder / name).stat().st_size == facts["bytes"] for name, facts in files.items())
        except (OSError, StopIteration, ValueError, KeyError):
            return False

    def _index_lines(self, shard: int) -> Iterator[dict[str, Any]]:
        with open(self._index_path(shard)) as file:
            yield from map(json.loads, file)

    def _index_path(self, shard: int) -> Path:
        return self.folder / f"{shard:05d}.index.jsonl"


def _clip_line(source: Source, found: Examined) -> dict[str, Any]:
    line = {
        "name": source.name,
        "stamp": source.stamp(),
        "scale": found.audio.scale,
        "heard": list(found.heard),
        "labels": {label: value if np.isfinite(value) else None for label, value in source.labels.items()},
    }
    return line if found.untouched is None else {**line, "untouched_scale": found.untouched.scale}


def sha256(path: Path) -> str:
    """Of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
