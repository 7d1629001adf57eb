"""Shards hold what was found, say whether they are whole, and never mix."""

import hashlib
import json
import math
import shutil
from dataclasses import dataclass

import numpy as np
import pytest

from datamodules import Heard, Sound, Source
from datamodules.preparation.examine import ExaminedClip, Quantised
from datamodules.preparation.parts import Stamped, Unit
from datamodules.preparation.shards import Shards
from sounds.yin import Yin
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=320, hop=160)
NAN = float("nan")


@dataclass(frozen=True)
class Silence(Sound):
    """Never read here."""

    def read(self, clip):
        raise AssertionError

    def stamp(self):
        return "still"

    @property
    def place(self):
        return "nowhere", 0.0


def shards_in(cache, data_set="Set", split="train", tracker=None, clip=CLIP) -> Shards:
    shards = Shards(str(cache), data_set, split, tracker or Yin(), clip)
    shards.open()
    return shards


def found(level: int, untouched: int | None = None) -> ExaminedClip:
    """A clip of which every number tells which one it is."""
    pitch = np.stack([np.full(2, 100 + level), np.full(2, level / 10)]).astype(np.float32)
    pair = None if untouched is None else Quantised(np.full(320, untouched, np.int16), 0.25)
    return ExaminedClip(Quantised(np.full(320, level, np.int16), 0.5), pair, pitch, Heard(100.0 + level, 1.0, 0.5))


def write(shards: Shards, units: list[dict[str, ExaminedClip | str]], shard: int = 0, labels=None) -> None:
    for number, unit in enumerate(units):
        stamped = [Stamped(Source(name, Silence(), labels or {}), "still") for name in unit]
        shards.parts.write(Unit(shard, number, stamped), list(unit.values()))
    shards.join(shard, len(units))


@pytest.fixture
def shards(tmp_path) -> Shards:
    """One shard of three clips, one of which cannot be used."""
    shards = shards_in(tmp_path)
    write(shards, [{"a": found(1), "b": "b is torn."}, {"c": found(3)}])
    return shards


