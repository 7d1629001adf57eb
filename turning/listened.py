"""A sound as it is before anything is turned: its pitch, where it sounds, and what its knobs read."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from projection import Target
from sounds.audio import Choice, one_channel
from sounds.headers import UnusableAudio
from sounds.offset import has_offset, without_offset
from sounds.pitch import NoPitch
from synths import ClipFormat, Descriptor, Level, sounding_frames
from synths.carriers import MOST_PARTIALS, block_size, partials_below
from synths.silence import sound_there
from turning.passages import LENGTH_S, Passage, passages
from turning.pitch import refined
from turning.recording import Recording
from turning.sound_in import SoundIn
from turning.tracking import bridged_over, tracked
from turning.working_rate import WorkingRate

PLACEHOLDER_HZ = 200.0
"""Where there is no pitch: what asks for one does not count."""

EDGE_FRAMES = 3
"""At either end of a file: the usual window is 64 ms or less, and hears the cut in them."""

GivenPitch = Callable[[int, ClipFormat], np.ndarray]
"""Samples of a sound and its format -> (F,) its pitch in Hz."""


class Listened:
    """A sound that has been listened to, passage by passage.

    Args:
        sound: at any rate, of any length
        channel: which one is measured; "mix" is the mean of all
        given_pitch: of a sound whose pitch is known
        full_scale_db_spl: what full scale means to the ear

    Attributes:
        has_pitch: whether it has one; `why_no_pitch` says why not
        f0_hz: (F,) pitch in Hz, frames of about 10 ms
        sounding: (F,) True where it sounds

    Raises:
        UnusableAudio: it is silent
    """

    def __init__(
        self,
        sound: SoundIn,
        channel: Any = "mix",
        given_pitch: GivenPitch | None = None,
        full_scale_db_spl: float = 100.0,
    ) -> None:
        self.sound, self.channel, self.full_scale_db_spl = sound, channel, full_scale_db_spl
        self.working = WorkingRate.of(sound.rate)
        self.n_frames = -(-sound.n_frames // self.working.file_hop)
        self.passages = list(passages(self.n_frames, self.working.hop / self.working.rate))
        self.has_offset = has_offset(self._mixed_blocks(), sound.rate)
        self._kept = lru_cache(maxsize=1)(self._mono)
        self.why_no_pitch = ""
        self.sounding = self._where_it_sounds()
        self.f0_hz = self._pitch(given_pitch)

    @property
    def has_pitch(self) -> bool:
        """Whether it has a pitch."""
        return not self.why_no_pitch

    def clip(self, n_frames: int) -> ClipFormat:
        """The format of so many frames."""
        hop = self.working.hop
        return ClipFormat(self.working.rate, n_frames * hop, hop, self.full_scale_db_spl)

    @torch.no_grad()
    def readings(self, kinds: Sequence[type[Descriptor]], turned: SoundIn | None = None) -> Tensor:
        """(F, C) positions of some knobs in every frame, of the sound or of one that was made from it."""
        target = Target([kind(self.clip(1)) for kind in kinds])
        parts = []
        for passage in self.passages:
            first, last = passage.first, passage.last
            audio = self._kept(passage) if turned is None else self._mono(passage, turned)
            heard = target.of_sound(audio[None], self.f0_hz[None, first:last], 1)[0]
            parts.append(heard[passage.start - first : passage.stop - first])
        return torch.cat(parts)

    @torch.no_grad()
    def pooled(self, kind: type[Descriptor], turned: SoundIn | None = None) -> float:
        """One reading of a sound that is one passage, or of one that was made from it.

        Raises:
            UnusableAudio: it is longer
        """
        if len(self.passages) > 1:
            raise UnusableAudio(
                f"{self.sound.label} is longer than {LENGTH_S:g} s, and {kind.name} can be turned in shorter sounds "
                "only: cut it."
            )
        audio = self._kept(self.passages[0]) if turned is None else self._mono(self.passages[0], turned)
        return float(kind(self.clip(self.n_frames)).pooled(audio[None], self.f0_hz[None])[0])

    def mean(self, values: Tensor) -> Tensor:
        """(F, ...) -> (...) over what sounds."""
        return values[self.sounding].mean(0)

    def recording(self, passage: Passage) -> Recording:
        """A passage, ready to be turned; only its own frames count."""
        first, last = passage.first, passage.last
        counts = torch.zeros(last - first, dtype=torch.bool)
        own = slice(passage.start - first, passage.stop - first)
        counts[own] = self.sounding[passage.start : passage.stop]
        frame = torch.arange(first, last)
        whole = (frame >= EDGE_FRAMES) & (frame < self.n_frames - EDGE_FRAMES)
        audio, clip, f0_hz = self._kept(passage), self.clip(last - first), self.f0_hz[first:last]
        begins, ends = first == 0, last == self.n_frames
        there = self._there(passage, len(audio))
        return Recording(audio, clip, f0_hz, counts, whole, begins, ends, self._block, self._n_partials, there)

    def channels(self, passage: Passage) -> list[Tensor]:
        """(N,) of each channel, at the working rate."""
        audio = self._read(passage)
        return [self._ready(audio[:, index], passage) for index in range(audio.shape[1])]

    @property
    def _block(self) -> int:
        return block_size(self.f0_hz[self.sounding], self.working.rate)

    @property
    def _n_partials(self) -> int:
        """As many as fit, of a sound with a pitch."""
        rate = min(self.working.rate, self.sound.rate)
        return partials_below(self.f0_hz[self.sounding], rate, MOST_PARTIALS) if self.has_pitch else 0

    def _where_it_sounds(self) -> Tensor:
        level = Level(self.clip(1))
        parts = []
        for passage in self.passages:
            audio, own = self._kept(passage)[None], slice(passage.start - passage.first, passage.stop - passage.first)
            nothing = torch.zeros(1, passage.last - passage.first)
            parts.append(level.measure(audio, nothing)[:, own])
        sounding = sounding_frames(torch.cat(parts, dim=1))[0]
        if not sounding.any():
            raise UnusableAudio(f"{self.sound.label} is silent (below -74 dB): there is nothing to turn.")
        return sounding

    def _pitch(self, given: GivenPitch | None) -> Tensor:
        if given is not None:
            clip = self.clip(self.n_frames)
            return self._refined(torch.from_numpy(given(clip.n_samples, clip)).float())
        heard = np.concatenate([self._tracked(passage) for passage in self.passages])
        try:
            f0_hz = bridged_over(heard, self.sounding.numpy(), self.working.hop / self.working.rate)
        except NoPitch as error:
            self.why_no_pitch = str(error)
            return torch.full((self.n_frames,), PLACEHOLDER_HZ)
        return self._refined(torch.from_numpy(f0_hz).float())

    def _tracked(self, passage: Passage) -> np.ndarray:
        f0_hz = tracked(self._kept(passage).numpy(), self.clip(passage.last - passage.first))
        return f0_hz[passage.start - passage.first : passage.stop - passage.first]

    def _refined(self, f0_hz: Tensor) -> Tensor:
        parts = []
        for passage in self.passages:
            own = slice(passage.start - passage.first, passage.stop - passage.first)
            rough = f0_hz[passage.first : passage.last]
            parts.append(refined(self._kept(passage), rough, self.working.rate, self.working.hop)[own])
        return torch.cat(parts)

    def _mono(self, passage: Passage, turned: SoundIn | None = None) -> Tensor:
        """(N,) that is measured, at the working rate."""
        return self._ready(self._one(self._read(passage, turned)), passage)

    def _ready(self, audio: np.ndarray, passage: Passage) -> Tensor:
        """(n,) of the file -> (N,) without an offset, at the working rate, as long as its frames."""
        audio = np.ascontiguousarray(audio)
        if self.has_offset:
            audio = np.concatenate(list(without_offset([audio], self.sound.rate)))
        ready = self.working.there(audio)
        n_samples = (passage.last - passage.first) * self.working.hop
        return torch.from_numpy(np.pad(ready[:n_samples], (0, max(0, n_samples - len(ready)))))

    def _there(self, passage: Passage, n_samples: int) -> Tensor | None:
        """(n_samples,) 0 where nothing was recorded, else 1, of a recording whose offset is taken out.

        The filter rings for 0.2 s to both sides: where nothing was recorded, nothing is to be turned.
        """
        if not self.has_offset:
            return None
        there = sound_there(self._one(self._read(passage)), self.sound.rate)
        place = np.arange(n_samples) * self.working.down // self.working.up
        return torch.from_numpy(there[place.clip(0, len(there) - 1)]).float()

    def _read(self, passage: Passage, turned: SoundIn | None = None) -> np.ndarray:
        sound, hop = turned or self.sound, self.working.file_hop
        return sound.read(passage.first * hop, min(passage.last * hop, sound.n_frames))

    def _one(self, audio: np.ndarray) -> np.ndarray:
        return one_channel(self.sound.label, audio, Choice(self.channel, "--channel"))

    def _mixed_blocks(self) -> Any:
        for passage in self.passages:
            hop = self.working.file_hop
            stop = min(passage.stop * hop, self.sound.n_frames)
            yield self._one(self.sound.read(passage.start * hop, stop)).astype(np.float32)
