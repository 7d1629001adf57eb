"""A folder of one's own sounds."""

import hashlib
import os
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

from datamodules.clip_data_module import ClipDataModule
from datamodules.recordings.cutting import CutSound, cut_at_hops, cut_at_onsets, sound_s
from datamodules.recordings.listening import SHORTEST_NOTE_S, VERSION, Contents, File, Listener, Span
from datamodules.source import FileSound, Heard, Source
from datamodules.splits import HELD_OUT, SPLITS, shared_out
from sounds.audio import Channel
from sounds.sound_file import sound_files
from synths.clip import ClipFormat

ROUNDING_S = 1e-6


class Recordings(ClipDataModule):
    """Sound files of one voice, of every kind that libsndfile reads, in a folder and the folders in it.

    Long files are cut into clips, short ones padded with silence. A tenth of the files is for validation and a tenth
    for testing, chosen by name, so that a new file rarely moves another; with fewer than three files the clips are
    shared out instead, and none that overlaps one of another split is used. There are no labels.

    Args:
        clip: the format of the run
        root: folder of the recordings
        channel: which channel to hear of files that have several: a number from 0, or mix for the mean, which is
            counted in the report; None is to accept mono files only
        cut: where clips begin: at equal distances (hop), or just before every note (onsets)
        hop_s: seconds from the beginning of a clip to that of the next, if cut at hops: less than a clip lets them
            overlap, more leaves gaps; None is the length of a clip
        stop_at_next: whether a clip that is cut at an onset is silent from the next one on, so that it holds one note:
            let clips be about as long as notes. If not, it goes on, and the following clips repeat what it holds
        trim_db: silence is what is so far below the loudest of a file. That at the beginning and end of a file is left
            out, and clips that hold next to nothing else are skipped; None keeps all of it
        shared: as for every data set, see ClipDataModule
    """

    def __init__(
        self,
        clip: ClipFormat,
        root: str,
        channel: Channel = "mix",
        cut: Literal["hop", "onsets"] = "hop",
        hop_s: float | None = None,
        stop_at_next: bool = True,
        trim_db: float | None = 60.0,
        **shared: Any,
    ) -> None:
        super().__init__(clip, root, **shared)
        _check(cut, hop_s, trim_db)
        self.channel = channel
        self.cut = cut
        self.hop_s = clip.duration_s if hop_s is None else hop_s
        self.stop_at_next = stop_at_next
        self.trim_db = trim_db
        self._n_channels: dict[str, int] = {}
        self._found: dict[str, list[Source]] | None = None

    def sources(self, split: str) -> list[Source]:
        """The clips of a split; what cannot be read and what is silent is listed under train, with its problem."""
        if self._found is None:
            self._found = self._share_out()
        return self._found[split]

    def listing_stamp(self, split: str) -> str:
        """Changes when a file comes, goes or changes."""
        files = [(file.name, file.stamp) for file in self._files]
        return hashlib.sha256(f"{VERSION} {files}".encode()).hexdigest()

    @cached_property
    def _files(self) -> list[File]:
        return recording_files(self.root)

    def remark(self, name: str, labels: Mapping[str, float], heard: Heard) -> str:
        """Remark on a file with several channels, whose mean was taken."""
        if self.channel == "mix" and self._n_channels.get(name.rpartition("#")[0], 1) > 1:
            return "are the mean of several channels (data.channel: 0 takes the first)"
        return ""

    def _share_out(self) -> dict[str, list[Source]]:
        listener = Listener(self.channel, self.trim_db, with_onsets=self.cut == "onsets")
        heard = listener.listen_to_all(self._files, self.cache)
        sources: dict[str, list[Source]] = {}
        unusable = []
        for file in self._files:
            contents = heard[file.name]
            if isinstance(contents, str):
                unusable.append(Source(file.name, FileSound(file.path, 0.0, self.channel), problem=contents))
            else:
                self._n_channels[file.name] = contents.n_channels
                found = self._clips(file, contents)
                sources[file.name] = [source for source in found if not source.problem]
                unusable += [source for source in found if source.problem]
        shared = _by_file(sources) if len(sources) >= len(SPLITS) else _by_clip(sources, self._reach_s)
        return {**shared, "train": shared["train"] + unusable}

    @property
    def _reach_s(self) -> float:
        """How far clips may reach into the next ones; those that stop before them do not."""
        return 0.0 if self.cut == "onsets" and self.stop_at_next else self.clip.duration_s

    def _clips(self, file: File, contents: Contents) -> list[Source]:
        if self.cut == "hop":
            spans = cut_at_hops(contents, self.clip.duration_s, self.hop_s)
        else:
            spans = cut_at_onsets(contents, self.clip.duration_s, self.stop_at_next)
        return [
            Source(f"{file.name}#{index}", self._sound(file, span), problem=self._rest(file, span, contents))
            for index, span in enumerate(spans)
        ]

    def _sound(self, file: File, span: Span) -> FileSound:
        if self.cut == "onsets" and self.stop_at_next:
            return CutSound(file.path, span.start_s, self.channel, span.end_s - span.start_s)
        return FileSound(file.path, span.start_s, self.channel)

    def _rest(self, file: File, span: Span, contents: Contents) -> str:
        """That a clip holds next to no sound; "" if it does, or is all that there is."""
        is_first = span.start_s <= contents.sounding[0].start_s
        if self.cut == "onsets" or is_first or sound_s(contents, span) >= SHORTEST_NOTE_S:
            return ""
        return (
            f"{file.path} is silent from {span.start_s:g} s to {span.end_s:g} s ({self.trim_db:g} dB below its loudest "
            "sound): it is left out, unless you raise data.trim_db."
        )


