"""Filters: tilt, shelves and band limits, at constant level."""

from abc import abstractmethod

from torch import Tensor

from datamodules.augmentation import frequency_response
from datamodules.augmentation.augmentation import Augmentation, as_loud_as
from datamodules.augmentation.draws import Draws
from synths.clip import Clip, ClipFormat


class Filter(Augmentation):
    """A filter that does not change in a clip. The clip keeps its rms, so that timbre changes and level does not.

    Args:
        chance: that a clip is changed at all, 0 to 1
    """

    def change(self, clips: Clip, clip: ClipFormat, draws: Draws) -> Clip:
        """The audio filtered, causally."""
        settings = self.settings(clips, draws)
        rate = clip.sample_rate
        audio = frequency_response.filtered(clips.audio, rate, lambda n_fft: self.response(n_fft, rate, *settings))
        return clips._replace(audio=as_loud_as(clips.audio, audio))

    @abstractmethod
    def settings(self, clips: Clip, draws: Draws) -> tuple[Tensor, ...]:
        """What the filters of a batch are set to, each (B, 1)."""

    @abstractmethod
    def response(self, n_fft: int, sample_rate: int, *settings: Tensor) -> Tensor:
        """(B, bins) frequency response."""


class SpectralTilt(Filter):
    """Brighter or darker by a straight line over octaves, from 30 Hz to three quarters of Nyquist.

    No pivot needs to be chosen: the clip keeps its rms.

    Args:
        lowest_db: the darkest, in dB per octave, -24 to 24
        highest_db: the brightest
        chance: that a clip is changed at all, 0 to 1
    """

    def __init__(self, lowest_db: float = -4.0, highest_db: float = 4.0, chance: float = 0.5) -> None:
        super().__init__(chance)
        self.tilt_db = self.between("a tilt in dB per octave", lowest_db, highest_db, -24, 24)

    def settings(self, clips: Clip, draws: Draws) -> tuple[Tensor, ...]:
        """The tilt in dB per octave."""
        return (draws.uniform(*self.tilt_db),)

    def response(self, n_fft: int, sample_rate: int, *settings: Tensor) -> Tensor:
        """(B, bins) frequency response."""
        return frequency_response.tilt(n_fft, sample_rate, *settings)


class CornerFilter(Filter):
    """A filter with a corner at a frequency.

    Args:
        lowest_hz: the lowest corner, from 20 Hz
        highest_hz: the highest corner, below half the sample rate
        chance: that a clip is changed at all, 0 to 1
    """

    def __init__(self, lowest_hz: float, highest_hz: float, chance: float = 0.5) -> None:
        super().__init__(chance)
        self.corner_hz = self.between("a corner in Hz", lowest_hz, highest_hz, 20, 24000)

    def check(self, clip: ClipFormat) -> None:
        """Raises ValueError if the highest corner is not below half the sample rate."""
        if self.corner_hz[1] >= clip.nyquist_hz:
            raise ValueError(
                f"{type(self).__name__} has highest_hz {self.corner_hz[1]:g}: choose one below "
                f"{clip.nyquist_hz:g} Hz, half the sample rate."
            )


class Shelf(CornerFilter):
    """One side of a corner raised or lowered.

    Args:
        lowest_db: the smallest gain, -40 to 40
        highest_db: the largest gain
        lowest_hz: the lowest corner, from 20 Hz
        highest_hz: the highest corner, below half the sample rate
        chance: that a clip is changed at all, 0 to 1
    """

    def __init__(
        self, lowest_db: float, highest_db: float, lowest_hz: float, highest_hz: float, chance: float = 0.5
    ) -> None:
        super().__init__(lowest_hz, highest_hz, chance)
        self.gain_db = self.between("a gain in dB", lowest_db, highest_db, -40, 40)

    def settings(self, clips: Clip, draws: Draws) -> tuple[Tensor, ...]:
        """Corner in Hz and gain in dB."""
        return draws.frequency_hz(*self.corner_hz), draws.uniform(*self.gain_db)


class LowShelf(Shelf):
    """Everything below a corner raised or lowered, gently (first order).

    Args:
        lowest_db: the smallest gain, -40 to 40
        highest_db: the largest gain
        lowest_hz: the lowest corner, from 20 Hz
        highest_hz: the highest corner, below half the sample rate
        chance: that a clip is changed at all, 0 to 1
    """

    def __init__(
        self,
        lowest_db: float = -12.0,
        highest_db: float = 12.0,
        lowest_hz: float = 150.0,
        highest_hz: float = 1000.0,
        chance: float = 0.5,
    ) -> None:
        super().__init__(lowest_db, highest_db, lowest_hz, highest_hz, chance)

    def response(self, n_fft: int, sample_rate: int, *settings: Tensor) -> Tensor:
        """(B, bins) frequency response."""
        return frequency_response.low_shelf(n_fft, sample_rate, *settings)


class HighShelf(Shelf):
    """Everything above a corner raised or lowered, gently (first order).

    Args:
        lowest_db: the smallest gain, -40 to 40
        highest_db: the largest gain
        lowest_hz: the lowest corner, from 20 Hz
        highest_hz: the highest corner, below half the sample rate
        chance: that a clip is changed at all, 0 to 1
    """

    def __init__(
        self,
        lowest_db: float = -12.0,
        highest_db: float = 12.0,
        lowest_hz: float = 1000.0,
        highest_hz: float = 5000.0,
        chance: float = 0.5,
    ) -> None:
        super().__init__(lowest_db, highest_db, lowest_hz, highest_hz, chance)

    def response(self, n_fft: int, sample_rate: int, *settings: Tensor) -> Tensor:
        """(B, bins) frequency response."""
        return frequency_response.high_shelf(n_fft, sample_rate, *settings)


class LowPass(CornerFilter):
    """What lies above a corner taken off, 24 dB per octave; not the fundamental, unless it is above the highest corner.

    Args:
        lowest_hz: the lowest corner, from 20 Hz
        highest_hz: the highest corner, below half the sample rate
        chance: that a clip is changed at all, 0 to 1
    """

    def __init__(self, lowest_hz: float = 1500.0, highest_hz: float = 7000.0, chance: float = 0.5) -> None:
        super().__init__(lowest_hz, highest_hz, chance)

    def settings(self, clips: Clip, draws: Draws) -> tuple[Tensor, ...]:
        """Corner in Hz."""
        pitch_hz = clips.f0_hz.median(dim=1, keepdim=True).values
        return (draws.frequency_hz(*self.corner_hz).maximum(pitch_hz.clamp_max(self.corner_hz[1])),)

    def response(self, n_fft: int, sample_rate: int, *settings: Tensor) -> Tensor:
        """(B, bins) frequency response."""
        return frequency_response.low_pass(n_fft, sample_rate, *settings)


class HighPass(CornerFilter):
    """What lies below a corner taken off, 24 dB per octave: the fundamental too, as small loudspeakers do.

    Args:
        lowest_hz: the lowest corner, from 20 Hz
        highest_hz: the highest corner, below half the sample rate
        chance: that a clip is changed at all, 0 to 1
    """

    def __init__(self, lowest_hz: float = 80.0, highest_hz: float = 1000.0, chance: float = 0.5) -> None:
        super().__init__(lowest_hz, highest_hz, chance)

    def settings(self, clips: Clip, draws: Draws) -> tuple[Tensor, ...]:
        """Corner in Hz."""
        return (draws.frequency_hz(*self.corner_hz),)

    def response(self, n_fft: int, sample_rate: int, *settings: Tensor) -> Tensor:
        """(B, bins) frequency response."""
        return frequency_response.high_pass(n_fft, sample_rate, *settings)
