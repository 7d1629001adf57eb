"""The same shards to the bit, whoever makes them, in whatever order and however often they are killed."""

import errno
import hashlib
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from multiprocessing import get_context
from pathlib import Path
from threading import RLock

import numpy as np
import pytest
from tqdm import tqdm

from datamodules import Pitch, PitchTracker, Slice, Sound, Source, UnusableAudio
from datamodules.preparation import parts as parts_module
from datamodules.preparation import preparation as module
from datamodules.preparation import shards as shards_module
from datamodules.preparation.parts import WaitingUnits
from datamodules.preparation.preparation import Preparation
from datamodules.preparation.shards import Shards
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=320, hop=160)
LOOKS = [
    *((Shards, name) for name in ("numbers", "entries", "is_whole", "join", "_write_rows", "_write_index")),
    *((WaitingUnits, name) for name in ("shards", "holds", "write", "remove")),
    *((Preparation, name) for name in ("_planned", "_plan")),
]
FORK = get_context("fork")
ALL = Slice()


@dataclass(frozen=True)
class Tone(Sound):
    """Sound that follows from a number; whoever reads it leaves a line in the log."""

    number: int
    log: str = ""
    date: int = 0
    slow_s: float = 0.0
    torn: bool = False

    def read(self, clip):
        if self.log:
            with open(self.log, "a") as log:
                log.write(f"{self.number}\n")
        time.sleep(self.slow_s)
        if self.torn:
            raise UnusableAudio(f"tone {self.number} is torn.")
        steps = np.random.default_rng([self.number, self.date]).integers(-32768, 32768, clip.n_samples)
        return (steps / 32768).astype(np.float32)

    def stamp(self):
        return f"{self.date}"

    @property
    def place(self):
        return "memory", float(-self.number)


class Level(PitchTracker):
    """Hears a hundred times the first sample, above 100 Hz."""

    identity = "level"

    def track(self, audio, clip):
        return Pitch(np.full(clip.n_frames, 200 + 100 * audio[0]), np.ones(clip.n_frames))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Units of 4 clips, shards of 8, and one process, so that little shows much."""
    monkeypatch.setattr(module, "UNIT", 4)
    monkeypatch.setattr(shards_module, "UNIT", 4)
    monkeypatch.setattr(shards_module, "SHARD_BYTES", 8 * 2 * CLIP.n_samples)
    n_cores(monkeypatch, 1)


def n_cores(monkeypatch, number: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(number)), raising=False)


def tones(n_clips: int = 27, **facts) -> list[Source]:
    """One in ten cannot be used."""
    return [Source(f"tone{n}", Tone(n, torn=n % 10 == 3, **facts), {"number": float(n)}) for n in range(n_clips)]


def shards_in(cache) -> Shards:
    return Shards(str(cache), "Tones", "train", Level(), CLIP)


def prepare(cache, sources: list[Source], work: Slice = ALL) -> bool:
    shards = shards_in(cache)
    shards.open()
    return Preparation(shards, Level(), "tones").run(sources, work)


def digests(cache) -> dict[str, str]:
    """What must be the same: every file that is there, of any kind, but for the dates of what was read through."""
    files = [path for path in Path(cache).rglob("*") if path.is_file() and not path.match("*-*.verified.json")]
    return {str(path.relative_to(cache)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def whole(tmp_path, small) -> dict[str, str]:
    """What an uninterrupted preparation makes of 27 tones."""
    assert prepare(tmp_path / "whole", tones())
    return digests(tmp_path / "whole")


def reads(log) -> Counter[int]:
    return Counter(map(int, log.read_text().split())) if log.exists() else Counter()


def started(job: Callable[[], object]) -> "FORK.Process":
    def run() -> None:
        os.setpgid(0, 0)
        tqdm.set_lock(RLock())  # killed, it would keep the one that it shares with this process
        job()

    process = FORK.Process(target=run)
    process.start()
    return process


def kill(process: "FORK.Process") -> None:
    """SIGKILL; the processes that work for it must end too."""
    process.kill()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    deadline = time.monotonic() + 10
    while helpers(process):
        assert time.monotonic() < deadline, "it left processes behind"
        time.sleep(0.002)


def helpers(process: "FORK.Process") -> list[str]:
    """The other processes of its group that run, as Linux lists them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, group = path.read_text().rpartition(")")[2].split()[:3]
            if int(group) == process.pid and state != "Z" and path.parent.name != str(process.pid):
                found.append(path.parent.name)
    return found


