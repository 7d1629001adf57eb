"""A recording of one voice, ready to be turned."""

from functools import cached_property

import torch.nn.functional as F
from torch import Tensor

from synths import ClipFormat
from synths.carriers import carriers
from turning.components import Components
from turning.edges import eased

NEAR_FRAMES = 4
QUIET_BESIDE = 0.03
"""A frame that is 15 dB softer than one of its neighbours reads what these are."""


class Recording:
    """A sound, its pitch, where it sounds, and what it is made of.

    Args:
        audio: (N,) mono, as long as the format says
        clip: its format
        f0_hz: (F,) pitch in Hz in every frame
        sounding: (F,) True where it counts
        whole: (F,) True where no window reaches beyond the file
        begins: whether the file begins with it
        ends: whether the file ends with it
        block: samples in a block of its carriers
        n_partials: K; 0 for a sound without a pitch
        there: (N,) how much of a change is heard, 0 where nothing was recorded; by default all
    """

    def __init__(
        self,
        audio: Tensor,
        clip: ClipFormat,
        f0_hz: Tensor,
        sounding: Tensor,
        whole: Tensor,
        begins: bool,
        ends: bool,
        block: int,
        n_partials: int,
        there: Tensor | None = None,
    ) -> None:
        self.begins, self.ends = begins, ends
        self.audio, self.clip, self.f0_hz, self.sounding, self.whole = audio, clip, f0_hz, sounding, whole
        self.block, self.n_partials, self.there = block, n_partials, there

    def with_audio(self, audio: Tensor) -> "Recording":
        """The same with (N,) other audio."""
        own = (self.clip, self.f0_hz, self.sounding, self.whole, self.begins, self.ends, self.block, self.n_partials)
        return Recording(audio, *own, self.there)

    @cached_property
    def settled(self) -> Tensor:
        """(F,) True where a frame is heard for itself: its window is whole, and no louder sound is about to begin."""
        power = self.audio.unflatten(0, (-1, self.clip.hop)).square().mean(1)
        around = F.max_pool1d(power[None], 2 * NEAR_FRAMES + 1, 1, NEAR_FRAMES)[0]
        return self.sounding & self.whole & (power > QUIET_BESIDE * around)

    @cached_property
    def components(self) -> Components:
        """Its partials and bands of noise."""
        return self.taken_apart(self.audio)

    def taken_apart(self, audio: Tensor) -> Components:
        """Parts of (N,) a channel of it, along the pitch of all."""
        rate, hop = self.clip.sample_rate, self.clip.hop
        waves = carriers(self.f0_hz, rate, hop, self.block, len(audio), max(1, self.n_partials))
        if not self.n_partials:
            waves = waves._replace(audible=waves.audible * 0.0)
        return Components.of(audio, waves, rate)

    def change(self, components: Components, log_gains: Tensor, hop: int) -> Tensor:
        """What gains on its parts, or on those of a channel of it, add to the sound.

        Args:
            components: the parts
            log_gains: (R, F, P) every `hop` samples, or (R, 1, P)
            hop: samples per frame of the gains

        Returns:
            (R, N)
        """
        change = eased(components.change(log_gains, hop), components, log_gains, self.begins, self.ends)
        return change if self.there is None else change * self.there
