"""Peaks that stand out from their surroundings, as the MIR toolbox picks them."""

from itertools import pairwise

import numpy as np


def contrasting_peaks(curve: np.ndarray, contrast: float) -> np.ndarray:
    """(n,) curve within 0..1 -> places of its peaks, the highest first.

    A peak is a maximum of at least `contrast` with a valley at least that deep before the next; of maxima without such
    a valley between them the highest is kept (Lartillot & Toiviainen 2007, `mirpeaks`).
    """
    edged = np.concatenate([[-2.0], curve, [-2.0]])
    rise = np.diff(edged)
    candidates = np.flatnonzero((curve >= contrast) & (rise[:-1] > 0.0) & (rise[1:] <= 0.0))
    if not len(candidates):
        return candidates
    peaks, current, floor, valley = [], candidates[0], -2.0, 2.0
    for before, place in pairwise(candidates):
        # The reference stops short of the last sample before a maximum, and never at less than the first.
        valley = min(valley, curve[before : max(place - 1, before + 1)].min())
        notch = curve[current] - valley >= contrast
        if notch and curve[current] - floor >= contrast:
            peaks.append(current)
            floor = valley
        else:
            floor = min(floor, valley)
        if notch or curve[place] > curve[current]:
            current, valley = place, 2.0
    if curve[current] - floor >= contrast:
        peaks.append(current)
    return np.array(sorted(peaks, key=lambda place: -curve[place]), dtype=int)


def refined(places: np.ndarray, curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of peaks in a curve -> their places and heights on parabolas through three points."""
    inner = places.clip(1, len(curve) - 2)
    before, top, after = curve[inner - 1], curve[inner], curve[inner + 1]
    bend = 2.0 * top - before - after
    shift = np.where((inner == places) & (bend > 0.0), 0.5 * (after - before) / np.maximum(bend, 1e-300), 0.0)
    return places + shift, curve[places] + 0.25 * (after - before) * shift