def digests(shards: Shards) -> dict[str, str]:
    files = [path for path in shards.folder.rglob("*") if path.is_file()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_shard_is_plain_arrays_and_lines(shards):
    assert sorted(digests(shards)) == ["00000.audio.npy", "00000.index.jsonl", "00000.pitch.npy", "meta.json"]
    audio, pitch = (np.load(shards.folder / f"00000.{kind}.npy") for kind in ("audio", "pitch"))
    assert audio.dtype == np.int16 and audio.shape == (2, 320) and audio[:, 7].tolist() == [1, 3]
    assert pitch.dtype == np.float32 and pitch.shape == (2, 2, 2)
    assert pitch[:, 0, 0].tolist() == [101, 103] and pitch[:, 1, 1] == pytest.approx([0.1, 0.3])
    _, *lines = map(json.loads, (shards.folder / "00000.index.jsonl").read_text().splitlines())
    assert [(line["name"], line.get("row")) for line in lines] == [("a", 0), ("c", 1), ("b", None)]


def test_every_source_is_known_by_name(shards):
    entries = shards.entries()
    assert set(entries) == {"a", "b", "c"}
    assert entries["c"]._asdict() == {
        "shard": 0,
        "row": 1,
        "stamp": "still",
        "problem": "",
        "heard": Heard(103, 1, 0.5),
        "scales": (0.5, 0.0),
    }
    assert entries["b"].problem == "b is torn." and entries["b"].row == -1


def test_what_was_prepared_again_is_known_by_the_last(shards):
    write(shards, [{"a": found(9), "c": "c is torn now."}], shard=1)
    assert (shards.entries()["a"].shard, shards.entries()["a"].row) == (1, 0)
    assert shards.entries()["c"].problem and not shards.entries()["a"].problem


def test_pairs_are_side_by_side(tmp_path):
    shards = shards_in(tmp_path)
    write(shards, [{"torn": "torn."}, {"a": found(1, untouched=-1)}, {"b": found(2, untouched=-2), "x": "torn."}])
    assert np.load(shards.folder / "00000.untouched.npy")[:, 0].tolist() == [-1, -2]
    assert np.load(shards.folder / "00000.audio.npy")[:, 0].tolist() == [1, 2]
    assert shards.entries()["b"].scales == (0.5, 0.25)


def test_pairs_and_single_sounds_do_not_mix(tmp_path):
    with pytest.raises(ValueError, match="1 are pairs"):
        write(shards_in(tmp_path), [{"a": found(1, untouched=-1), "b": found(2)}])


def test_a_label_that_is_missing_is_null(tmp_path):
    shards = shards_in(tmp_path)
    write(shards, [{"a": found(1)}], labels={"known": 0.5, "unknown": NAN})
    line = (shards.folder / "00000.index.jsonl").read_text().splitlines()[1]
    assert json.loads(line, parse_constant=pytest.fail)["labels"] == {"known": 0.5, "unknown": None}


def test_a_shard_of_nothing_usable_is_whole(tmp_path):
    shards = shards_in(tmp_path)
    write(shards, [{"a": "a is torn."}, {}])
    assert shards.whole() == [0] and set(shards.entries()) == {"a"} and shards.damaged() == []
    assert np.load(shards.folder / "00000.audio.npy").shape == (0, 320)


def test_parts_go_when_their_shard_is_whole(shards):
    assert list(shards.parts.folder.iterdir()) == []
    shards.join(0, 2)  # somebody else was faster
    assert shards.whole() == [0]


@pytest.mark.parametrize("kind", ["audio.npy", "pitch.npy", "index.jsonl"])
@pytest.mark.parametrize("harmed", [lambda content: b"", lambda content: content[:-1], lambda content: content + b"\n"])
def test_a_shard_that_lacks_bytes_is_not_there(shards, kind, harmed):
    path = shards.folder / f"00000.{kind}"
    path.write_bytes(harmed(path.read_bytes()))
    assert shards.whole() == [] and shards.entries() == {} and shards.damaged() == [str(path)]


@pytest.mark.parametrize("kind", ["audio.npy", "pitch.npy", "index.jsonl"])
def test_a_shard_that_lacks_a_file_is_not_there(shards, kind):
    path = shards.folder / f"00000.{kind}"
    path.unlink()
    assert shards.whole() == [] and shards.entries() == {}
    assert shards.damaged() == ([] if kind == "index.jsonl" else [str(path)])


def test_an_index_that_lacks_a_line_is_not_there(shards):
    path = shards.folder / "00000.index.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    assert shards.whole() == [] and shards.damaged() == [str(path)]


@pytest.mark.parametrize("kind", ["audio.npy", "pitch.npy", "index.jsonl"])
def test_verifying_finds_one_changed_bit(shards, kind):
    assert shards.damaged() == []
    path = shards.folder / f"00000.{kind}"
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    assert shards.damaged() == [str(path)]


@pytest.mark.parametrize("line", ["nonsense", "[]", "{}", "7"])
def test_an_index_that_cannot_be_read_is_named(shards, line):
    path = shards.folder / "00000.index.jsonl"
    first, second, rest = path.read_text().split("\n", 2)
    path.write_text("\n".join([first, line.ljust(len(second)), rest]))
    with pytest.raises(ValueError, match=r"00000\.index\.jsonl is damaged: delete it and run timbre prepare"):
        shards.entries()


@pytest.mark.parametrize("first", ["nonsense", "[]", "{}", "7", '{"files": {}}'])
def test_an_index_without_facts_is_none(shards, first):
    path = shards.folder / "00000.index.jsonl"
    path.write_text("\n".join([first, *path.read_text().split("\n")[1:]]))
    assert shards.whole() == [] and shards.damaged() == [str(path)]


def test_joined_again_it_is_the_same_to_the_bit(shards, tmp_path):
    before = digests(shards)
    for path in shards.folder.glob("00000.*"):
        path.unlink()
    write(shards, [{"a": found(1), "b": "b is torn."}, {"c": found(3)}])
    assert digests(shards) == before


def test_other_formats_trackers_data_sets_and_splits_have_other_folders(tmp_path):
    folders = {
        shards_in(tmp_path).folder,
        shards_in(tmp_path, data_set="Other").folder,
        shards_in(tmp_path, split="valid").folder,
        shards_in(tmp_path, tracker=Yin(lowest_hz=60)).folder,
        shards_in(tmp_path, clip=ClipFormat(22050, 320, 160)).folder,
        shards_in(tmp_path, clip=ClipFormat(16000, 640, 160)).folder,
        shards_in(tmp_path, clip=ClipFormat(16000, 320, 80)).folder,
    }
    assert len(folders) == 7
    assert shards_in(tmp_path, clip=ClipFormat(16000, 320, 160, full_scale_db_spl=90)).folder in folders


@pytest.mark.parametrize("key, other", [("hop", 80), ("f0_tracker", "else"), ("data_set", "Other"), ("layout", 0)])
def test_shards_that_something_else_made_are_refused(shards, key, other):
    path = shards.folder / "meta.json"
    meta = json.loads(path.read_text())
    meta["made_by"][key] = other
    path.write_text(json.dumps(meta))
    with pytest.raises(ValueError, match=rf"another kind \({key} .*--data\.cache") as refusal:
        shards.open()
    assert str(shards.folder) in str(refusal.value) and repr(other) in str(refusal.value)


def test_a_shard_that_was_carried_in_from_elsewhere_is_not_ours(shards, tmp_path):
    elsewhere = shards_in(tmp_path, tracker=Yin(lowest_hz=60))
    write(elsewhere, [{"foreign": found(1)}])
    for path in elsewhere.folder.glob("00000.*"):
        shutil.copy(path, shards.folder / path.name.replace("00000", "00001"))
    for path in elsewhere.folder.glob("00000.*"):
        shutil.copy(path, shards.folder)
    assert shards.whole() == []


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"made_by": 7}', '{"made_by": null}'])
def test_a_damaged_meta_is_written_anew(shards, text):
    path = shards.folder / "meta.json"
    before = path.read_text()
    path.write_text(text)
    shards.open()
    assert path.read_text() == before and json.loads(before)["hash"] == shards.hash


