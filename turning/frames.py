"""A model of what gains on a recording's parts do to the spectrum of each frame; exact where they are 0."""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from synths import Spectrum
from synths.descriptors.harmonic_lines import HarmonicLines, harmonic_lines
from synths.descriptors.line_spectra import LineSpectra
from synths.descriptors.sound import Memory, PlayedSound
from turning.components import Components
from turning.noise_bands import band_weights


class FrameParts(NamedTuple):
    """What a frame's power is made of: (F, bins) of the tone, of the noise, and of both together.

    number: (F, bins) of the partial, from 0 on, whose gain a bin of the tone takes; bands: (M, bins)
    """

    tone: Tensor
    both: Tensor
    noise: Tensor
    number: Tensor
    bands: Tensor


class RecordedFrames(Memory):
    """Frames of a recording taken apart, as spectra of any size see them.

    Args:
        components: of the recording
        f0_hz: (F,) pitch in Hz at the frames
        centres: (F,) samples that the frames lie around
        rate: samples per second
    """

    def __init__(self, components: Components, f0_hz: Tensor, centres: Tensor, rate: int) -> None:
        super().__init__()
        self.components, self.f0_hz, self.centres, self.rate = components, f0_hz, centres, rate

    def parts(self, spectrum: Spectrum, window: str = "") -> FrameParts:
        """Power of the frames in a spectrum; `window` tells apart those of one size."""
        return self.remembered((spectrum.n_fft, window), lambda: self._parts(spectrum))

    @torch.no_grad()
    def _parts(self, spectrum: Spectrum) -> FrameParts:
        tone, whole_noise = (
            self._spectra(signal, spectrum) for signal in (self.components.tone, self.components.noise.sum(0))
        )
        step = self.f0_hz[:, None] / spectrum.frequency_hz[1]
        number = (torch.arange(tone.shape[1]).to(step) / step).round().clamp(1, self.components.n_partials) - 1
        power = [_power(tone), 2.0 * (tone * whole_noise.conj()).real, _power(whole_noise)]
        return FrameParts(power[0], power[1], power[2], number.long(), band_weights(spectrum.frequency_hz, self.rate))

    def _spectra(self, signal: Tensor, spectrum: Spectrum) -> Tensor:
        """(N,) -> (F, bins) complex."""
        size = spectrum.n_fft
        padded = F.pad(signal, (size // 2, size))
        frames = padded.unfold(0, size, 1)[self.centres]
        return torch.fft.rfft(frames * (spectrum.window + spectrum.window_rest))


class PlayedFrames(NamedTuple):
    """Some frames of a recording with gains on them.

    Shapes: place (1, R) numbers of the frames; f0_hz (1, R); log_gains (1, R, P), or (1, R, 0) for none.
    """

    recorded: RecordedFrames
    place: Tensor
    f0_hz: Tensor
    log_gains: Tensor

    def frames(self, choose: Callable[[Tensor], Tensor]) -> "PlayedFrames":
        """What is chosen of them, from every tensor alike."""
        return PlayedFrames(self.recorded, choose(self.place), choose(self.f0_hz), choose(self.log_gains))

    def power(self, spectrum: Spectrum, window: str = "", rows: Tensor | None = None) -> Tensor:
        """(1, R, bins) power, or that of some rows."""
        place, gains = self.place[0], self.log_gains[0]
        if rows is not None:
            place, gains = place[rows], gains[rows]
        parts = self.recorded.parts(spectrum, window)
        tone_gains, noise_gains = gains.exp().split([self.recorded.components.n_partials, len(parts.bands)], -1)
        tone, noise = tone_gains.gather(1, parts.number[place]), noise_gains @ parts.bands
        power = tone * (tone * parts.tone[place] + noise * parts.both[place]) + noise.square() * parts.noise[place]
        return power.relu()[None]


class PlayedFramesSound(PlayedSound):
    """What descriptors hear of such frames."""

    def __init__(self, played: PlayedFrames) -> None:
        Memory.__init__(self)
        self.played, self.f0_hz, self.every = played, played.f0_hz, 1

    def power(self, spectrum: Spectrum) -> Tensor:
        """(1, R, bins) power."""
        return self.remembered(("power", spectrum.n_fft), lambda: self.played.power(spectrum))

    def lines(self, spectra: LineSpectra) -> HarmonicLines:
        """Harmonics and noise, each frame in the window that its pitch asks for."""
        return self.remembered(("lines", spectra.shortest.n_fft), lambda: self._lines(spectra))

    def _lines(self, spectra: LineSpectra) -> HarmonicLines:
        f0_hz = self.f0_hz[0]
        which = sum(((f0_hz < window.lowest_hz).long() for window in spectra.windows[:-1]), torch.zeros(()).long())
        parts, order = [], []
        for index, (spectrum, reach, _) in enumerate(spectra.windows):
            rows = (which == index).nonzero()[:, 0]
            if len(rows):
                power = self.power(spectrum)[:, rows] if index == 0 else self.played.power(spectrum, "line", rows)
                parts.append(harmonic_lines(power, f0_hz[None, rows], spectrum.frequency_hz, reach))
                order.append(rows)
        most = max(part.harmonics.shape[-1] for part in parts)
        harmonics = torch.cat([F.pad(part.harmonics, (0, most - part.harmonics.shape[-1])) for part in parts], 1)
        back = torch.cat(order).argsort()
        return HarmonicLines(harmonics[:, back], torch.cat([part.noise for part in parts], 1)[:, back])

    def measured_by(self, descriptor: object) -> Tensor:
        """Nothing: a descriptor that shares no spectrum cannot be turned."""
        raise NotImplementedError(f"{descriptor} is told from sound only.")


def _power(spectrum: Tensor) -> Tensor:
    return torch.view_as_real(spectrum).square().sum(-1)
