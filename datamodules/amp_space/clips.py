"""From pairs of files to pairs of clips at the same musical position."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from datamodules.amp_space.lags import PairLag
from datamodules.amp_space.manifest import DevicePair, leads_outside
from datamodules.source import FileSound, Source
from sounds.audio import read_audio
from synths.clip import ClipFormat

SHORTEST_REMAINDER = 0.25


@dataclass(frozen=True)
class Stretch(FileSound):
    """A stretch of a sound file that may end before the file does.

    Args:
        path: a WAV, FLAC, OGG or MP3 file at any rate
        start_s: where in the file it starts
        channel: which channel to hear
        length_s: how much is heard, silence follows; None is to the end of the file
    """

    length_s: float | None = None

    def read(self, clip: ClipFormat) -> np.ndarray:
        """(N,) float32, its end padded with silence; raises UnusableAudio."""
        if self.length_s is None or self.length_s >= clip.duration_s:
            return super().read(clip)
        audio = read_audio(self.path, clip, self.start_s, self.length_s, self.channel)[: clip.n_samples]
        return np.pad(audio, (0, clip.n_samples - len(audio)))

    def stamp(self) -> str:
        """Changes with the file's size or date, or with the part of it that is heard."""
        return f"{super().stamp()} {self.length_s}"


class Cutter:
    """Cuts pairs into consecutive clips, of target and source at the same musical position.

    Args:
        clip: the format of the run
        root: what the files of pairs are relative to
        skip_s: so much of the start of every target is left out
    """

    def __init__(self, clip: ClipFormat, root: Path, skip_s: float) -> None:
        self.clip = clip
        self.root = root
        self.skip_s = skip_s
        self._headers: dict[str, tuple[int, int] | str] = {}

    def problem(self, pair: DevicePair) -> str:
        """Why a pair cannot be cut, whatever its lag; "" if it can."""
        if pair.problem:
            return pair.problem
        for path in (pair.source, pair.target):
            if leads_outside(path):
                return f"{self.root / path} is not below {self.root}: name files that are."
            header = self._header(path)
            if isinstance(header, str):
                return header
            if header[0] != pair.sample_rate:
                return (
                    f"{self.root / path} is at {header[0]} Hz and should be at {pair.sample_rate} Hz: resample it, or "
                    "give its sample_rate in the manifest."
                )
        return ""

    def clips(self, pair: DevicePair, labels: Mapping[str, float], lag: PairLag) -> list[Source]:
        """The clips of a pair, or one that says why there are none."""
        problem = self.problem(pair) or lag.problem
        start, end = (0, 0) if problem else self._usable(pair, lag.samples)
        if not problem and start >= end:
            problem = (
                f"{self.root / pair.target} and {pair.source} have nothing in common that is long enough: leave it out."
            )
        if problem:
            return [Source(pair.id, FileSound(str(self.root / pair.target)), labels, problem=problem)]
        length = (end - start) / pair.sample_rate / self.clip.duration_s
        n_clips = max(1, int(length) + (length - int(length) >= SHORTEST_REMAINDER))
        size = self.clip.duration_s * pair.sample_rate
        return [self._clip(pair, labels, lag, start + round(number * size), number) for number in range(n_clips)]

    def _clip(self, pair: DevicePair, labels: Mapping[str, float], lag: PairLag, position: int, number: int) -> Source:
        """The clip at a position of the pair, counted in the source."""
        rate, length_s = pair.sample_rate, None
        if pair.num_frames is not None:
            # Half a frame less: what is read is rounded up, and must not reach the next pair.
            length_s = (pair.num_frames - position - 0.5) / rate
        sound, untouched = (
            Stretch(str(self.root / path), start / rate, pair.channel, length_s)
            for path, start in (
                (pair.target, pair.target_start + lag.samples + position),
                (pair.source, pair.source_start + position),
            )
        )
        return Source(f"{pair.id}#{number}", sound, labels, untouched)

    def _usable(self, pair: DevicePair, lag: int) -> tuple[int, int]:
        """First and last position, counted from the start of the pair in the source, that both sounds have."""
        n_source, n_target = (int(self._header(path)[1]) for path in (pair.source, pair.target))
        start = max(0, round(self.skip_s * pair.sample_rate) - lag)
        end = min(n_source - pair.source_start, n_target - pair.target_start - lag)
        return start, end if pair.num_frames is None else min(end, pair.num_frames)

    def _header(self, path: str) -> tuple[int, int] | str:
        """Rate and number of frames of a file, or why it is none."""
        if path not in self._headers:
            whole = self.root / path
            try:
                header = soundfile.info(os.fsencode(whole))
                self._headers[path] = int(header.samplerate), int(header.frames)
            except (soundfile.SoundFileError, OSError, TypeError):
                missing = f"{whole} does not exist: restore it or remove it from the listing."
                self._headers[path] = f"{whole} cannot be read as sound: restore it." if whole.exists() else missing
        return self._headers[path]