def test_opening_what_is_there_writes_nothing(shards):
    folder, meta = shards.folder.stat().st_mtime_ns, (shards.folder / "meta.json").stat().st_ino
    shards.open()
    assert (shards.folder.stat().st_mtime_ns, (shards.folder / "meta.json").stat().st_ino) == (folder, meta)


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"--data\.cache"):
        shards_in(tmp_path / "file" / "cache")


def test_files_that_people_leave_there_do_no_harm(shards):
    for name in ("copy of 00000.index.jsonl", "00000.index.jsonl.bak", "x.index.jsonl", "plan-x.json", "00001.index"):
        (shards.folder / name).write_text("{}")
    assert shards.whole() == [0] and len(shards.entries()) == 3 and shards.damaged() == []


def test_the_next_number_is_free_of_everything_that_was(shards):
    assert shards.numbers() == [0]
    (shards.folder / "plan-00004.json").write_text("torn")
    write(shards, [{}], shard=2)
    stamped = [Stamped(Source("z", Silence()), "still")]
    shards.parts.write(Unit(6, 0, stamped), [found(1)])
    assert shards.numbers() == [0, 2, 4, 6]


def test_all_of_nsynth_is_about_a_hundred_files():
    clip = ClipFormat(16000, 64000, 160)
    per_shard = Shards("cache", "NSynth", "train", Yin(), clip).clips_per_shard
    assert per_shard % 64 == 0 and 0.9e9 < per_shard * clip.n_samples * 2 < 1.1e9
    n_files = sum(3 * math.ceil(n_notes / per_shard) + 3 for n_notes in (289205, 12678, 4096))
    assert 90 < n_files < 150
    assert Shards("cache", "Long", "train", Yin(), ClipFormat(48000, 48000 * 3600, 160)).clips_per_shard == 64


def test_checksums_are_those_of_the_files_in_the_order_asked_for(shards):
    write(shards, [{"z": found(7)}], shard=1)
    listed = shards.checksums([1, 0])
    assert [len(of_shard) for of_shard in listed] == [len(of_shard) for of_shard in shards.checksums([0, 1])[::-1]]
    assert shards.checksums([]) == [] and listed == shards.checksums([0, 1])[::-1]
    for shard, of_shard in zip((1, 0), listed, strict=True):
        written = {path.name: path for path in shards.folder.glob(f"{shard:05d}.*.npy")}
        assert sorted(of_shard) == sorted(written)
        assert all(hashlib.sha256(written[name].read_bytes()).hexdigest() == each for name, each in of_shard.items())


def test_checksums_are_of_what_was_written_not_of_what_was_damaged_since(shards):
    before = shards.checksums([0])
    path = next(shards.folder.glob("00000.*.npy"))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert shards.checksums([0]) == before and shards.damaged()


def test_what_was_read_in_another_way_is_not_used(tmp_path, monkeypatch):
    before = shards_in(tmp_path).folder
    monkeypatch.setattr("datamodules.preparation.shards.READING", "another way")
    assert shards_in(tmp_path).folder != before
