"""Sounds inside a tar, compressed or not, read where they lie."""

import gzip
import json
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, NamedTuple
from zipfile import BadZipFile

import numpy as np
from tqdm import tqdm

from datamodules.source import Sound
from output.replaced import replaced
from sounds.audio import UnusableAudio, read_wav
from synths.clip import ClipFormat

LARGEST_BYTES = 2**30
"""What may be in memory at once: NSynth's largest examples.json has 130 MB."""

LARGEST_NOTE_BYTES = 2**28
"""A quarter of an hour in 16 bits at 48 kHz, and more: NSynth's notes have 128 KB."""

DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError)
"""What reading a cut or damaged archive raises."""


class Index(NamedTuple):
    """What an archive holds, from one pass over it.

    Shapes: places (n, 2) int64, offset and size of each named member in the (decompressed) tar. kept: the content of
    one member, None if it is not there; flaw: one sentence on what is wrong with the archive, "" if nothing is.
    """

    stamp: str
    names: list[str]
    places: np.ndarray
    kept: bytes | None
    flaw: str

    def save(self, path: Path) -> None:
        """Write it whole or not at all; raises OSError."""
        words = json.dumps([self.stamp, self.names, self.flaw, self.kept is not None]).encode()
        text, kept = np.frombuffer(words, np.uint8), np.frombuffer(self.kept or b"", np.uint8)
        with replaced(path) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(file, words=text, places=self.places, kept=kept)

    @classmethod
    def load(cls, path: Path) -> "Index | None":
        """As it was saved; None if it never was, or is damaged."""
        try:
            with np.load(path) as file:
                stamp, names, flaw, has_kept = json.loads(file["words"].tobytes())
                return cls(stamp, names, file["places"], file["kept"].tobytes() if has_kept else None, flaw)
        except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile, zlib.error):
            return None


@dataclass(frozen=True)
class MemberSound(Sound):
    """A mono WAV file inside a tar.

    Args:
        archive: the tar; it is compressed if its name ends in .gz
        version: the stamp of the archive
        name: of the member
        offset: of its first byte in the (decompressed) tar
        size: in bytes
        stated_rate: the sample rate that its data set says it has, Hz; None if it says nothing
    """

    archive: str
    version: str
    name: str
    offset: int
    size: int
    stated_rate: int | None = None

    def read(self, clip: ClipFormat) -> np.ndarray:
        """(N,) float32, its end padded with silence; raises UnusableAudio."""
        label = f"{self.archive}:{self.name}"
        refuse_large(label, self.size)
        try:
            content = read_bytes(self.archive, self.version, self.offset, self.size)
        except (OSError, *DAMAGE) as error:
            raise UnusableAudio(f"{label} cannot be read ({error}): download the archive again.") from error
        return read_wav(content, label, clip, self.stated_rate)

    def stamp(self) -> str:
        """Changes with the archive's size or date, with the place in it, or with the rate it should have."""
        return f"{self.version} {self.offset} {self.size} {self.stated_rate}"

    @property
    def place(self) -> tuple[str, float]:
        """The archive, and where in it."""
        return self.archive, self.offset


def refuse_large(label: str, n_bytes: int) -> None:
    """Raises UnusableAudio for what is too large to be a note, before it is read."""
    if n_bytes > LARGEST_NOTE_BYTES:
        raise UnusableAudio(f"{label} has {n_bytes / 1e6:.0f} MB, too many for a note: cut or remove it.")


def archive_stamp(path: str) -> str:
    """Changes with size and date of an archive."""
    status = os.stat(path)
    return f"{status.st_size} {status.st_mtime_ns}"