def test_a_preparation_makes_whole_shards_and_nothing_else(whole):
    kinds = Counter(Path(name).name.split(".", 1)[-1] for name in whole)
    assert kinds == {"audio.npy": 4, "pitch.npy": 4, "index.jsonl": 4, "json": 2}


def test_every_clip_is_where_its_entry_says(tmp_path):
    sources = tones()
    assert prepare(tmp_path, sources)
    shards = shards_in(tmp_path)
    entries = shards.entries()
    assert set(entries) == {source.name for source in sources}
    for source in sources:
        entry = entries[source.name]
        if source.sound.torn:
            assert entry.problem == f"tone {source.sound.number} is torn."
            continue
        audio, pitch = (
            np.load(shards.folder / f"{entry.shard:05d}.{kind}.npy")[entry.row] for kind in ("audio", "pitch")
        )
        expected = source.sound.read(CLIP)
        assert np.array_equal(audio * np.float32(entry.scales[0]), expected)
        assert pitch[0, 0] == np.float32(200 + 100 * expected[0])


def test_clips_are_read_in_the_order_of_their_places(tmp_path):
    log = tmp_path / "log"
    prepare(tmp_path / "cache", tones(log=str(log)))
    assert list(map(int, log.read_text().split())) == list(reversed(range(27)))


def test_the_order_of_the_listing_changes_nothing(tmp_path, whole):
    prepare(tmp_path / "cache", tones()[::-1])
    assert digests(tmp_path / "cache") == whole


def test_several_processes_make_the_same_shards(tmp_path, whole, monkeypatch):
    n_cores(monkeypatch, 3)
    assert prepare(tmp_path / "cache", tones())
    assert digests(tmp_path / "cache") == whole


def test_what_is_there_is_not_touched(tmp_path, whole):
    log, folder = tmp_path / "log", shards_in(tmp_path / "whole").folder
    before = {path: path.stat().st_mtime_ns for path in (folder, *folder.iterdir())}
    assert prepare(tmp_path / "whole", tones(log=str(log)))
    assert {path: path.stat().st_mtime_ns for path in (folder, *folder.iterdir())} == before
    assert not log.exists()


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_slices_in_any_order_make_the_same_shards(tmp_path, whole, order):
    log = tmp_path / "log"
    done = [prepare(tmp_path / "cache", tones(log=str(log)), Slice(number, 3)) for number in order]
    assert done == [False, False, True]
    assert digests(tmp_path / "cache") == whole
    assert reads(log) == Counter(range(27)), "each clip once"


@pytest.mark.parametrize("of", [1, 2, 5, 7, 16])
def test_any_number_of_slices_will_do(tmp_path, whole, of):
    for number in range(of, 0, -1):
        prepare(tmp_path / "cache", tones(), Slice(number, of))
    assert digests(tmp_path / "cache") == whole


def test_a_slice_that_is_done_does_nothing(tmp_path):
    log = tmp_path / "log"
    prepare(tmp_path / "cache", tones(log=str(log)), Slice(2, 3))
    before, done = digests(tmp_path / "cache"), reads(log)
    assert 8 <= done.total() <= 12
    prepare(tmp_path / "cache", tones(log=str(log)), Slice(2, 3))
    assert digests(tmp_path / "cache") == before and reads(log) == done


