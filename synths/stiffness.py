"""Stiff strings: where their partials lie, and how stiffness goes with pitch.

Partial k of a string of stiffness B lies at k f0 sqrt(1 + B k^2). Along a piano, B falls with the wound strings of the
bass and rises with the plain ones of the treble: with the MIDI number m of the pitch, B = exp(a m + b) + exp(c m + d)
(Rigaud et al. 2011).
"""

import math
from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor, nn

RIGAUD: Final = (0.0926, -13.64, -0.0847, -5.82)
"""Curve of a piano to begin with: slope and level of the treble, then of the bass."""
FREEDOM: Final = (0.03, 2.0, 0.06, 4.0)
"""How far the four numbers may lie from there before notes must insist."""
SCATTER: Final = 0.15
"""Nepers by which the strings of neighbouring notes differ."""
LOWEST_HZ, HIGHEST_HZ = 20.0, 8000.0
"""The curve is held outside."""
NOT_STIFF: Final = 1e-30
MOST_OFF: Final = 0.5
"""Nepers from the curve beyond which a note was misheard."""


class Stringed(Protocol):
    """What knows how stiff strings are."""

    def stiffness_of(self, f0_hz: Tensor) -> Tensor:
        """Pitches in Hz -> stiffness B of the string of each."""
        ...


class StringsListener(nn.Module):
    """What looks for partials where they are: at harmonics, unless it is told of strings."""

    def __init__(self) -> None:
        super().__init__()
        self._strings: list[Stringed] = []  # not as a module: it belongs to the synth

    def listen_for(self, strings: Stringed | None) -> None:
        """Look where the partials of stiff strings are, from now on; None is to look at the harmonics again."""
        self._strings = [] if strings is None else [strings]

    def stiffness_of(self, f0_hz: Tensor) -> Tensor | None:
        """Pitches in Hz -> stiffness of their strings, if it was told of some."""
        return self._strings[0].stiffness_of(f0_hz).detach() if self._strings else None


def stiffness_on(curve: Tensor, f0_hz: Tensor, deviations: Tensor | None = None) -> Tensor:
    """Stiffness B of the string of each pitch.

    Args:
        curve: (4,)
        f0_hz: of any shape
        deviations: (128,) nepers by which the strings of each MIDI number are stiffer than the curve, in lines between
    """
    curve = curve.to(f0_hz)
    number = 69.0 + 12.0 * torch.log2(f0_hz.clamp(LOWEST_HZ, HIGHEST_HZ) / 440.0)
    smooth = (curve[0] * number + curve[1]).exp() + (curve[2] * number + curve[3]).exp()
    if deviations is None:
        return smooth
    below = number.detach().long()
    first, second = deviations.to(f0_hz)[below], deviations.to(f0_hz)[below + 1]
    return smooth * torch.lerp(first, second, number - below).exp()


def stretch(number: Tensor, stiffness: Tensor) -> Tensor:
    """Number of a partial, stiffness of its string -> its frequency over the pitch, in the shape of both."""
    return number * (1.0 + stiffness * number.square()).sqrt()


def number_of(ratio: Tensor, stiffness: Tensor) -> Tensor:
    """Frequency over pitch, stiffness -> number of the partial that lies there: `stretch` backwards, not rounded."""
    # (sqrt(1 + 4 B r^2) - 1) / (2 B), written without the difference of nearly equal numbers
    return ratio * (2.0 / (1.0 + (1.0 + 4.0 * stiffness * ratio.square()).sqrt())).sqrt()


def one_stiffness(stiffness: float) -> tuple[float, float, float, float]:
    """The curve of strings that are all as stiff as each other."""
    level = math.log(max(stiffness, NOT_STIFF))
    return 0.0, level, 0.0, -200.0


def fitted_curve(f0_hz: np.ndarray, stiffness: np.ndarray) -> tuple[float, float, float, float]:
    """(n,) pitches of notes in Hz and their measured stiffness -> the curve through them, a piano's where none are.

    The least sum of logarithmic deviations, of which outliers hardly count, and of the curve's own from `RIGAUD`.
    """
    from scipy.optimize import least_squares  # which is slow to import, and only training asks for it

    number = 69.0 + 12.0 * np.log2(f0_hz / 440.0)
    start, freedom, measured = np.array(RIGAUD), np.array(FREEDOM), np.log(stiffness)

    def deviations(curve: np.ndarray) -> np.ndarray:
        levels = np.logaddexp(curve[0] * number + curve[1], curve[2] * number + curve[3])
        return np.concatenate([(levels - measured) / SCATTER, (curve - start) / freedom])

    found = least_squares(deviations, start, loss="soft_l1", x_scale=freedom).x
    return float(found[0]), float(found[1]), float(found[2]), float(found[3])


def deviations_from(curve: tuple[float, float, float, float], f0_hz: np.ndarray, stiffness: np.ndarray) -> np.ndarray:
    """(n,) notes -> (128,) nepers by which the strings of each MIDI number are stiffer than the curve.

    A piano's strings change in steps from note to note, which four numbers cannot follow. The median of a number's
    notes, less of it where they are few; in lines between numbers, and gone an octave beyond the last.
    """
    smooth = stiffness_on(torch.tensor(curve, dtype=torch.float64), torch.from_numpy(f0_hz.astype(float))).numpy()
    number, off = np.rint(69.0 + 12.0 * np.log2(f0_hz / 440.0)), np.log(stiffness / smooth)
    heard = np.unique(number)
    of_each = [off[number == each] for each in heard]
    middle = [float(np.median(those)) * len(those) / (len(those) + 0.5) for those in of_each]
    places = np.concatenate([[heard[0] - 12.0], heard, [heard[-1] + 12.0]])
    known = np.clip(np.concatenate([[0.0], middle, [0.0]]), -MOST_OFF, MOST_OFF)
    return np.interp(np.arange(128.0), places, known)
