"""Does more asked give more heard: a knob at three positions, and the three ways to order a pair of them."""

import numpy as np

from evaluation.control.sweeps import KnobSweeps

LOW, MIDDLE, HIGH = 0.2, 0.5, 0.8
"""Positions at which the published test asks."""

TOLERANCE = 1e-6
"""How far a swept position may lie from one of them."""


def ordering_tests(sweeps: KnobSweeps) -> np.ndarray:
    """Whether low < high (E1), middle < high (E2) and low < middle (E3) come out right, all other knobs held.

    The feature coherence test of Ramires et al., "Neural percussive synthesis parameterised by high-level timbral
    features", ICASSP 2020, sec. 5, which DrumGAN (Nistal et al., 2020) and StyleWaveGAN (Lavault et al., 2022) repeat.
    Which of the three pairs bears which number is this project's reading. The published test knows no reachability,
    hence neither does this one: requests that a note cannot meet are in it.

    Shapes: sweeps of N notes and K knobs -> (N, K, 3); 1 right, 0 wrong, 0.5 a tie (a deaf knob scores chance), NaN
    where one of the two sounds could not be measured. Raises ValueError if the sweeps skip one of the positions.
    """
    measured = sweeps.of_knob()
    low, middle, high = (measured[..., _index(sweeps.positions, position)] for position in (LOW, MIDDLE, HIGH))
    rises = np.stack([high - low, high - middle, middle - low], axis=-1)
    return (1 + np.sign(rises)) / 2


def _index(positions: np.ndarray, position: float) -> int:
    """Where a position stands among those swept."""
    nearest = int(np.abs(positions - position).argmin())
    if abs(positions[nearest] - position) > TOLERANCE:
        raise ValueError(
            f"positions lacks {position}, at which the ordering tests ask: sweep {LOW}, {MIDDLE} and {HIGH} as well"
        )
    return nearest