def test_slices_of_what_is_new_are_equal_too(tmp_path):
    prepare(tmp_path / "cache", tones(27))
    log = tmp_path / "log"
    counts = []
    for number in (1, 2, 3):
        prepare(tmp_path / "cache", tones(63, log=str(log)), Slice(number, 3))
        counts.append(reads(log).total())
    assert counts == [12, 24, 36]


def test_slices_at_the_same_time_make_the_same_shards(tmp_path, whole):
    def job(number: int) -> Callable[[], object]:
        return lambda: (barrier.wait(), prepare(tmp_path / "cache", tones(slow_s=0.002), Slice(number, 3)))

    barrier = FORK.Barrier(3)
    for process in [started(job(number)) for number in (1, 2, 3)]:
        process.join()
        assert process.exitcode == 0
    assert digests(tmp_path / "cache") == whole


def test_whole_preparations_at_the_same_time_make_the_same_shards(tmp_path, whole, monkeypatch):
    n_cores(monkeypatch, 2)
    barrier = FORK.Barrier(3)

    def job() -> None:
        barrier.wait()
        assert prepare(tmp_path / "cache", tones(slow_s=0.002))

    for process in [started(job) for _ in range(3)]:
        process.join()
        assert process.exitcode == 0
    assert digests(tmp_path / "cache") == whole


def test_whatever_another_does_in_between_the_shards_are_the_same(tmp_path):
    """Another process prepares everything before the first look at the disk, before the second, ... up to the last."""

    def interrupted(look, cache):
        def look_or_wait(*arguments):
            nonlocal step
            step -= 1
            if step == 0:
                prepare(cache, tones(11))
            return look(*arguments)

        return look_or_wait

    prepare(tmp_path / "whole", tones(11))
    for first_step in range(1, 1000):
        step, cache = first_step, tmp_path / f"cache{first_step}"
        with pytest.MonkeyPatch.context() as patch:
            for owner, name in LOOKS:
                patch.setattr(owner, name, interrupted(getattr(owner, name), cache))
            assert prepare(cache, tones(11))
        assert digests(cache) == digests(tmp_path / "whole"), first_step
        if step > 0:
            break
    assert 20 < first_step < 500


def test_what_another_finished_just_now_is_not_done_again(tmp_path):
    log, needed = tmp_path / "log", Preparation._needed

    def needed_until_now(self, wanted):
        found = needed(self, wanted)
        patch.undo()
        prepare(tmp_path / "cache", tones())
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Preparation, "_needed", needed_until_now)
        assert prepare(tmp_path / "cache", tones(log=str(log)))
    assert not log.exists()


def test_killed_at_any_change_of_the_disk_it_goes_on(tmp_path):
    """SIGKILL before the first renaming, linking or removal of a file, before the second, ... up to the last."""

    def job(cache, step: int) -> Callable[[], object]:
        def counted(change):
            def change_or_die(*paths, **options):
                nonlocal step
                step -= 1
                if not step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return change(*paths, **options)

            return change_or_die

        def run() -> None:
            for name in ("replace", "link", "unlink"):
                setattr(os, name, counted(getattr(os, name)))
            prepare(cache, tones(11))

        return run

    prepare(tmp_path / "whole", tones(11))
    for step in range(1, 1000):
        cache = tmp_path / f"cache{step}"
        process = started(job(cache, step))
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL)
        assert prepare(cache, tones(11)) and digests(cache) == digests(tmp_path / "whole"), step
        if process.exitcode == 0:
            break
    assert 15 < step < 500, "it was killed many times, and once not"


def test_units_that_were_done_are_not_done_again(tmp_path, monkeypatch):
    log, parts = tmp_path / "log", shards_in(tmp_path / "cache").parts

    def wait_for_five_units() -> None:
        while len(list(parts.folder.glob("*.npz"))) + 2 * len(shards_in(tmp_path / "cache").whole()) < 5:
            time.sleep(0.005)

    process = started(lambda: prepare(tmp_path / "cache", tones(log=str(log), slow_s=0.02)))
    wait_for_five_units()
    kill(process)
    assert prepare(tmp_path / "cache", tones(log=str(log)))
    again = [number for number, count in reads(log).items() if count > 1]
    assert len(again) <= 4 and reads(log).total() - len(again) == 27
    assert set(reads(log)) == set(range(27))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes as Linux lists them")