def index_of(path: str, cache: str, keep: str) -> Index:
    """What an archive holds: scanned once, then from a file in the cache.

    Args:
        path: the tar, compressed if its name ends in .gz
        cache: folder of the file
        keep: name, without folders, of the member whose content is kept

    Raises:
        OSError: if the archive cannot be opened or the cache not be written
    """
    kept_at, stamp = Path(cache) / f"{Path(path).name}.index.npz", archive_stamp(path)
    index = Index.load(kept_at)
    if index is not None and index.stamp == stamp:
        return index
    try:
        Path(cache).mkdir(parents=True, exist_ok=True)
        index = _scan(path, stamp, keep)
        index.save(kept_at)
    except OSError as error:
        raise OSError(
            f"The index of {path} cannot be made ({error}): that file must be readable, and the folder that "
            "--data.cache names writable."
        ) from error
    return index


def read_bytes(path: str, version: str, offset: int, size: int) -> bytes:
    """A stretch of a tar. In a compressed one, each process reads on from where it was, or starts again if it must.

    Raises:
        OSError, EOFError, zlib.error: if the archive cannot be opened, or is cut off or damaged there
    """
    if path.endswith(".gz"):
        return _exactly(_decompressed(path, version, os.getpid()), offset, size)
    with open(path, "rb") as file:
        return _exactly(file, offset, size)


@lru_cache(maxsize=1)
def _decompressed(path: str, version: str, process: int) -> gzip.GzipFile:
    """An archive that stays open, of one process: a forked one would move the position of its parent's."""
    return gzip.GzipFile(path)


class _Bounded:
    """A stream of which nobody reads more at once than there should be: archives may claim any size of anything."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile) -> None:
        self.seek, self.tell, self._read = stream.seek, stream.tell, stream.read

    def read(self, size: int) -> bytes:
        """Up to so many bytes; raises TarError if they are too many."""
        if not 0 <= size <= LARGEST_BYTES:
            raise tarfile.ReadError(f"a part of it claims {size / 1e9:.1f} GB")
        return self._read(size)


def _exactly(file: IO[bytes] | gzip.GzipFile | _Bounded, offset: int, size: int) -> bytes:
    file.seek(offset)
    content = file.read(size)
    if len(content) < size:
        raise EOFError("the archive ends before it")
    return content


def _scan(path: str, stamp: str, keep: str) -> Index:
    """One pass from front to back; what comes before a flaw is used."""
    names, places, kept, flaw = [], [], None, ""
    with (
        open(path, "rb") as raw,
        gzip.GzipFile(fileobj=raw) if path.endswith(".gz") else nullcontext(raw) as unbounded,
        tqdm(
            total=os.stat(path).st_size, desc=f"scanning {Path(path).name}", unit="B", unit_scale=True, delay=2
        ) as bar,
    ):
        stream = _Bounded(unbounded)
        try:
            for member in _files(stream):
                if member.name.rpartition("/")[2] == keep:
                    kept = _exactly(stream, member.offset_data, member.size)
                elif member.size:
                    _exactly(stream, member.offset_data + member.size - 1, 1)  # it is there to its last byte
                names.append(member.name)
                places.append((member.offset_data, member.size))
                bar.update(raw.tell() - bar.n)
        except DAMAGE as error:
            flaw = f"{path} is cut off or damaged after {len(names)} files ({error}): download it again."
    return Index(stamp, names, np.array(places, dtype=np.int64).reshape(-1, 2), kept, flaw)


def _files(stream: _Bounded) -> Iterator[tarfile.TarInfo]:
    """The files of a tar, of which the last may be cut off.

    Raises:
        EOFError, zlib.error, BadGzipFile, TarError: where the archive is cut off or damaged
    """
    with tarfile.open(fileobj=stream, mode="r:") as tar:  # type: ignore[call-overload]
        while (member := tar.next()) is not None:
            tar.members = []  # type: ignore[attr-defined]  # it would keep each in memory
            if member.isreg():
                yield member
    # A tar ends in two empty blocks, the first of which is read; one that stops without them was cut between files.
    if any(end := stream.read(tarfile.BLOCKSIZE)) or len(end) < tarfile.BLOCKSIZE:
        raise tarfile.ReadError("no end mark")
    while stream.read(2**20):  # to where a compressed one says what its checksum should be
        pass
