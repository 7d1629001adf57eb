"""Knobs of ways to play a frame and of the sound that was played, read in one go."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from synths.descriptors.harmonic_lines import MEAN_OVER_LOG_MEAN, HarmonicLines, harmonic_lines
from synths.descriptors.line_spectra import LineSpectra, Window
from synths.descriptors.sound import PlayedSound
from synths.layers import Layers
from synths.spectrum import Spectrum


class Ears(NamedTuple):
    """A sound as it was last heard whole, in every window of `LineSpectra`.

    Attributes:
        power: (B, 1, bins) in the shortest
        lines: harmonics and noise in that which the pitch wants
    """

    power: Tensor
    lines: HarmonicLines

    @classmethod
    def of(cls, spectra: LineSpectra, frames: list[Tensor], f0_hz: list[Tensor], which: Tensor) -> "Ears":
        """Listen.

        Args:
            spectra: its windows
            frames: (B, n_fft) samples for each
            f0_hz: (B, 1) pitch for each
            which: (B,) the window that counts
        """
        powers = [_power(window, part) for window, part in zip(spectra.windows, frames, strict=True)]
        each = zip(spectra.windows, powers, f0_hz, strict=True)
        lines = [harmonic_lines(power, pitch, w.spectrum.frequency_hz, w.reach) for w, power, pitch in each]
        most = max(found.harmonics.shape[-1] for found in lines)
        harmonics, noise = _as_wide(lines[0].harmonics, most), lines[0].noise
        for index, found in enumerate(lines[1:], start=1):
            here = (which == index)[:, None]
            harmonics = torch.where(here[..., None], _as_wide(found.harmonics, most), harmonics)
            noise = torch.where(here, found.noise, noise)
        return cls(powers[0], HarmonicLines(harmonics, noise))


class PlayedAndHeard(PlayedSound):
    """Frames that are played, and behind them one that was heard: in place of the last, which is played too.

    A descriptor that shares nothing takes that for the one that was heard.

    Args:
        in_short: (B, n) as the shortest window sees them
        in_long: as the window sees them that holds the harmonics apart
        spectra: what reads harmonics and noise
        ears: the frame that was heard
    """

    def __init__(self, in_short: Layers, in_long: Layers, spectra: LineSpectra, ears: Ears) -> None:
        super().__init__(in_short)
        self.in_long, self.spectra, self.ears = in_long, spectra, ears

    def power(self, spectrum: Spectrum) -> Tensor:
        """(B, n, bins) power."""
        if spectrum.n_fft != self.spectra.shortest.n_fft:
            return super().power(spectrum)
        return self.remembered(
            "both", lambda: torch.cat([spectrum.of_layers(_played(self.layers)), self.ears.power], 1)
        )

    def lines(self, spectra: LineSpectra) -> HarmonicLines:
        """Harmonics as they are played, noise as it will be found between them."""
        return self.remembered("both lines", self._lines)

    def _lines(self) -> HarmonicLines:
        spectrum, played = self.spectra.shortest, _played(self.in_long)
        between = harmonic_lines(
            spectrum.of_layers(played.noise_alone), played.f0_hz, spectrum.frequency_hz, self.spectra.windows[0].reach
        )
        harmonics, heard = played.harmonics_power, self.ears.lines
        most = max(harmonics.shape[-1], heard.harmonics.shape[-1])
        return HarmonicLines(
            torch.cat([_as_wide(harmonics, most), _as_wide(heard.harmonics, most)], dim=1),
            torch.cat([between.noise / MEAN_OVER_LOG_MEAN, heard.noise], dim=1),
        )


def _played(layers: Layers) -> Layers:
    return layers.frames(lambda values: values[:, :-1])


def _as_wide(harmonics: Tensor, width: int) -> Tensor:
    return F.pad(harmonics, (0, width - harmonics.shape[-1]))


def _power(window: Window, frames: Tensor) -> Tensor:
    """(B, n_fft) samples -> (B, 1, bins) power, as `Spectrum` defines it."""
    spectrum = window.spectrum
    transformed = torch.fft.rfft(frames * (spectrum.window + spectrum.window_rest))
    return torch.view_as_real(transformed).square().sum(-1)[:, None]
