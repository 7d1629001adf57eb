"""What is known of every clip of a split, usable or not and its pitch; in a file, so that nothing is tracked twice."""

import hashlib
import json
import os
import time
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
from tqdm import tqdm

from datamodules.audio import UnusableAudio
from datamodules.pitch import NoPitch, Pitch, PitchTracker
from datamodules.source import Source
from synths.clip import ClipFormat

FLUSH_S = 30.0
WORTH_PROCESSES = 64


class Entry(NamedTuple):
    """What is known of one clip: its stamp, why it is unusable ("" if it is not) and its pitch (zeros if unusable)."""

    stamp: str
    problem: str
    pitch: Pitch


class ClipIndex:
    """The entries of one split, in a file whose name tells tracker and clip format apart.

    Args:
        folder: where the file is
        split: train, valid or test
        tracker: what tracks pitch
        clip: the format of the run
    """

    def __init__(self, folder: str, split: str, tracker: PitchTracker, clip: ClipFormat) -> None:
        key = f"{tracker.identity} {clip.sample_rate} {clip.n_samples} {clip.hop}"
        self.path = Path(folder) / f"{split}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.npz"
        self.tracker = tracker
        self.clip = clip
        self.entries: dict[str, Entry] = self._load()

    def known(self, source: Source) -> Entry | None:
        """The entry of a clip, if its file has not changed since."""
        entry = self.entries.get(source.name)
        return entry if entry is not None and entry.stamp == source.stamp() else None

    def prepare(self, sources: list[Source], label: str) -> None:
        """Reads and tracks every source not known yet; shows progress, and keeps what is done if interrupted."""
        unknown = [source for source in sources if not source.problem and self.known(source) is None]
        if not unknown:
            return
        self._save()  # an unwritable folder must be known before an hour of tracking, not after
        saved_at, save_s = time.monotonic(), 0.0
        try:
            with closing(self._examined(unknown)) as entries:
                for source, entry in zip(unknown, tqdm(entries, label, len(unknown), unit="clip"), strict=True):
                    self.entries[source.name] = entry
                    if time.monotonic() - saved_at > max(FLUSH_S, 20 * save_s):
                        saved_at = time.monotonic()
                        self._save()
                        save_s = time.monotonic() - saved_at
        finally:
            self._save()

    def _examined(self, sources: list[Source]) -> Generator[Entry, None, None]:
        job = partial(examine, tracker=self.tracker, clip=self.clip)
        n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        if n_cores == 1 or len(sources) < WORTH_PROCESSES:
            yield from map(job, sources)
            return
        # The first one here: what the tracker compiles at its first call, the processes then inherit.
        yield job(sources[0])
        pool = ProcessPoolExecutor(n_cores)
        try:
            yield from pool.map(job, sources[1:], chunksize=16)
        finally:
            pool.shutdown(cancel_futures=True)

    def _load(self) -> dict[str, Entry]:
        if not self.path.exists():
            return {}
        try:
            with np.load(self.path) as file:
                text, f0_hz, confidence = json.loads(file["text"].tobytes()), file["f0_hz"], file["confidence"]
        except (ValueError, EOFError, KeyError, BadZipFile):
            return {}  # a damaged index is as good as none
        return {
            name: Entry(stamp, problem, Pitch(f0_hz[row], confidence[row]))
            for row, (name, stamp, problem) in enumerate(text)
        }

    def _save(self) -> None:
        """To a temporary name first: an interrupted write never harms what was there."""
        text = json.dumps([(name, entry.stamp, entry.problem) for name, entry in self.entries.items()])
        curves = [entry.pitch for entry in self.entries.values()]
        shape = (len(curves), self.clip.n_frames)
        temporary = self.path.with_name(f"{self.path.name}.{os.getpid()}.tmp")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(temporary, "wb") as file:
                np.savez(
                    file,
                    text=np.frombuffer(text.encode(), dtype=np.uint8),
                    f0_hz=np.array([curve.f0_hz for curve in curves], dtype=np.float32).reshape(shape),
                    confidence=np.array([curve.confidence for curve in curves], dtype=np.float32).reshape(shape),
                )
            os.replace(temporary, self.path)
        except OSError as error:
            raise OSError(
                f"The pitch index {self.path} cannot be written ({error.strerror}): "
                "name a folder that can with --data.cache."
            ) from error


def examine(source: Source, tracker: PitchTracker, clip: ClipFormat) -> Entry:
    """Reads and tracks one clip."""
    stamp = source.stamp()
    try:
        pitch = source.sound.pitch(clip) or tracker.track((source.untouched or source.sound).read(clip), clip)
    except UnusableAudio as error:
        return Entry(stamp, str(error), _no_pitch(clip))
    except NoPitch as error:
        return Entry(stamp, f"{source.name}: {error}.", _no_pitch(clip))
    return Entry(stamp, "", pitch)


def _no_pitch(clip: ClipFormat) -> Pitch:
    return Pitch(np.zeros(clip.n_frames, np.float32), np.zeros(clip.n_frames, np.float32))