def recording_files(root: str) -> list[File]:
    """The sound files of a folder and the folders in it, by their path there."""
    return [_file(path.relative_to(root).as_posix(), str(path)) for path in sound_files(root)]


def _file(name: str, path: str) -> File:
    try:
        status = os.stat(path)
    except OSError:
        return File(name, path, "absent", 0)
    return File(name, path, f"{status.st_size} {status.st_mtime_ns}", status.st_size)


def _check(cut: str, hop_s: float | None, trim_db: float | None) -> None:
    """Raises ValueError for a cut that cannot be made."""
    if cut not in ("hop", "onsets"):
        raise ValueError(f"data.cut is {cut!r}: choose hop or onsets.")
    if cut == "onsets" and hop_s is not None:
        raise ValueError(f"data.hop_s is {hop_s:g} but clips are cut at onsets: leave it out, or set data.cut to hop.")
    if hop_s is not None and not 0.01 <= hop_s < float("inf"):
        raise ValueError(f"data.hop_s is {hop_s:g}: choose a hundredth of a second or more.")
    if trim_db is not None and not 0 < trim_db < float("inf"):
        raise ValueError(f"data.trim_db is {trim_db:g}: choose decibels above 0, such as 60, or null to trim nothing.")


def _by_file(sources: dict[str, list[Source]]) -> dict[str, list[Source]]:
    """All clips of a file are in one split."""
    split_of = shared_out(sources)
    return {
        split: [source for name in sorted(sources) if split_of[name] == split for source in sources[name]]
        for split in SPLITS
    }


def _by_clip(sources: dict[str, list[Source]], reach_s: float) -> dict[str, list[Source]]:
    """The end of the material is held out: neighbouring clips are too alike to be dealt out in turn.

    Where clips overlap across a border, the earlier is left out. What is too short for three splits has no test or
    only a train split.
    """
    rest = [source for name in sorted(sources) for source in sources[name]]
    n_held_out = max(1, round(HELD_OUT * len(rest)))
    shared: dict[str, list[Source]]
    for held_out in (("test", "valid"), ("valid",), ()):
        train, shared = rest, {}
        for split in held_out:
            train, shared[split] = train[:-n_held_out], train[-n_held_out:]
            train = [source for source in train if _ends_before(source, shared[split][0], reach_s)]
        if train:
            break
    return {"valid": [], "test": [], **shared, "train": train}


def _ends_before(source: Source, border: Source, reach_s: float) -> bool:
    """Whether a clip that begins before another shares no sound with it."""
    (path, start_s), (border_path, border_s) = source.sound.place, border.sound.place
    return path != border_path or start_s + reach_s <= border_s + ROUNDING_S