@pytest.mark.parametrize("n_reads", [1, 6, 14, 24])
def test_killed_with_its_processes_at_work_it_leaves_none_behind_and_goes_on(tmp_path, whole, monkeypatch, n_reads):
    n_cores(monkeypatch, 3)
    log = tmp_path / "log"
    process = started(lambda: prepare(tmp_path / "cache", tones(log=str(log), slow_s=0.02)))
    while reads(log).total() < n_reads or not helpers(process):
        time.sleep(0.002)
    kill(process)
    assert prepare(tmp_path / "cache", tones(log=str(log)))
    assert digests(tmp_path / "cache") == whole


@pytest.mark.usefixtures("in_a_terminal")
def test_interrupted_by_hand_it_ends_at_once_and_goes_on(tmp_path, whole, monkeypatch):
    """Control-C reaches every process of a group."""
    n_cores(monkeypatch, 2)
    log = tmp_path / "log"
    process = started(lambda: prepare(tmp_path / "cache", tones(log=str(log), slow_s=0.2)))
    while reads(log).total() < 3:
        time.sleep(0.002)
    n_reads = reads(log).total()
    os.killpg(process.pid, signal.SIGINT)
    process.join()
    assert process.exitcode == 1 and reads(log).total() <= n_reads + 2
    assert prepare(tmp_path / "cache", tones()) and digests(tmp_path / "cache") == whole


def test_one_of_its_processes_killed_is_one_sentence(tmp_path, monkeypatch, whole):
    n_cores(monkeypatch, 2)
    parent, examine = os.getpid(), module.examine

    def out_of_memory(*arguments):
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return examine(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(module, "examine", out_of_memory)
        with pytest.raises(OSError, match="memory"):
            prepare(tmp_path / "cache", tones())
    assert prepare(tmp_path / "cache", tones()) and digests(tmp_path / "cache") == whole


@pytest.mark.parametrize("n_written", [0, 3, 6])
@pytest.mark.parametrize("cores", [1, 2])
def test_a_disk_that_runs_full_stops_it_and_it_goes_on(tmp_path, whole, monkeypatch, n_written, cores):
    n_cores(monkeypatch, cores)
    savez, room = np.savez, FORK.Value("i", n_written)

    def savez_while_there_is_room(file, **content):
        with room.get_lock():
            room.value -= 1
        if room.value < 0:
            file.write(b"PK half")
            raise OSError(errno.ENOSPC, "No space left on device")
        savez(file, **content)

    with monkeypatch.context() as patch:
        patch.setattr(parts_module.np, "savez", savez_while_there_is_room)
        with pytest.raises(OSError, match="No space left"):
            prepare(tmp_path / "cache", tones())
    assert not [name for name in digests(tmp_path / "cache") if name.endswith(".tmp")]
    assert prepare(tmp_path / "cache", tones()) and digests(tmp_path / "cache") == whole


@pytest.mark.parametrize("kind", ["audio.npy", "pitch.npy", "index.jsonl"])
@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])])
def test_a_damaged_shard_is_made_again_alone(tmp_path, whole, kind, harm):
    log = tmp_path / "log"
    harm(shards_in(tmp_path / "whole").folder / f"00001.{kind}")
    assert prepare(tmp_path / "whole", tones(log=str(log)))
    assert digests(tmp_path / "whole") == whole
    assert reads(log).total() == 8


@pytest.mark.parametrize("harmed", [b"", b"PK", b"nonsense"])
def test_a_damaged_unit_is_made_again(tmp_path, whole, harmed):
    prepare(tmp_path / "cache", tones(), Slice(1, 2))
    parts = sorted(shards_in(tmp_path / "cache").parts.folder.iterdir())
    parts[-1].write_bytes(harmed)
    assert prepare(tmp_path / "cache", tones()) and digests(tmp_path / "cache") == whole


