"""Where the notes of a split of NSynth lie: in a folder or in an archive, and how they are got from there."""

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from datamodules.nsynth.archive import LARGEST_BYTES, Index, MemberSound, archive_stamp, index_of, refuse_large
from datamodules.source import FileSound, Sound
from sounds.audio import UnusableAudio, read_wav
from synths.clip import ClipFormat

LISTING = "examples.json"
ARCHIVES = ("nsynth-{}.tar", "nsynth-{}.jsonwav.tar", "nsynth-{}.jsonwav.tar.gz")


@dataclass(frozen=True)
class NoteFile(FileSound):
    """A mono WAV file, held against the sample rate that its data set says it has, Hz."""

    stated_rate: int | None = None

    def read(self, clip: ClipFormat) -> np.ndarray:
        """(N,) float32, its end padded with silence; raises UnusableAudio."""
        try:
            refuse_large(self.path, os.stat(self.path).st_size)
            content = Path(self.path).read_bytes()
        except OSError as error:
            raise UnusableAudio(
                f"{self.path} cannot be read ({error.strerror}): restore it or unpack again."
            ) from error
        return read_wav(content, self.path, clip, self.stated_rate)

    def stamp(self) -> str:
        """Changes with the file's size or date, or with the rate it should have."""
        return f"{super().stamp()} {self.stated_rate}"


class NotesPlace(ABC):
    """Where the notes of one split lie; `label` is what messages call its examples.json."""

    label: str

    @property
    def flaw(self) -> str:
        """What is wrong with all of it, "" if nothing is."""
        return ""

    @abstractmethod
    def stamp(self) -> str:
        """Changes when notes come, go or change."""

    @abstractmethod
    def listing(self) -> bytes:
        """The content of examples.json; raises OSError or ValueError."""

    @abstractmethod
    def sound(self, name: str, stated_rate: int | None) -> Sound:
        """The sound of a note.

        Raises:
            LookupError: if it is not there; the message says which and the mend
        """


class NotesFolder(NotesPlace):
    """A folder with examples.json and a folder `audio`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.label = str(folder / LISTING)

    def stamp(self) -> str:
        """Size and date of examples.json and of the folder of notes."""
        status = [os.stat(path) for path in (self.folder / LISTING, self.folder / "audio") if path.exists()]
        return " ".join(f"{each.st_size} {each.st_mtime_ns}" for each in status)

    def listing(self) -> bytes:
        """The content of examples.json; raises OSError, and ValueError for more than there should be."""
        path = self.folder / LISTING
        if (n_bytes := path.stat().st_size) > LARGEST_BYTES:
            raise ValueError(f"{path} has {n_bytes / 1e9:.1f} GB, too many for a listing: unpack the data set again.")
        return path.read_bytes()

    def sound(self, name: str, stated_rate: int | None) -> Sound:
        """The sound of a note; raises LookupError."""
        path = f"{self._audio}/{name}.wav"
        if f"{name}.wav" not in self._present:
            raise LookupError(f"{path} does not exist although examples.json names it: unpack the data set again.")
        return NoteFile(path, stated_rate=stated_rate)

    @cached_property
    def _audio(self) -> str:
        return str(self.folder / "audio")

    @cached_property
    def _present(self) -> set[str]:
        return set(os.listdir(self._audio)) if os.path.isdir(self._audio) else set()


class NotesArchive(NotesPlace):
    """A tar, compressed or not, that holds examples.json and the notes."""

    def __init__(self, path: Path, cache: str) -> None:
        self.path = str(path)
        self.cache = cache
        self.label = f"{path}:{LISTING}"

    def stamp(self) -> str:
        """Stamp of the archive."""
        return archive_stamp(self.path)

    @property
    def flaw(self) -> str:
        """Where and how the archive is cut off or damaged."""
        return self._index.flaw

    def listing(self) -> bytes:
        """The content of examples.json.

        Raises:
            ValueError: if it is not in the archive
            OSError: if the archive cannot be read or its index not be written
        """
        if self._index.kept is None:
            reason = self._index.flaw or f"{self.path} is not an archive of NSynth: download it again."
            raise ValueError(f"There is no examples.json in it: {reason}")
        return self._index.kept

    def sound(self, name: str, stated_rate: int | None) -> Sound:
        """The sound of a note; raises LookupError."""
        row = self._rows.get(f"{name}.wav")
        if row is None:
            reason = "lies where the archive is cut off or damaged" if self.flaw else "is not in it"
            raise LookupError(f"{self.path}: {name}.wav {reason} although examples.json names it: download it again.")
        offset, size = self._index.places[row].tolist()
        return MemberSound(self.path, self._index.stamp, self._index.names[row], offset, size, stated_rate)

    @cached_property
    def _index(self) -> Index:
        return index_of(self.path, self.cache, LISTING)

    @cached_property
    def _rows(self) -> dict[str, int]:
        """File name -> where in the index; of two of a name the last, as if unpacked."""
        return {name.rpartition("/")[2]: row for row, name in enumerate(self._index.names)}


def find_notes(root: str, split: str, cache: str) -> NotesPlace | None:
    """The first that is there of folder, tar, compressed tar; a root that is itself a folder of notes is not for train.

    None if there is nothing.
    """
    folder = Path(root) / f"nsynth-{split}"
    if (folder / LISTING).is_file():
        return NotesFolder(folder)
    for name in ARCHIVES:
        if (path := Path(root) / name.format(split)).is_file():
            return NotesArchive(path, cache)
    is_single = split != "train" and (Path(root) / LISTING).is_file()
    return NotesFolder(Path(root)) if is_single else None
