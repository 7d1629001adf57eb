"""What every measure of a perceptual quality promises."""

import re
from collections.abc import Iterable
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from synths.clip import ClipFormat
from synths.descriptors.harmonic_lines import HarmonicLines
from synths.descriptors.knob_range import KnobRange
from synths.descriptors.line_spectra import LineSpectra
from synths.descriptors.sound import HeardSound, PlayedSound
from synths.descriptors.sounding import frame_level_db, sounding_frames
from synths.layers import Layers
from synths.spectrum import Spectrum

_FRAMES_TOGETHER = 800


class Descriptor(nn.Module):
    """Measures one quality of a sound, in its own unit and as a knob position.

    Position 0 is the low end of `span`, 1 its high end: the training data's own (`calibrate`), in the checkpoint.

    Class attributes: `name`, `unit`, `summary`; `default_span` and `curve`, range and course of a knob before it has
    seen data (`KnobRange`); `rate`, how often it is measured (every control frame, slower and interpolated, or once per
    note); `jnd`, the least difference that is heard, in the unit, where the literature gives one; `needs_pitch`,
    whether it means nothing for a sound without one; `is_level`, whether it says how strong or loud a sound is, which a
    model without such a knob must hold; `not_for_training`, why it must not be a knob, empty for most.
    """

    name: ClassVar[str]
    unit: ClassVar[str]
    summary: ClassVar[str]
    default_span: ClassVar[tuple[float, float]]
    curve: ClassVar[Literal["linear", "log"]] = "linear"
    rate: ClassVar[Literal["frame", "slow", "note"]] = "frame"
    jnd: ClassVar[float | None] = None
    needs_pitch: ClassVar[bool] = False
    is_level: ClassVar[bool] = False
    not_for_training: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.name = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__()
        self.clip = clip
        self.range = KnobRange(self.default_span, self.curve)

    @property
    def span(self) -> Tensor:
        """(2,) what positions 0 and 1 are, in the unit."""
        return self.range.span

    def forward(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N) audio, (B, F) pitch -> (B, F) or (B, 1) knob positions: 0..1 within the training range."""
        return self.position_of(self.measure(audio, f0_hz))

    def measure(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """Measure from sound.

        Args:
            audio: (B, N)
            f0_hz: (B, F) pitch in Hz, F = N / hop; ignored unless `needs_pitch`

        Returns:
            (B, F) in the descriptor's unit, or (B, 1) if its rate is "note"; finite, with finite gradients, and with a
            gradient of zero for silence
        """
        raise NotImplementedError

    def hear(self, sound: HeardSound | PlayedSound) -> Tensor:
        """Measure the frames that a sound is looked at in, (B, F / every), sharing what has been computed of it."""
        return sound.measured_by(self)

    def measure_layers(self, layers: Layers) -> Tensor:
        """Measure from what a synth plays: (B, F) or (B, 1), without a window's smear.

        Raises:
            NotImplementedError: it can be measured from sound only
        """
        raise NotImplementedError(f"{self.name} is measured from sound only.")

    def pooled(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """One number per sound, (B,), pooled as its source pools; here the mean over the sounding frames.

        Args:
            audio: (B, N), N need not be a multiple of hop
            f0_hz: (B, F) pitch in Hz, F = ceil(N / hop)
        """
        padded = torch.nn.functional.pad(audio, (0, -audio.shape[-1] % self.clip.hop))
        value = self.measure(padded, f0_hz)
        if self.rate == "note":
            return value[:, 0]
        sounding = sounding_frames(frame_level_db(padded, self.clip.hop)).to(value.dtype)
        weight = sounding + (sounding.sum(-1, keepdim=True) == 0)
        return (value * weight).sum(-1) / weight.sum(-1)

    def position_of(self, value: Tensor) -> Tensor:
        """Value in the descriptor's unit -> knob position."""
        return self.range.position_of(value)

    def value_at(self, position: Tensor) -> Tensor:
        """Knob position -> value in the descriptor's unit."""
        return self.range.value_at(position)

    def calibrate(self, values: Tensor, f0_hz: Tensor, percentiles: tuple[float, float] = (1.0, 99.0)) -> None:
        """Set the range to robust ends of (n,) values measured at (n,) pitches in Hz (`KnobRange.calibrate`)."""
        self.range.calibrate(values, f0_hz, percentiles)


class SharingDescriptor(Descriptor):
    """A descriptor that looks at every frame by itself and shares what it sees with others: `hear` measures it."""

    def measure(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N) audio, (B, F) pitch -> (B, F) in the descriptor's unit."""
        return self.hear(HeardSound(audio, f0_hz))

    def measure_layers(self, layers: Layers) -> Tensor:
        """What a synth plays -> (B, F) in the descriptor's unit."""
        return self.hear(PlayedSound(layers))


class SpectralDescriptor(SharingDescriptor):
    """A descriptor of each frame's power spectrum, of a sound or of what a synth plays: one definition for both."""

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__(clip)
        self.spectrum = Spectrum(clip)

    def of(self, power: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, F, bins) power as `Spectrum` defines it, (B, F) pitch -> (B, F) in the descriptor's unit."""
        raise NotImplementedError

    def hear(self, sound: HeardSound | PlayedSound) -> Tensor:
        """Measure from a sound whose spectrum may be known already."""
        return self.of(sound.power(self.spectrum), sound.f0_hz)


class HarmonicDescriptor(SharingDescriptor):
    """A descriptor of the harmonics and the noise of each frame, as measured in a sound or as a synth plays them.

    In a sound, the window is as long as the pitch needs, down to 27.5 Hz (`LineSpectra`).

    Args:
        clip: format of the run
        window_s: shortest window of the spectrum
    """

    needs_pitch = True

    def __init__(self, clip: ClipFormat, window_s: float = 0.05) -> None:
        super().__init__(clip)
        self.spectra = LineSpectra(clip, window_s)

    def of(self, lines: HarmonicLines) -> Tensor:
        """Harmonics and noise -> (B, F) in the descriptor's unit."""
        raise NotImplementedError

    def hear(self, sound: HeardSound | PlayedSound) -> Tensor:
        """Measure from a sound whose harmonics may be known already."""
        return self.of(sound.lines(self.spectra))


def measure_all(descriptors: Iterable[Descriptor], audio: Tensor, f0_hz: Tensor, every: int = 1) -> list[Tensor]:
    """(B, N) audio, (B, F) pitch -> (B, F / every) or (B, 1) by each descriptor; what they share is computed once."""
    descriptors = list(descriptors)
    if audio.device.type != "cpu":
        return _heard(descriptors, HeardSound(audio, f0_hz, every))
    # A few clips at a time: their spectra stay in the cache, which makes it two to four times as fast.
    step = -(-_FRAMES_TOGETHER // max(1, f0_hz.shape[1] // every))
    parts = zip(audio.split(step), f0_hz.split(step), strict=True)
    heard = [_heard(descriptors, HeardSound(*part, every)) for part in parts]
    return [torch.cat(values) for values in zip(*heard, strict=True)]


def measure_all_layers(descriptors: Iterable[Descriptor], layers: Layers, every: int = 1) -> list[Tensor]:
    """What a synth plays -> (B, F / every) or (B, 1) by each descriptor.

    Raises:
        NotImplementedError: one can be measured from sound only
    """
    return _heard(descriptors, PlayedSound(layers, every))


def _heard(descriptors: Iterable[Descriptor], sound: HeardSound | PlayedSound) -> list[Tensor]:
    return [descriptor.hear(sound) for descriptor in descriptors]