def test_without_its_meta_it_goes_on(tmp_path, whole):
    (shards_in(tmp_path / "whole").folder / "meta.json").unlink()
    assert prepare(tmp_path / "whole", tones()) and digests(tmp_path / "whole") == whole


@pytest.mark.parametrize(
    "harm", [Path.unlink, lambda plan: plan.write_bytes(plan.read_bytes()[:-9]), lambda plan: plan.write_bytes(b"")]
)
def test_without_its_plan_it_makes_another(tmp_path, harm):
    log = tmp_path / "log"
    prepare(tmp_path / "cache", tones(), Slice(2, 2))
    folder = shards_in(tmp_path / "cache").folder
    n_known = len(shards_in(tmp_path / "cache").entries())
    harm(folder / "plan-00000.json")
    assert prepare(tmp_path / "cache", tones(log=str(log)))
    assert reads(log).total() == 27 - n_known, "whole shards are kept"
    assert list(shards_in(tmp_path / "cache").parts.folder.iterdir()) == []
    assert not log.unlink() and prepare(tmp_path / "cache", tones(log=str(log))) and not log.exists()


def test_what_is_new_or_changed_is_prepared_alone(tmp_path):
    log = tmp_path / "log"
    prepare(tmp_path / "cache", tones())
    changed = tones(30, log=str(log))
    changed[5] = Source("tone5", Tone(5, str(log), date=1))
    assert prepare(tmp_path / "cache", changed)
    assert reads(log) == Counter([5, 27, 28, 29])
    entry = shards_in(tmp_path / "cache").entries()["tone5"]
    audio = np.load(shards_in(tmp_path / "cache").folder / f"{entry.shard:05d}.audio.npy")[entry.row]
    assert np.array_equal(audio / np.float32(32768), Tone(5, date=1).read(CLIP))


def test_what_is_gone_is_no_matter(tmp_path):
    prepare(tmp_path / "cache", tones())
    before = digests(tmp_path / "cache")
    assert prepare(tmp_path / "cache", tones()[:3]) and prepare(tmp_path / "cache", [])
    assert digests(tmp_path / "cache") == before


@pytest.mark.parametrize("cores", [1, 2])
def test_what_changes_or_goes_while_it_is_interrupted_is_as_it_is_then(tmp_path, monkeypatch, cores):
    n_cores(monkeypatch, cores)
    prepare(tmp_path / "cache", tones(32), Slice(3, 4))
    prepare(tmp_path / "cache", tones(32), Slice(1, 8))
    later = [Source("tone31", Tone(31, date=1)), *tones(30)[:-1], Source("new", Tone(99))][:-3]
    assert prepare(tmp_path / "cache", later)
    shards = shards_in(tmp_path / "cache")
    entries = shards.entries()
    assert all(entries[source.name].stamp == source.stamp() for source in later)
    audio = np.load(shards.folder / f"{entries['tone31'].shard:05d}.audio.npy")[entries["tone31"].row]
    assert np.array_equal(audio / np.float32(32768), Tone(31, date=1).read(CLIP))


@pytest.mark.parametrize("cores", [1, 2])
def test_a_whole_unit_that_went_is_empty(tmp_path, monkeypatch, cores):
    n_cores(monkeypatch, cores)
    prepare(tmp_path / "cache", tones(16), Slice(1, 16))
    assert prepare(tmp_path / "cache", tones(4))
    assert set(shards_in(tmp_path / "cache").entries()) >= {f"tone{n}" for n in range(4)}


def test_a_sound_that_changes_while_it_is_read_is_prepared_again(tmp_path):
    @dataclass(frozen=True)
    class Growing(Tone):
        def stamp(self):
            return str(len(reads(tmp_path / "log")))

    assert prepare(tmp_path / "cache", [Source("growing", Growing(0, str(tmp_path / "log")))])
    assert shards_in(tmp_path / "cache").entries()["growing"].stamp == "0"


