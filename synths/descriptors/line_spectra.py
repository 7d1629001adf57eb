"""Spectra that hold the harmonics of a pitch apart: the lower it is, the longer the window."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synths.clip import ClipFormat
from synths.descriptors.harmonic_lines import HarmonicLines, harmonic_lines
from synths.spectrum import Spectrum
from synths.stiffness import StringsListener

LOWEST_HZ = 27.5
"""A0: the longest window holds its harmonics apart."""
_SAMPLES_TOGETHER = 1 << 19  # of the frames that are transformed at a time: they stay in the cache of a core


def nuttall(size: int) -> Tensor:
    """(size,) window of three terms, whose side lobes stay 64 dB down (Nuttall 1981)."""
    return torch.signal.windows.general_cosine(size, a=[0.40897, 0.5, 0.09103], sym=False, dtype=torch.float64)


class Window(NamedTuple):
    """A spectrum, the bins to either side that hold its main lobe, and the lowest pitch that it holds apart."""

    spectrum: Spectrum
    reach: int
    lowest_hz: float


class LineSpectra(StringsListener):
    """Harmonics and noise of every frame, each read in the shortest window that holds its harmonics apart.

    From 14 bins from harmonic to harmonic a Hann window does, whose spectrum others want too; from 7 bins Nuttall's as
    long; then windows double. At 16 kHz that is 64 ms from 110 Hz upwards, 128 ms from 55 Hz, 256 ms below.

    Args:
        clip: format of the run
        window_s: shortest window; rounded up to a power of two samples
    """

    def __init__(self, clip: ClipFormat, window_s: float = 0.05) -> None:
        super().__init__()
        self.shortest = Spectrum(clip, window_s)
        sizes = [self.shortest.n_fft]
        while 7.0 * clip.sample_rate / sizes[-1] > LOWEST_HZ:
            sizes.append(2 * sizes[-1])
        self.longer = nn.ModuleList(Spectrum(clip, size / clip.sample_rate, nuttall) for size in sizes)
        lowest_hz = [14.0 * clip.sample_rate / sizes[0], *(7.0 * clip.sample_rate / size for size in sizes)]
        self.reaches = list(zip((2, *[3] * len(sizes)), lowest_hz, strict=True))

    @property
    def windows(self) -> list[Window]:
        """From the shortest to the longest."""
        spectra = (self.shortest, *self.longer)
        return [Window(spectrum, *reach) for spectrum, reach in zip(spectra, self.reaches, strict=True)]

    def forward(self, audio: Tensor, f0_hz: Tensor, every: int, power: Callable[[], Tensor]) -> HarmonicLines:
        """Lines of every `every`-th frame.

        Args:
            audio: (B, N)
            f0_hz: (B, F) pitch in Hz of those frames
            every: so many
            power: gives what the shortest spectrum measures of them, (B, F, bins), when it is needed
        """
        longer = [(f0_hz < window.lowest_hz).long() for window in self.windows[:-1]]
        which = sum(longer, torch.zeros_like(f0_hz, dtype=torch.long))
        parts = []
        for index, (spectrum, reach, _) in enumerate(self.windows):
            here = which == index
            for rows in _a_few(here, spectrum.n_fft):
                heard = _rows(power(), rows) if index == 0 else spectrum(_rows(audio, rows), every)
                pitch = _rows(f0_hz, rows)
                lines = harmonic_lines(heard, pitch, spectrum.frequency_hz, reach, self.stiffness_of(pitch))
                parts.append((rows, _rows(here, rows), lines))
        return parts[0][2] if len(parts) == 1 else _together(parts, f0_hz)


def _a_few(here: Tensor, size: int) -> Sequence[Tensor]:
    """(B, F) where a window of so many samples is wanted -> rows of the batch to transform at a time."""
    rows = torch.arange(len(here), device=here.device)
    if here.device.type != "cpu":  # it should not wait to learn which clips need this window: it takes all of them
        return [rows]
    rows = rows[here.any(1)]
    return rows.split(max(1, _SAMPLES_TOGETHER // (here.shape[1] * size))) if len(rows) else []


def _rows(values: Tensor, rows: Tensor) -> Tensor:
    """Some rows of (B, ...), without a copy where it is all."""
    return values if len(rows) == len(values) else values[rows]


def _together(parts: Sequence[tuple[Tensor, Tensor, HarmonicLines]], like: Tensor) -> HarmonicLines:
    """Rows (R,) of the batch, (R, F) where their lines count, and the lines -> those of all (B, F) frames.

    Fewer harmonics than another part has are followed by zeros.
    """
    n_harmonics = max(lines.harmonics.shape[-1] for _, _, lines in parts)
    padded = [F.pad(lines.harmonics, (0, n_harmonics - lines.harmonics.shape[-1])) for _, _, lines in parts]
    n_frames, n_before = like.shape[1], 0
    place = torch.zeros_like(like, dtype=torch.long)
    for rows, here, _ in parts:
        its_place = (n_before + torch.arange(len(rows), device=like.device))[:, None].expand(-1, n_frames)
        place[rows] = torch.where(here, its_place, place[rows])
        n_before += len(rows)
    flat = (place * n_frames + torch.arange(n_frames, device=like.device)).flatten()
    harmonics = torch.cat(padded).flatten(0, 1).index_select(0, flat).unflatten(0, like.shape)
    noise = torch.cat([lines.noise for _, _, lines in parts]).flatten().index_select(0, flat).unflatten(0, like.shape)
    return HarmonicLines(harmonics, noise)
