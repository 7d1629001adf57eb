"""Members of a tar are read where they lie, and a cut or damaged one gives what it can and says so."""

import gzip
import io
import multiprocessing
import os
import pickle
import tarfile

import numpy as np
import pytest
import soundfile

from datamodules import FileSound, UnusableAudio
from datamodules.nsynth import archive
from datamodules.nsynth.archive import Index, MemberSound, index_of, read_bytes
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=8000, hop=160)
KEPT = b'{"a": 1}' * 20000
NAMES = [f"notes/audio/{letter}.wav" for letter in "abcdefgh"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """notes/audio/a.wav to h.wav, of noise and so hardly compressible, and notes/examples.json."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "notes" / "audio").mkdir(parents=True)
    for seed, name in enumerate(NAMES):
        soundfile.write(folder / name, 0.1 * np.random.default_rng(seed).standard_normal(8000), 16000)
    (folder / "notes" / "examples.json").write_bytes(KEPT)
    return folder


def pack(folder, path, kept_after=3) -> str:
    """A tar of the folder, compressed if the path ends in .gz, with examples.json after some of the files."""
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as tar:
        tar.add(folder / "notes", "notes", recursive=False)
        for name in (*NAMES[:kept_after], "notes/examples.json", *NAMES[kept_after:]):
            tar.add(folder / name, name)
    return str(path)


@pytest.fixture(params=["notes.tar", "notes.tar.gz"])
def packed(request, folder, tmp_path):
    return pack(folder, tmp_path / request.param)


def index(path) -> Index:
    return index_of(path, os.path.join(os.path.dirname(path), "cache"), keep="examples.json")


def content(path, found: Index, name: str) -> bytes:
    return read_bytes(path, found.stamp, *found.places[found.names.index(name)].tolist())


def test_every_member_is_what_was_packed_in_any_order(folder, packed):
    found = index(packed)
    assert sorted(found.names) == sorted([*NAMES, "notes/examples.json"]) and found.flaw == "" and found.kept == KEPT
    for name in [*NAMES, *reversed(NAMES), NAMES[5], NAMES[2]]:
        assert content(packed, found, name) == (folder / name).read_bytes()


def test_a_member_sounds_like_its_file_also_after_a_journey(folder, packed):
    found = index(packed)
    sound = MemberSound(packed, found.stamp, NAMES[4], *found.places[found.names.index(NAMES[4])].tolist(), 16000)
    assert np.array_equal(pickle.loads(pickle.dumps(sound)).read(CLIP), FileSound(str(folder / NAMES[4])).read(CLIP))


def test_an_archive_is_scanned_once_until_it_changes(folder, packed, monkeypatch):
    first = index(packed)
    with monkeypatch.context() as patch:
        patch.setattr(archive, "_scan", lambda *_: pytest.fail("scanned again"))
        again = index(packed)
    assert again._replace(places=None) == first._replace(places=None) and np.array_equal(again.places, first.places)
    pack(folder, type(folder)(packed), kept_after=6)
    os.utime(packed, ns=(0, 0))
    changed = index(packed)
    assert changed.names != first.names and content(packed, changed, NAMES[5]) == (folder / NAMES[5]).read_bytes()
    assert os.listdir(os.path.join(os.path.dirname(packed), "cache")) == [f"{os.path.basename(packed)}.index.npz"]


def test_a_damaged_index_is_made_again(packed, tmp_path):
    index(packed)
    kept_at = tmp_path / "cache" / f"{os.path.basename(packed)}.index.npz"
    for damaged in (b"", b"PK", kept_at.read_bytes()[:-60], bytes(500)):
        kept_at.write_bytes(damaged)
        assert len(index(packed).names) == 9


def test_a_cache_that_cannot_be_written_is_named(packed, tmp_path):
    (tmp_path / "cache").write_text("a file, not a folder")
    with pytest.raises(OSError, match=r"index of .*notes\.tar.*--data\.cache"):
        index(packed)


def cut(path, n_bytes):
    with open(path, "r+b") as file:
        file.truncate(n_bytes)


def test_of_a_cut_tar_every_member_before_the_cut_is_found(folder, tmp_path):
    path = pack(folder, tmp_path / "notes.tar", kept_after=0)
    whole, names = (tmp_path / "notes.tar").read_bytes(), index(path).names
    for row, (offset, size) in enumerate(index(path).places.tolist()[1:], 1):
        for end, n_found in (
            (offset + size, row + 1),
            (offset + size - 1, row),
            (offset - 512, row),
            (offset - 9, row),
        ):
            (tmp_path / "notes.tar").write_bytes(whole[:end])
            found = index(path)
            assert found.names == names[:n_found] and path in found.flaw and f"after {n_found} files" in found.flaw


def test_a_tar_cut_where_a_file_ends_is_not_taken_for_whole(folder, tmp_path):
    path = pack(folder, tmp_path / "notes.tar")
    offset, size = index(path).places[-1].tolist()
    cut(path, offset + -(-size // 512) * 512)
    found = index(path)
    assert len(found.names) == 9 and "no end mark" in found.flaw


def test_of_a_cut_compressed_tar_what_comes_before_is_read(folder, tmp_path):
    path = pack(folder, tmp_path / "notes.tar.gz", kept_after=0)
    cut(path, os.path.getsize(path) // 2)
    found = index(path)
    assert 2 <= len(found.names) <= 6 and "cut off or damaged" in found.flaw and found.kept == KEPT
    for name in reversed(found.names):
        assert content(path, found, name) == (folder / name).read_bytes()


def test_what_is_kept_lies_beyond_the_cut(folder, tmp_path):
    path = pack(folder, tmp_path / "notes.tar.gz", kept_after=8)
    cut(path, os.path.getsize(path) // 2)
    assert index(path).kept is None
    assert index(path).kept is None  # from the cache


def flip(path, position):
    with open(path, "r+b") as file:
        file.seek(position, os.SEEK_END if position < 0 else os.SEEK_SET)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 0xFF]))


def test_a_wrong_checksum_at_the_end_of_a_compressed_tar_is_a_flaw(folder, tmp_path):
    path = pack(folder, tmp_path / "notes.tar.gz")
    flip(path, -6)
    found = index(path)
    assert len(found.names) == 9 and "CRC" in found.flaw


def test_a_broken_header_within_a_tar_is_a_flaw(folder, tmp_path):
    path = pack(folder, tmp_path / "notes.tar")
    offset, _ = index(path).places[4].tolist()
    flip(path, offset - 500)
    os.utime(path, ns=(0, 0))
    found = index(path)
    assert len(found.names) == 4 and "damaged after 4 files" in found.flaw


def test_of_a_compressed_tar_that_is_damaged_in_the_middle_what_comes_before_is_read(folder, tmp_path):
    path = pack(folder, tmp_path / "notes.tar.gz")
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        file.write(b"\xff" * 2000)
    found = index(path)
    assert 2 <= len(found.names) <= 6 and "damaged after" in found.flaw
    assert content(path, found, NAMES[0]) == (folder / NAMES[0]).read_bytes()


def claiming(path, name: str, n_bytes: int, kind: bytes = tarfile.REGTYPE) -> str:
    """An archive of blanks, one member of which has that many bytes; compressed it is small."""
    info = tarfile.TarInfo(name)
    info.size, info.type = n_bytes, kind
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT))
        for _ in range(n_bytes // 2**20):
            file.write(b" " * 2**20)
        file.write(bytes(2 * tarfile.BLOCKSIZE))
    return str(path)


@pytest.mark.parametrize("name, kind", [("examples.json", tarfile.REGTYPE), ("x", tarfile.GNUTYPE_LONGNAME)])
def test_a_small_archive_of_a_large_part_is_not_read_into_memory(tmp_path, monkeypatch, name, kind):
    monkeypatch.setattr(archive, "LARGEST_BYTES", 2**22 - 1)
    found = index(claiming(tmp_path / "a.tar.gz", name, 2**22, kind))
    assert found.kept is None and found.names == [] and "damaged after 0 files (a part of it claims" in found.flaw


def test_a_large_member_is_no_note(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST_NOTE_BYTES", 2**20 - 1)
    path = claiming(tmp_path / "a.tar.gz", "big.wav", 2**20)
    found = index(path)
    assert found.names == ["big.wav"] and not found.flaw
    with pytest.raises(UnusableAudio, match=r"a\.tar\.gz:big\.wav has 1 MB, too many for a note"):
        MemberSound(path, found.stamp, "big.wav", *found.places[0].tolist()).read(CLIP)


def test_what_is_no_archive_holds_nothing(tmp_path):
    for name in ("notes.tar", "notes.tar.gz"):
        for damage in (b"", b"these are words" * 100):
            (tmp_path / name).write_bytes(damage)
            found = index(str(tmp_path / name))
            assert found.names == [] and found.kept is None and "after 0 files" in found.flaw


def test_a_compressed_tar_that_breaks_after_it_was_scanned_names_the_member(folder, tmp_path):
    path = pack(folder, tmp_path / "notes.tar.gz")
    found = index(path)
    cut(path, os.path.getsize(path) // 2)
    sounds = [
        MemberSound(path, "a version of its own", name, *found.places[found.names.index(name)].tolist())
        for name in NAMES
    ]
    with pytest.raises(UnusableAudio, match=r"notes\.tar\.gz:notes/audio/h\.wav cannot be read"):
        sounds[-1].read(CLIP)
    assert np.array_equal(sounds[0].read(CLIP), FileSound(str(folder / NAMES[0])).read(CLIP))


class Counted(io.FileIO):
    """A file that adds up how much of any such file was read."""

    n_read = 0

    def readinto(self, buffer):
        size = super().readinto(buffer)
        Counted.n_read += size
        return size


@pytest.fixture
def counted(monkeypatch):
    monkeypatch.setattr(Counted, "n_read", 0)
    return lambda path, mode="rb": io.BufferedReader(Counted(path))


def test_a_compressed_tar_is_scanned_in_one_pass(folder, tmp_path, monkeypatch, counted):
    path = pack(folder, tmp_path / "notes.tar.gz", kept_after=8)
    monkeypatch.setattr(archive, "open", counted, raising=False)
    assert archive._scan(path, "", "examples.json").kept == KEPT
    assert Counted.n_read == os.path.getsize(path)


def test_a_compressed_tar_read_in_order_is_decompressed_once(folder, tmp_path, monkeypatch, counted):
    path = pack(folder, tmp_path / "notes.tar.gz")
    found, whole = index(path), gzip.GzipFile
    monkeypatch.setattr(archive.gzip, "GzipFile", lambda path: whole(fileobj=counted(path)))
    for place in found.places.tolist():
        read_bytes(path, "counted", *place)
    assert 0 < Counted.n_read <= os.path.getsize(path)


def test_a_forked_process_reads_without_moving_its_parent(folder, packed):
    found = index(packed)
    assert content(packed, found, NAMES[0]) == (folder / NAMES[0]).read_bytes()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(content, (packed, found, NAMES[6])) == (folder / NAMES[6]).read_bytes()
    assert content(packed, found, NAMES[1]) == (folder / NAMES[1]).read_bytes()


def test_stamp_and_place():
    sound = MemberSound("a.tar", "12 34", "x.wav", 512, 100, 16000)
    others = [
        MemberSound("a.tar", "12 35", "x.wav", 512, 100, 16000),
        MemberSound("a.tar", "12 34", "x.wav", 1024, 100, 16000),
        MemberSound("a.tar", "12 34", "x.wav", 512, 100, 44100),
    ]
    assert len({each.stamp() for each in (sound, *others)}) == 4
    assert sound.stamp() == MemberSound("elsewhere.tar", "12 34", "x.wav", 512, 100, 16000).stamp()
    assert sorted([others[1], sound], key=lambda each: each.place)[0] is sound
