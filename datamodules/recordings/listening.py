"""What of each recording sounds and where its notes begin: heard once, and kept in a file."""

import hashlib
import json
import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from datamodules.preparation.preparation import begin_process
from datamodules.recordings.onsets import find_onsets_s, frame_samples
from output.replaced import replaced
from sounds.audio import SILENT_DB, Channel, UnusableAudio, blocks_of, header_of

VERSION = 2
"""Version of listening and cutting: with another number, every recording is listened to again."""

SHORTEST_NOTE_S = 0.1
WORTH_PROCESSES_BYTES = 20e6


class Span(NamedTuple):
    """A stretch of a recording."""

    start_s: float
    end_s: float


class Contents(NamedTuple):
    """What a recording holds: its stretches that sound, at least one, and where notes begin, both in order."""

    sounding: list[Span]
    onsets_s: list[float]
    n_channels: int = 1


class Kept(NamedTuple):
    """What was heard of a recording, and the stamp it had then."""

    stamp: str
    contents: Contents


class File(NamedTuple):
    """A recording: its name in the data set, where it is, what changes when it does, and its size."""

    name: str
    path: str
    stamp: str
    n_bytes: int


@dataclass(frozen=True)
class Listener:
    """Hears what is in recordings.

    Args:
        channel: which channel to hear
        trim_db: what is so far below the loudest hundredth of a second does not sound; None: everything sounds
        with_onsets: whether to look for notes
    """

    channel: Channel = "mix"
    trim_db: float | None = None
    with_onsets: bool = False

    def listen(self, path: str) -> Contents:
        """What one recording holds; a minute of it is in memory at a time.

        Raises:
            UnusableAudio: if it cannot be read to its end, is silent, not finite or has too many channels
        """
        rate, n_channels = header_of(path)
        levels, peak = [np.zeros(0)], 0.0
        for block in in_whole_frames(blocks_of(path, self.channel), rate):
            levels.append(_levels(block, rate))
            peak = max(peak, float(np.abs(block).max()))
        if peak < 10 ** (SILENT_DB / 20):
            raise UnusableAudio(
                f"{path} is silent from beginning to end (below {SILENT_DB:g} dBFS, an offset not counted): remove or "
                "replace it."
            )
        level = np.concatenate(levels)
        loudest = level.max()
        floor = 0.0 if self.trim_db is None else loudest * 10 ** (-self.trim_db / 20)
        sounding = _spans(level >= floor, frame_samples(rate) / rate)
        if not self.with_onsets:
            return Contents(sounding, [], n_channels)
        onsets_s = find_onsets_s(blocks_of(path, self.channel), rate, loudest, SHORTEST_NOTE_S)
        return Contents(sounding, onsets_s, n_channels)

    def listen_to_all(self, files: Sequence[File], cache: str) -> dict[str, Contents | str]:
        """What each holds, by name, or one sentence on why it cannot be used; only what is new or changed is read.

        Raises:
            OSError: if the cache cannot be written
        """
        path = Path(cache) / f"recordings-{hashlib.sha256(f'{VERSION} {self}'.encode()).hexdigest()[:12]}.json"
        kept = _load(path)
        heard: dict[str, Contents | str] = {}
        unknown = []
        for file in files:
            if file.name in kept and kept[file.name].stamp == file.stamp:
                heard[file.name] = kept[file.name].contents
            else:
                unknown.append(file)
        try:
            with closing(self._heard(unknown)) as results:
                for file, result in zip(unknown, tqdm(results, "listening", len(unknown), delay=2), strict=True):
                    heard[file.name] = result
        finally:
            found = [(file, heard.get(file.name)) for file in unknown]
            new = {file.name: Kept(file.stamp, what) for file, what in found if isinstance(what, Contents)}
            if new:
                _save(path, kept | new)
        return heard

    def _heard(self, files: Sequence[File]) -> Generator[Contents | str, None, None]:
        n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        n_processes = min(n_cores, len(files))
        if n_processes <= 1 or sum(file.n_bytes for file in files) < WORTH_PROCESSES_BYTES:
            yield from map(self._listen_or_say_why, files)
            return
        # The first one here: what librosa compiles at its first call, the processes then inherit.
        yield self._listen_or_say_why(files[0])
        pool = ProcessPoolExecutor(n_processes, initializer=begin_process)
        try:
            yield from pool.map(self._listen_or_say_why, files[1:], chunksize=4)
        finally:
            pool.shutdown(cancel_futures=True)

    def _listen_or_say_why(self, file: File) -> Contents | str:
        try:
            return self.listen(file.path)
        except UnusableAudio as error:
            return str(error)
        except Exception as error:  # one bad file never costs what was heard in the others
            return f"{file.path} cannot be used ({type(error).__name__}: {error}): convert or remove it."


def in_whole_frames(blocks: Iterable[np.ndarray], rate: int) -> Iterator[np.ndarray]:
    """The same samples in blocks of whole frames, but for the last."""
    frame, waiting = frame_samples(rate), np.zeros(0, np.float32)
    for block in blocks:
        waiting = np.concatenate([waiting, block])
        n_whole = len(waiting) // frame * frame
        if n_whole:
            yield waiting[:n_whole]
        waiting = waiting[n_whole:]
    if len(waiting):
        yield waiting


def _levels(audio: np.ndarray, rate: int) -> np.ndarray:
    """(N,) -> (frames,) rms."""
    frame = frame_samples(rate)
    frames = np.pad(audio, (0, -len(audio) % frame)).reshape(-1, frame)
    return np.sqrt((frames**2).mean(axis=1))


def _spans(sounds: np.ndarray, frame_s: float) -> list[Span]:
    """(frames,) of True and False -> the stretches of True; what is silent for less than a short note is no rest."""
    edges = np.flatnonzero(np.diff(sounds, prepend=False, append=False)) * frame_s
    spans: list[Span] = []
    for start_s, end_s in edges.reshape(-1, 2).tolist():
        if spans and start_s - spans[-1].end_s < SHORTEST_NOTE_S:
            spans[-1] = Span(spans[-1].start_s, end_s)
        else:
            spans.append(Span(start_s, end_s))
    return spans


def _load(path: Path) -> dict[str, Kept]:
    """What was kept, by name of the recording; nothing if the file is damaged."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: Kept(stamp, Contents([Span(*span) for span in sounding], onsets, n_channels))
            for name, (stamp, sounding, onsets, n_channels) in rows.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _save(path: Path, kept: dict[str, Kept]) -> None:
    rows = {name: (stamp, *contents) for name, (stamp, contents) in kept.items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced(path) as temporary:
            temporary.write_text(json.dumps(rows), encoding="utf-8")
    except OSError as error:
        raise OSError(
            f"What was heard in the recordings cannot be kept in {path} ({error.strerror}): "
            "name a folder that can be written with --data.cache."
        ) from error
