"""A sound and what has been computed of it, so that descriptors share it."""

from torch import Tensor

from synths.descriptors.harmonic_lines import HarmonicLines, harmonic_lines
from synths.spectrum import Spectrum


class Sound:
    """(B, N) audio and its (B, F) pitch in Hz; spectra and harmonic lines are computed when first asked for."""

    def __init__(self, audio: Tensor, f0_hz: Tensor) -> None:
        self.audio, self.f0_hz = audio, f0_hz
        self._power: dict[int, Tensor] = {}
        self._lines: dict[int, HarmonicLines] = {}

    def power(self, spectrum: Spectrum) -> Tensor:
        """(B, F, bins) power; spectra of one size are the same."""
        if spectrum.n_fft not in self._power:
            self._power[spectrum.n_fft] = spectrum(self.audio)
        return self._power[spectrum.n_fft]

    def lines(self, spectrum: Spectrum) -> HarmonicLines:
        """Harmonics and noise at the known pitch."""
        if spectrum.n_fft not in self._lines:
            lines = harmonic_lines(self.power(spectrum), self.f0_hz, spectrum.frequency_hz)
            self._lines[spectrum.n_fft] = lines
        return self._lines[spectrum.n_fft]
