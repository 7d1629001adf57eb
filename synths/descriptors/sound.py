"""A sound, heard or played, and what has been computed of it, so that descriptors share it."""

from collections.abc import Callable, Hashable
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor

from synths.descriptors.harmonic_lines import HarmonicLines
from synths.descriptors.line_spectra import LineSpectra
from synths.layers import Layers
from synths.spectrum import Spectrum

T = TypeVar("T")


class Measuring(Protocol):
    """What can be measured of both kinds of sound: `Descriptor` says how."""

    def measure(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """Readings of (B, N) audio with its (B, F) pitch in Hz."""
        ...

    def measure_layers(self, layers: Layers) -> Tensor:
        """Readings of what a synth plays."""
        ...


class Memory:
    """What has been computed of one thing, each when first asked for."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Any] = {}

    def remembered(self, name: Hashable, compute: Callable[[], T]) -> T:
        """What `compute` gives; the name holds all that it depends on besides the thing itself."""
        # What was computed without a graph is of no use where gradients are wanted.
        key = name, torch.is_grad_enabled()
        if key not in self._known:
            self._known[key] = compute()
        return self._known[key]


class HeardSound(Memory):
    """(B, N) audio and its (B, F) pitch in Hz, and what is remembered of them.

    Args:
        audio: (B, N)
        f0_hz: (B, F)
        every: look at one frame of so many: F / every of them, rounded up
    """

    def __init__(self, audio: Tensor, f0_hz: Tensor, every: int = 1) -> None:
        super().__init__()
        self.audio, self.every = audio, every
        self.f0_hz, self.all_f0_hz = f0_hz[:, ::every], f0_hz

    def power(self, spectrum: Spectrum) -> Tensor:
        """(B, F, bins) power; spectra of one size are the same."""
        return self.remembered(("power", spectrum.n_fft), lambda: spectrum(self.audio, self.every))

    def lines(self, spectra: LineSpectra) -> HarmonicLines:
        """Harmonics and noise at the known pitch; those of spectra with one shortest window are the same."""
        return self.remembered(
            ("lines", spectra.shortest.n_fft),
            lambda: spectra(self.audio, self.f0_hz, self.every, lambda: self.power(spectra.shortest)),
        )

    def measured_by(self, descriptor: Measuring) -> Tensor:
        """What a descriptor that shares nothing measures of it."""
        return descriptor.measure(self.audio, self.all_f0_hz)[:, :: self.every]


class PlayedSound(Memory):
    """What a synth plays, as a `HeardSound` without a window's smear."""

    def __init__(self, layers: Layers, every: int = 1) -> None:
        super().__init__()
        self.layers = layers.every(every)
        self.f0_hz, self.all_layers, self.every = self.layers.f0_hz, layers, every

    def power(self, spectrum: Spectrum) -> Tensor:
        """(B, F, bins) power."""
        return self.remembered(("power", spectrum.n_fft), lambda: spectrum.of_layers(self.layers))

    def lines(self, spectra: LineSpectra) -> HarmonicLines:
        """Harmonics and noise as they are played."""
        spectrum = spectra.shortest
        return self.remembered(
            ("lines", spectrum.n_fft),
            lambda: HarmonicLines(
                self.layers.partials_power(spectra.stiffness_of(self.f0_hz)),
                spectrum.of_layers(self.layers.noise_alone).sum(-1),
            ),
        )

    def measured_by(self, descriptor: Measuring) -> Tensor:
        """What a descriptor that shares nothing measures of it."""
        return descriptor.measure_layers(self.all_layers)[:, :: self.every]
