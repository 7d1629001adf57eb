"""Knobs of ways to play a frame and of the sound that was played, read in one go."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synths.descriptors.harmonic_lines import (
    CLOSEST,
    MEAN_OVER_LOG_MEAN,
    Bins,
    HarmonicLines,
    harmonic_lines,
    lines_in,
)
from synths.descriptors.line_spectra import LineSpectra
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


class WindowEars(nn.Module):
    """Hears the end of a sound in the shortest window, and in the one that the pitch wants.

    All windows are heard by one transform, as long as the longest: in a shorter one, every second, fourth ... bin of it
    is what that window's own would say.

    Args:
        spectra: its windows
        half_frames: how many frames before the end each window's middle lies
        hop: samples per frame
    """

    window: Tensor
    place: Tensor
    last: Tensor
    reach: Tensor
    step: Tensor
    bin_hz: Tensor

    def __init__(self, spectra: LineSpectra, half_frames: Sequence[int], hop: int) -> None:
        super().__init__()
        each = [w.spectrum for w in spectra.windows]
        self.size = max(spectrum.n_fft for spectrum in each)
        starts = [half * hop + spectrum.n_fft // 2 for half, spectrum in zip(half_frames, each, strict=True)]
        self.n_samples, self.shortest = max(starts), spectra.shortest
        self.ends = self.n_samples - starts[0], self.n_samples - starts[0] + self.shortest.n_fft
        places = [torch.arange(self.size) + self.n_samples - start for start in starts]
        padded = [F.pad(spectrum.window.cpu(), (0, self.size - spectrum.n_fft)) for spectrum in each]
        numbers = {
            "window": torch.stack(padded),
            "place": torch.stack(places).clamp_max(self.n_samples - 1),
            "last": torch.tensor([spectrum.n_fft // 2 for spectrum in each])[:, None, None],
            "reach": torch.tensor([w.reach for w in spectra.windows])[:, None, None],
            "step": torch.tensor([self.size // spectrum.n_fft for spectrum in each])[:, None, None],
            "bin_hz": torch.stack([spectrum.frequency_hz[1].cpu() for spectrum in each]),
        }
        for name, values in numbers.items():
            self.register_buffer(name, values, persistent=False)
        self.widest = max(w.reach for w in spectra.windows)
        self._spectra = [spectra]  # not as a module: it knows of strings

    def forward(self, sound: Tensor, f0_hz: Tensor, which: Tensor) -> Ears:
        """(B, n_samples), (B, 1) its pitch then, (B,) window that it wants -> what is heard."""
        short = _power(sound[:, slice(*self.ends)], self.shortest.window + self.shortest.window_rest)
        power = _power(sound.gather(1, self.place[which]), self.window[which])
        bins = Bins(self.last[which], self.reach[which], self.step[which], self.widest, int(self.size / 2 / CLOSEST))
        stiffness = self._spectra[0].stiffness_of(f0_hz)
        return Ears(short, lines_in(power, f0_hz / self.bin_hz[which][:, None], bins, stiffness))


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
        played = _but_the_last(self.layers)
        return self.remembered("both", lambda: torch.cat([spectrum.of_layers(played), self.ears.power], dim=1))

    def lines(self, spectra: LineSpectra) -> HarmonicLines:
        """Harmonics as they are played, noise as it will be found between them."""
        return self.remembered("both lines", self._lines)

    def _lines(self) -> HarmonicLines:
        spectrum, played = self.spectra.shortest, _but_the_last(self.in_long)
        stiffness = self.spectra.stiffness_of(played.f0_hz)
        between = harmonic_lines(
            *(spectrum.of_layers(played.noise_alone), played.f0_hz, spectrum.frequency_hz),
            *(self.spectra.windows[0].reach, stiffness),
        )
        harmonics, heard = played.partials_power(stiffness), self.ears.lines
        most = max(harmonics.shape[-1], heard.harmonics.shape[-1])
        return HarmonicLines(
            torch.cat([_as_wide(harmonics, most), _as_wide(heard.harmonics, most)], dim=1),
            torch.cat([between.noise / MEAN_OVER_LOG_MEAN, heard.noise], dim=1),
        )


def _but_the_last(layers: Layers) -> Layers:
    return layers.frames(lambda values: values[:, :-1])


def _as_wide(harmonics: Tensor, width: int) -> Tensor:
    return F.pad(harmonics, (0, width - harmonics.shape[-1]))


def _power(frames: Tensor, window: Tensor) -> Tensor:
    """(B, n) samples, (n,) or (B, n) window -> (B, 1, bins) power, as `Spectrum` defines it."""
    return torch.view_as_real(torch.fft.rfft(frames * window)).square().sum(-1)[:, None]
