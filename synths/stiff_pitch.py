"""Pitch and stiffness of one note, heard from where its partials lie."""

from typing import Final, NamedTuple

import numpy as np

WINDOW_S: Final = 1.6
"""So much of the note is looked at, from a little after its loudest moment on."""
SHORTEST_S: Final = 0.25
AFTER_ONSET_S: Final = 0.05
MOST_PARTIALS: Final = 40
FEWEST_PARTIALS: Final = 4
"""Fewer do not tell stiffness from a wrong pitch."""
CENTS: Final = np.arange(-48.0, 49.0, 3.0)
"""The tracked pitch may be so far off."""
STIFFNESSES: Final = np.concatenate([[0.0], np.geomspace(2e-5, 2e-2, 40)])
PROMINENT: Final = 4.0
"""Amplitude of a peak over the median around it."""
NEAR: Final = 0.3
"""Share of the way to the next partial in which a peak is looked for."""
N_PASSES: Final = 4


class StiffNote(NamedTuple):
    """A note as its partials tell it: pitch in Hz, stiffness B (at least 0), and from how many partials."""

    f0_hz: float
    stiffness: float
    n_partials: int


def stiff_note(audio: np.ndarray, sample_rate: int, f0_hz: float) -> StiffNote | None:
    """Listen for a stiff string; None where too few partials stand out.

    A coarse search over pitch and stiffness, then a weighted regression of (f_k / k)^2 on k^2: its intercept is the
    pitch squared, its slope that times the stiffness. Peaks are picked again around what it says.

    Args:
        audio: (N,) one note
        sample_rate: in Hz
        f0_hz: its pitch, half a semitone off at most
    """
    spectrum, step_hz = _spectrum(audio, sample_rate, f0_hz)
    if not len(spectrum):
        return None
    note, n_partials = _coarsely(spectrum, step_hz, f0_hz), 6
    for _ in range(N_PASSES):
        number, peak_hz, weight = _peaks(spectrum, step_hz, note, n_partials)
        if len(number) < min(FEWEST_PARTIALS, n_partials):
            return None
        found = _regressed(number, peak_hz, weight)
        if found is None or abs(np.log2(found.f0_hz / f0_hz)) > 1 / 18:
            return None
        note, n_partials = found, min(MOST_PARTIALS, round(1.8 * n_partials))
    return note


def _spectrum(audio: np.ndarray, sample_rate: int, f0_hz: float) -> tuple[np.ndarray, float]:
    """Amplitudes over the median around them, and Hz per bin; nothing where the note is too short for its pitch."""
    if not len(audio):
        return np.zeros(0), 1.0
    envelope = np.abs(audio)
    start = int(np.argmax(envelope)) + round(AFTER_ONSET_S * sample_rate)
    piece = audio[start : start + round(WINDOW_S * sample_rate)].astype(np.float64)
    sounding = np.flatnonzero(np.abs(piece) > 1e-3 * envelope.max(initial=0.0))
    piece = piece[: sounding[-1] + 1] if len(sounding) else piece[:0]
    if len(piece) < max(SHORTEST_S, 8.0 / f0_hz) * sample_rate:
        return np.zeros(0), 1.0
    size = 1 << (2 * len(piece) - 1).bit_length()
    amplitudes = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), size))
    block = max(8, round(f0_hz * size / sample_rate))
    n_blocks = -(-len(amplitudes) // block)
    medians = np.median(np.resize(amplitudes, (n_blocks, block)), axis=1)
    centres = (np.arange(n_blocks) + 0.5) * block
    floor = np.interp(np.arange(len(amplitudes)), centres, medians)
    return amplitudes / np.maximum(floor, 1e-9 * amplitudes.max()), sample_rate / size


def _coarsely(spectrum: np.ndarray, step_hz: float, f0_hz: float) -> StiffNote:
    """The pitch and stiffness of a grid at whose partials most stands out."""
    pitch_hz = f0_hz * 2.0 ** (CENTS / 1200.0)
    number = np.arange(1, 17)
    ratio = number * np.sqrt(1.0 + STIFFNESSES[:, None] * number**2)
    bins = np.rint(pitch_hz[:, None, None] * ratio / step_hz).astype(int)
    inside = bins < len(spectrum)
    score = (np.log(np.maximum(spectrum[np.minimum(bins, len(spectrum) - 1)], 1.0)) * inside).sum(-1)
    at = np.unravel_index(int(np.argmax(score)), score.shape)
    return StiffNote(float(pitch_hz[at[0]]), float(STIFFNESSES[at[1]]), 0)


def _peaks(
    spectrum: np.ndarray, step_hz: float, note: StiffNote, n_partials: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers, frequencies in Hz and weights of the partials that stand out near where the note has them."""
    found = []
    for number in range(1, n_partials + 1):
        centre = note.f0_hz * number * np.sqrt(1.0 + note.stiffness * number**2) / step_hz
        reach = max(3.0, min(NEAR * note.f0_hz, 0.012 * centre * step_hz) / step_hz)
        first, last = int(centre - reach), int(centre + reach) + 2
        if first < 1 or last >= len(spectrum):
            break
        at = first + int(np.argmax(spectrum[first:last]))
        below, here, above = np.log(np.maximum(spectrum[at - 1 : at + 2], 1e-12))
        if here < np.log(PROMINENT) or not (here >= below and here >= above):
            continue
        curve = below - 2.0 * here + above
        shift = 0.5 * (below - above) / curve if curve < 0 else 0.0
        found.append((number, (at + shift) * step_hz, min(here, 4.0)))
    numbers, peaks_hz, weights = np.array(found, dtype=float).reshape(-1, 3).T
    return numbers, peaks_hz, weights


def _regressed(number: np.ndarray, peak_hz: np.ndarray, weight: np.ndarray) -> StiffNote | None:
    """The line through (f_k / k)^2 over k^2; peaks that lie astray are left out once."""
    kept = np.ones(len(number), dtype=bool)
    for _ in range(3):
        x, y = number[kept] ** 2, (peak_hz[kept] / number[kept]) ** 2
        w = weight[kept] * number[kept] ** 2  # an error of one frequency weighs 1 / k in its (f_k / k)^2
        mean_x, mean_y = np.average(x, weights=w), np.average(y, weights=w)
        spread = np.average((x - mean_x) ** 2, weights=w)
        slope = np.average((x - mean_x) * (y - mean_y), weights=w) / spread if spread > 0 else 0.0
        intercept = mean_y - slope * mean_x
        if intercept <= 0:
            return None
        said = number * np.sqrt(np.maximum(intercept + slope * number**2, 1e-9))
        off = np.abs(peak_hz - said)
        kept = off <= np.maximum(3.0 * np.median(off), 1e-4 * peak_hz)
    return StiffNote(float(np.sqrt(intercept)), max(float(slope / intercept), 0.0), int(kept.sum()))
