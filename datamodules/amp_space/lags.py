"""How much later the outputs of a device sound than what went in: found once per device and playing, kept in a file."""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from datamodules.amp_space.alignment import Lag, find_lag
from datamodules.amp_space.manifest import DevicePair
from output.replaced import replaced
from sounds.audio import UnusableAudio, read_audio
from synths.clip import ClipFormat

METHOD = "1"
LISTENED_S = 12.0
LONGEST_S = 1.0
PROBES = (0.0, 0.21, 0.52, 0.73, 1.0)
"""Where among the pairs of a device and source the few are that are listened to: no simple ratios, as knobs have."""

AGREEMENT_S = 0.001


class PairLag(NamedTuple):
    """samples: how much later the target sounds; problem: why that could not be found, empty if it could."""

    samples: int
    problem: str = ""


class LagFile:
    """Lags that were found, by pair, as long as its files do not change.

    Args:
        path: the file; made when there is something to keep
        root: what the files of pairs are relative to
    """

    def __init__(self, path: Path, root: Path) -> None:
        self.path = path
        self.root = root
        self._found = self._load()

    def lags(self, pairs: Sequence[DevicePair]) -> dict[str, PairLag]:
        """The lag of every pair, by id; shows progress.

        A few pairs of each device and source are listened to. Where they agree, theirs is the lag of all; where they do
        not, as with a recorder that starts anew for each, every pair is listened to.

        Raises:
            OSError: if the file cannot be written
        """
        lags = {pair.id: PairLag(pair.lag_samples) for pair in pairs if pair.lag_samples is not None}
        groups: dict[tuple[str, str], list[DevicePair]] = {}
        for pair in pairs:
            if pair.lag_samples is None:
                groups.setdefault((pair.full_device, pair.source), []).append(pair)
        n_known = len(self._found)
        try:
            for group in tqdm(groups.values(), "Lags", unit="recording", delay=2):
                lags |= self._lags_of_group(group)
        finally:
            if len(self._found) > n_known:
                self._save()
        return lags

    def _lags_of_group(self, pairs: list[DevicePair]) -> dict[str, PairLag]:
        last = len(pairs) - 1
        probes = [pairs[place] for place in sorted({round(last * share) for share in PROBES})]
        heard = [lag for lag in map(self._listen, probes) if isinstance(lag, Lag)]
        sure = sorted(lag.samples for lag in heard if lag.is_sure)
        if 2 * len(sure) > len(heard) and sure[-1] - sure[0] <= AGREEMENT_S * pairs[0].sample_rate:
            return {pair.id: PairLag(sure[len(sure) // 2]) for pair in pairs}
        return {pair.id: self._lag_alone(pair) for pair in pairs}

    def _lag_alone(self, pair: DevicePair) -> PairLag:
        lag = self._listen(pair)
        if isinstance(lag, str):
            return PairLag(0, lag)
        if not lag.is_sure:
            return PairLag(
                0,
                f"The lag of {self.root / pair.target} could not be found: it sounds too little like {pair.source} (a "
                f"peak of {lag.sureness:.0f}). Give its lag_samples in the manifest, or leave it out.",
            )
        return PairLag(lag.samples)

    def _listen(self, pair: DevicePair) -> Lag | str:
        """The lag of one pair, or why its files cannot be read."""
        key = f"{pair.id} | {self._stamp(pair)}"
        if key not in self._found:
            try:
                source = self._read(pair, pair.source, pair.source_start, 0.0)
                target = self._read(pair, pair.target, pair.target_start, LONGEST_S)
            except UnusableAudio as error:
                return str(error)
            self._found[key] = find_lag(source, target, pair.sample_rate, LONGEST_S)
        return self._found[key]

    def _read(self, pair: DevicePair, path: str, start: int, margin_s: float) -> np.ndarray:
        """(N,) at the rate of the file, up to so much longer than the pair."""
        rate = pair.sample_rate
        pair_s = LISTENED_S if pair.num_frames is None else min(LISTENED_S, pair.num_frames / rate)
        as_it_is = ClipFormat(sample_rate=rate, n_samples=rate // 100, hop=rate // 100)
        return read_audio(str(self.root / path), as_it_is, start / rate, pair_s + margin_s, pair.channel)

    def _stamp(self, pair: DevicePair) -> str:
        status = [os.stat(self.root / path) for path in (pair.source, pair.target) if (self.root / path).exists()]
        files = " ".join(f"{each.st_size} {each.st_mtime_ns}" for each in status)
        return f"{METHOD} {files} {pair.source_start} {pair.target_start} {pair.num_frames} {pair.channel}"

    def _load(self) -> dict[str, Lag]:
        """What is in the file; nothing if it is damaged or not there."""
        with suppress(OSError, ValueError, TypeError, AttributeError, RecursionError):
            return {key: Lag(*lag) for key, lag in json.loads(self.path.read_text()).items()}
        return {}

    def _save(self) -> None:
        """Merge with what another process may have found meanwhile."""
        self._found = {**self._load(), **self._found}
        keep(self.path, json.dumps(self._found))


def keep(path: Path, text: str) -> None:
    """Write a file of the cache, whole or not at all; raises OSError if it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OSError(
            f"{path} cannot be written ({error.strerror}): name a folder that can with --data.cache."
        ) from error
