"""Sources to shards: what is missing, in which shard it goes, by several processes and several machines."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from itertools import islice
from multiprocessing import parent_process
from multiprocessing.connection import wait
from threading import Thread
from typing import NamedTuple

import torch
from tqdm import tqdm

from datamodules.examine import examine
from datamodules.pitch import PitchTracker
from datamodules.replaced import create, remove_leftovers
from datamodules.shards import UNIT, Shards
from datamodules.source import Source


class Slice(NamedTuple):
    """One of several equal parts of the work, counted from 1; 1 of 1 is all of it."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> "Slice":
        """Of the form 3/16.

        Raises:
            ValueError: if it is not
        """
        number, _, of = text.partition("/")
        if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
            raise ValueError(f"--slice is {text!r}: it is a number and how many there are, such as 3/16.")
        return cls(int(number), int(of))

    def share(self, units: Sequence["Unit"]) -> Sequence["Unit"]:
        """Neighbouring units: few shards are then unfinished at a time, and archives are read from front to back."""
        first, last = ((n * len(units)) // self.of for n in (self.number - 1, self.number))
        return units[first:last]


class Unit(NamedTuple):
    """Up to 64 sources that go into one shard together."""

    shard: int
    number: int
    sources: list[Source]


class Preparation:
    """Brings the shards of one split up to date with its sources.

    Which clip goes into which shard is planned once and kept in a file, so that every process and every machine, now
    or after an interruption, makes the same shards to the bit.

    Args:
        shards: where the clips go
        tracker: what tracks pitch
        label: what the progress bar says
    """

    def __init__(self, shards: Shards, tracker: PitchTracker, label: str) -> None:
        self.shards = shards
        self.tracker = tracker
        self.label = label

    def run(self, sources: Sequence[Source], part: Slice = Slice()) -> bool:
        """Examine what is not known yet; whether everything is known afterwards.

        Raises:
            OSError: if the shards cannot be written
        """
        for folder in (self.shards.folder, self.shards.parts):
            remove_leftovers(folder)
        wanted = {source.name: source for source in sources if not source.problem}
        units = self._units(wanted)
        if not units:
            return True
        mine = [unit for unit in part.share(units) if not self.shards.part(unit.shard, unit.number).exists()]
        n_clips, left = sum(len(unit.sources) for unit in mine), Counter(unit.shard for unit in mine)
        with tqdm(total=n_clips, desc=self.label, unit="clip", disable=not n_clips) as progress:
            for unit in self._examined(mine):
                progress.update(len(unit.sources))
                left[unit.shard] -= 1
                if not left[unit.shard]:
                    self._join(unit.shard, units)
        for shard in {unit.shard for unit in units}:
            self._join(shard, units)
        return not self._missing(wanted)

    def _units(self, wanted: dict[str, Source]) -> list[Unit]:
        """Every unit of every shard that holds something wanted and unknown, planning shards for what is in no plan."""
        while missing := self._missing(wanted):
            whole = set(self.shards.whole())
            pending = {shard: names for shard, names in self._plans().items() if shard not in whole}
            planned = {name for names in pending.values() for name in names}
            if new := [source for source in missing if source.name not in planned]:
                self._plan(new)
                continue
            unknown = {source.name for source in missing}
            needed = {shard: names for shard, names in pending.items() if unknown & set(names)}
            return [unit for shard, names in needed.items() for unit in _split(shard, names, wanted)]
        return []

    def _missing(self, wanted: dict[str, Source]) -> list[Source]:
        known = self.shards.entries()
        return [source for name, source in wanted.items() if name not in known or known[name].stamp != source.stamp()]

    def _plans(self) -> dict[int, list[str]]:
        """Shard -> names of its clips, of every plan."""
        shards: dict[int, list[str]] = {}
        for path in sorted(self.shards.folder.glob("plan-*.json")):
            first = int(path.stem.split("-")[1])
            shards |= dict(enumerate(json.loads(path.read_text()), first))
        return shards

    def _plan(self, sources: list[Source]) -> None:
        """Deal sources out to new shards; where another process was faster, its plan holds."""
        names = [source.name for source in sorted(sources, key=lambda source: (source.sound.place, source.name))]
        size = self.shards.clips_per_shard
        groups = [names[first : first + size] for first in range(0, len(names), size)]
        first_shard = max(self._plans(), default=-1) + 1
        create(self.shards.folder / f"plan-{first_shard:05d}.json", json.dumps(groups))

    def _examined(self, units: Sequence[Unit]) -> Iterator[Unit]:
        """Each unit, once its part is written."""
        job = partial(_examine_unit, self.shards, self.tracker)
        n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        if min(n_cores, len(units)) <= 1:
            for unit in units:
                job(unit)
                yield unit
            return
        # One clip here: what the tracker compiles at its first call, the processes then inherit.
        examine(units[0].sources[0], self.tracker, self.shards.clip)
        pool = ProcessPoolExecutor(min(n_cores, len(units)), initializer=_begin_process)
        try:
            waiting, rest = {}, iter(units)
            for unit in islice(rest, 2 * n_cores):
                waiting[pool.submit(job, unit)] = unit
            while waiting:
                done = next(as_completed(waiting))
                done.result()
                yield waiting.pop(done)
                for unit in islice(rest, 1):
                    waiting[pool.submit(job, unit)] = unit
        finally:
            pool.shutdown(cancel_futures=True)

    def _join(self, shard: int, units: Sequence[Unit]) -> None:
        """Make a shard whole if every unit of it is there, whoever made it."""
        numbers = [unit.number for unit in units if unit.shard == shard]
        if shard in self.shards.whole() or all(self.shards.part(shard, number).exists() for number in numbers):
            self.shards.join_parts(shard, len(numbers))


def _begin_process() -> None:
    """One thread, because there are as many processes as cores; and an end when the parent is killed."""
    torch.set_num_threads(1)
    parent = parent_process()

    def follow() -> None:
        if parent is not None:
            wait([parent.sentinel])
            os._exit(1)

    Thread(target=follow, daemon=True).start()


def _split(shard: int, names: list[str], sources: dict[str, Source]) -> Iterator[Unit]:
    for number, first in enumerate(range(0, len(names), UNIT)):
        yield Unit(shard, number, [sources[name] for name in names[first : first + UNIT] if name in sources])


def _examine_unit(shards: Shards, tracker: PitchTracker, unit: Unit) -> None:
    shards.write_part(
        unit.shard, unit.number, [(source, examine(source, tracker, shards.clip)) for source in unit.sources]
    )
