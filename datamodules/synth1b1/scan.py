"""The ids of synth1B1 that a split has and a rule wants, found group by group and remembered."""

import hashlib
import json
import os
from collections.abc import Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from time import monotonic

import numpy as np
from tqdm import tqdm

from datamodules.preparation.preparation import begin_process
from datamodules.synth1b1.bounds import can_be_met, is_surely_met
from datamodules.synth1b1.controls import tones
from datamodules.synth1b1.notes import CleanNote
from datamodules.synth1b1.voice import N_SAMPLES, PACKET, SAMPLE_RATE, torchsynth_version, voice_of_process
from output.replaced import replaced
from synths.clip import ClipFormat

GROUP = 1024
N_GROUPS = 10**9 // GROUP
SAVED_EVERY_S = 10.0


class Scan:
    """Looks for the sounds that a rule wants; what was looked at once is kept in a small file.

    Args:
        folder: where the file is
        pitched: of the variant, not of the corpus
        rule: what is wanted
        clip: the format of the run: what lies beyond its end, or its Nyquist frequency, does not count
    """

    def __init__(self, folder: str, pitched: bool, rule: CleanNote, clip: ClipFormat) -> None:
        self.pitched = pitched
        self.rule = rule
        self.clip = clip
        self.path = Path(folder) / f"scan-{hashlib.sha256(self.stamp().encode()).hexdigest()[:12]}.json"

    def stamp(self) -> str:
        """Changes when other sounds might be found."""
        duration_s = min(self.clip.duration_s, N_SAMPLES / SAMPLE_RATE)
        heard = f"{duration_s:.6f} s below {self.clip.nyquist_hz:g} Hz"
        return f"{'pitched' if self.pitched else 'corpus'}, {self.rule}, {heard}, torchsynth {torchsynth_version()}"

    def ids(self, split: str, n_sounds: int, first_id: int = 0) -> list[int]:
        """The first sounds of a split that are wanted, in order of id, from a first one on.

        Raises:
            OSError: if the file cannot be written
        """
        kept: list[int] = []
        label = f"Synth1B1 {split}: choosing"
        with (
            closing(self._wanted(split_groups(split, first_id // GROUP))) as groups,
            tqdm(desc=label, total=n_sounds, unit="sound", delay=1) as progress,
        ):
            while len(kept) < n_sounds and (found := next(groups, None)) is not None:
                kept += [sound_id for sound_id in found if sound_id >= first_id]
                progress.update(min(len(kept), n_sounds) - progress.n)
        return kept[:n_sounds]

    def _wanted(self, groups: Iterator[int]) -> Generator[list[int], None, None]:
        """The wanted ids of one group after another; unknown groups are looked at by several processes."""
        known, look = self._load(), partial(wanted_in_group, self.pitched, self.rule, self.clip)
        saved_s, n_known, n_at_once = monotonic(), len(known), 1
        n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        # No process is started before there are two groups to look at: a small listing needs none.
        with ProcessPoolExecutor(n_cores, initializer=begin_process) as pool:
            try:
                while batch := list(islice(groups, n_at_once)):
                    unknown = [group for group in batch if group not in known]
                    found = pool.map(look, unknown) if len(unknown) > 1 else map(look, unknown)
                    known |= dict(zip(unknown, found, strict=True))
                    if monotonic() - saved_s > SAVED_EVERY_S:
                        self._save(known)
                        saved_s, n_known = monotonic(), len(known)
                    yield from (known[group] for group in batch)
                    n_at_once = n_cores
            finally:
                if len(known) > n_known:
                    self._save(known)

    def _load(self) -> dict[int, list[int]]:
        """Group -> its wanted ids; nothing if the file is not there or damaged."""
        try:
            held: dict[str, list[int]] = json.loads(self.path.read_text())["groups"]
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return {int(group): [int(group) * GROUP + offset for offset in offsets] for group, offsets in held.items()}

    def _save(self, known: dict[int, list[int]]) -> None:
        """With what other processes found in the meantime."""
        known = self._load() | known
        groups = {group: [sound_id % GROUP for sound_id in ids] for group, ids in sorted(known.items())}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with replaced(self.path) as temporary:
            temporary.write_text(json.dumps({"of": self.stamp(), "groups": groups}) + "\n")


def wanted_in_group(pitched: bool, rule: CleanNote, clip: ClipFormat, group: int) -> list[int]:
    """The ids of one group whose sounds are wanted; control signals are computed where the knobs leave it open."""
    voice = voice_of_process(pitched)
    ids = np.arange(group * GROUP, (group + 1) * GROUP)
    knob = voice.in_units(voice.parameters(ids.tolist()))
    wanted = is_surely_met(rule, knob, clip)
    rows = np.flatnonzero(can_be_met(rule, knob, clip) & ~wanted)
    for first in range(0, len(rows), PACKET):
        packet = rows[first : first + PACKET]
        wanted[packet] = rule.are_met(tones(voice, ids[packet].tolist()), clip)
    found: list[int] = ids[wanted].tolist()
    return found


def split_groups(split: str, first_group: int = 0) -> Iterator[int]:
    """Groups of 1024 ids that belong to a split.

    The authors' rule: of every ten groups the last is test. Every other one of those we validate on.
    """
    for group in range(first_group, N_GROUPS):
        ten, place = divmod(group, 10)
        owner = "train" if place != 9 else "valid" if ten % 2 == 0 else "test"
        if owner == split:
            yield group
