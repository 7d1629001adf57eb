"""Sources to shards: what is missing, in which shard it goes, by several processes and several machines."""

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from itertools import islice
from multiprocessing import parent_process
from multiprocessing.connection import wait
from threading import Thread
from typing import NamedTuple

import torch
from tqdm import tqdm

from datamodules.preparation.examine import examine
from datamodules.preparation.parts import UNIT, Stamped, Unit
from datamodules.preparation.shards import Shards
from datamodules.source import Source
from output.replaced import create, remove_leftovers
from sounds.pitch import PitchTracker


class Slice(NamedTuple):
    """One of several equal parts of the work, counted from 1; 1 of 1 is all of it."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> "Slice":
        """A slice from text such as 3/16.

        Raises:
            ValueError: if it is not
        """
        number, _, of = text.partition("/")
        if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
            raise ValueError(f"--slice is {text!r}: it is a number and how many there are, such as 3/16.")
        return cls(int(number), int(of))

    def share(self, units: Sequence[Unit]) -> Sequence[Unit]:
        """Neighbouring units: few shards are then unfinished at a time, and archives are read from front to back."""
        first, last = ((n * len(units)) // self.of for n in (self.number - 1, self.number))
        return units[first:last]


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

    def run(self, sources: Sequence[Source], work: Slice = Slice()) -> bool:
        """Examine what is not known yet; whether everything is known afterwards.

        Raises:
            OSError: if the shards cannot be written
        """
        self._remove_leftovers()
        wanted = {source.name: Stamped(source, source.stamp()) for source in sources if not source.problem}
        needed = self._needed(wanted)
        plans = [list(_units(first, shards, wanted)) for first, shards in self._plans().items()]
        # A part of each whole plan, whatever is done of it: so the slices agree at any time.
        mine = [unit for plan in plans for unit in work.share(plan) if unit.shard in needed]
        mine = [unit for unit in mine if not self._is_done(unit)]
        self._complete([unit for plan in plans for unit in plan if unit.shard in needed], mine)
        return not self._missing(wanted)

    def _remove_leftovers(self) -> None:
        for folder in (self.shards.folder, self.shards.parts.folder):
            remove_leftovers(folder)
        remove_leftovers(self.shards.folder.parent, self.shards.verified.path.name)
        # Looked for before the plans: a shard is planned before anything waits for it.
        waiting, planned = self.shards.parts.shards(), self._planned()
        for shard in waiting:
            if shard not in planned or self.shards.is_whole(shard):
                self.shards.parts.remove(shard)

    def _complete(self, units: Sequence[Unit], mine: Sequence[Unit]) -> None:
        """Examine units, and make shards whole of which every unit is there then."""
        n_clips, left = sum(len(unit.sources) for unit in mine), Counter(unit.shard for unit in mine)
        with tqdm(total=n_clips, desc=self.label, unit="clip", disable=not n_clips) as progress:
            for unit in self._examined(mine):
                progress.update(len(unit.sources))
                left[unit.shard] -= 1
                if not left[unit.shard]:
                    self._join(unit.shard, units)
        for shard in {unit.shard for unit in units}:
            self._join(shard, units)

    def _needed(self, wanted: dict[str, Stamped]) -> set[int]:
        """Shards that are not whole and hold something wanted and unknown; what is in no plan is planned.

        A shard that holds something unwanted too is left to those who want all of it: what a row holds never changes.
        """
        while True:
            # Looked at in this order, what others plan and finish meanwhile is neither missed nor planned twice.
            numbers, planned = self.shards.numbers(), self._planned()
            pending = {
                shard: names
                for shard, names in planned.items()
                if names <= wanted.keys() and not self.shards.is_whole(shard)
            }
            missing = self._missing(wanted)
            new = missing.keys() - set().union(*pending.values())
            if not new:
                return {shard for shard, names in pending.items() if names & missing.keys()}
            self._plan(max([*numbers, *planned], default=-1) + 1, [missing[name].source for name in new])

    def _missing(self, wanted: dict[str, Stamped]) -> dict[str, Stamped]:
        known = self.shards.entries()
        return {name: each for name, each in wanted.items() if name not in known or known[name].stamp != each.stamp}

    def _plans(self) -> dict[int, list[list[str]]]:
        """Number of the first shard -> names of the clips of each; a plan that is damaged is none."""
        plans = {}
        for path in sorted(self.shards.folder.glob("plan-[0-9][0-9][0-9][0-9][0-9].json")):
            with suppress(ValueError):
                plans[int(path.stem.removeprefix("plan-"))] = json.loads(path.read_text(encoding="utf-8"))
        return plans

    def _planned(self) -> dict[int, set[str]]:
        """Shard -> names of its clips, of every plan."""
        plans = self._plans().items()
        return {shard: set(names) for first, plan in plans for shard, names in enumerate(plan, first)}

    def _plan(self, first: int, sources: Sequence[Source]) -> None:
        """Deal sources out to shards from a number on; where another process was faster, its plan holds."""
        names = [source.name for source in sorted(sources, key=lambda source: (source.sound.place, source.name))]
        size = self.shards.clips_per_shard
        groups = [names[start : start + size] for start in range(0, len(names), size)]
        create(self.shards.folder / f"plan-{first:05d}.json", json.dumps(groups))

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
        examine(units[0].sources[0].source, self.tracker, self.shards.clip)
        pool = ProcessPoolExecutor(min(n_cores, len(units)), initializer=begin_process)
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
        except BrokenProcessPool as error:
            raise ChildProcessError(
                "A process was killed while it prepared clips, most likely for lack of memory: give the job more and "
                "run timbre prepare again, which goes on where it was."
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)

    def _is_done(self, unit: Unit) -> bool:
        # In this order: another process may make the shard whole in between.
        return self.shards.parts.holds(unit) or self.shards.is_whole(unit.shard)

    def _join(self, shard: int, units: Sequence[Unit]) -> None:
        """Make a shard whole if every unit of it is there, whoever made it."""
        of_shard = [unit for unit in units if unit.shard == shard]
        if self.shards.is_whole(shard) or all(map(self.shards.parts.holds, of_shard)):
            self.shards.join(shard, len(of_shard))


def begin_process() -> None:
    """One thread, because there are as many processes as cores; and an end when the parent is killed or interrupted."""
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = parent_process()

    def follow() -> None:
        if parent is not None:
            wait([parent.sentinel])
            os._exit(1)

    Thread(target=follow, daemon=True).start()


def _units(first: int, plan: list[list[str]], wanted: dict[str, Stamped]) -> Iterator[Unit]:
    for shard, names in enumerate(plan, first):
        for number, start in enumerate(range(0, len(names), UNIT)):
            yield Unit(shard, number, [wanted[name] for name in names[start : start + UNIT] if name in wanted])


def _examine_unit(shards: Shards, tracker: PitchTracker, unit: Unit) -> None:
    shards.parts.write(unit, [examine(stamped.source, tracker, shards.clip) for stamped in unit.sources])