def test_preparations_of_different_filters_at_the_same_time_lack_nothing(tmp_path):
    chosen = [tones(48), tones(48)[::2], tones(48)[20:]]
    barrier = FORK.Barrier(3)

    def job(sources: list[Source]) -> Callable[[], object]:
        def run() -> None:
            barrier.wait()
            assert prepare(tmp_path / "cache", sources)

        return run

    for process in [started(job(sources)) for sources in chosen]:
        process.join()
        assert process.exitcode == 0
    assert len(shards_in(tmp_path / "cache").entries()) == 48
    assert not [name for name in digests(tmp_path / "cache") if "tmp" in name or "parts" in name]


def test_sources_with_a_problem_are_left_alone(tmp_path):
    torn = [Source("known", Tone(0, str(tmp_path / "log")), problem="no labels")]
    assert prepare(tmp_path / "cache", torn)
    assert not (tmp_path / "log").exists() and shards_in(tmp_path / "cache").entries() == {}


def test_nothing_usable_is_prepared_once(tmp_path):
    log = tmp_path / "log"
    torn = [Source(f"torn{n}", Tone(n, str(log), torn=True)) for n in range(9)]
    assert prepare(tmp_path / "cache", torn) and prepare(tmp_path / "cache", torn)
    assert reads(log) == Counter(range(9))
    assert all(entry.problem for entry in shards_in(tmp_path / "cache").entries().values())


@pytest.mark.parametrize(
    "name", ["a/b/c.wav#3", "schön ♪ 音", "x" * 5000, "\udcff\udcfe.wav", 'quo"te\n\\', " ", "../../up"]
)
def test_any_name_will_do(tmp_path, name):
    assert prepare(tmp_path / "cache", [Source(name, Tone(1)), Source("other", Tone(2))])
    assert set(shards_in(tmp_path / "cache").entries()) == {name, "other"}
    assert prepare(tmp_path / "cache", [Source(name, Tone(1))])
    assert {path.name for path in tmp_path.iterdir()} == {"cache"}


def test_the_old_plan_holds_when_shards_become_larger(tmp_path, whole, monkeypatch):
    prepare(tmp_path / "cache", tones(), Slice(1, 4))
    monkeypatch.setattr(shards_module, "SHARD_BYTES", 2**30)
    assert prepare(tmp_path / "cache", tones()) and digests(tmp_path / "cache") == whole


@pytest.mark.parametrize(
    "text", ["3", "3/", "/3", "0/3", "4/3", "-1/3", "1/0", "1.5/3", "a/b", "1/2/3", " 1/3", "", "1 /3"]
)
def test_a_slice_is_a_number_of_how_many(text):
    with pytest.raises(ValueError, match=r"--slice is .* such as 3/16"):
        Slice.parse(text)


def test_slices_share_out_everything_once():
    assert Slice.parse("3/16") == Slice(3, 16)
    for n_units in range(12):
        for of in (1, 2, 3, 7):
            shares = [list(Slice(number, of).share(list(range(n_units)))) for number in range(1, of + 1)]
            assert [unit for share in shares for unit in share] == list(range(n_units))
            assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_killed_at_random_while_several_work_it_makes_the_same_shards(tmp_path, whole, monkeypatch, seed):
    n_cores(monkeypatch, 2)
    rng = np.random.default_rng(seed)
    for _ in range(6):
        parts = [(ALL, Slice(1, 2), Slice(2, 2))[number] for number in rng.permutation(3)[: rng.integers(1, 4)]]
        jobs = [started(partial(prepare, tmp_path / "cache", tones(slow_s=0.01), part)) for part in parts]
        for process in jobs:
            time.sleep(rng.uniform(0, 0.15))
            kill(process)
    assert prepare(tmp_path / "cache", tones()) and digests(tmp_path / "cache") == whole
