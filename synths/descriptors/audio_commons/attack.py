"""When and how fast a note begins, as the AudioCommons hardness measures it."""

import numpy as np

HOLD_S, DECAY_S, LONGEST_S = 0.01, 0.1, 0.1
N_STEPS, PATIENCE = 8, 3.0


def held_envelope(sound: np.ndarray, sample_rate: int) -> np.ndarray:
    """(N,) sound -> (N,) peaks of its magnitude, each held for 10 ms and then let down, in 100 ms from the highest."""
    magnitude = np.abs(sound)
    step, hold = magnitude.max() / (DECAY_S * sample_rate), HOLD_S * sample_rate
    envelope, level, held = [], 0.0, 0
    for value in magnitude.tolist():
        if value >= level:
            level, held = value, 0
        elif held < hold:
            held += 1
        else:
            level = max(level - step, value)
        envelope.append(level)
    return np.array(envelope)


def rise(curve: np.ndarray) -> tuple[int, np.ndarray]:
    """Any curve -> where its lowest point before its peak lies, and the curve from there to the peak, scaled to 0..1.

    Nothing, (0, empty), where it begins with its peak.
    """
    peak = int(curve.argmax())
    if not peak:
        return 0, curve[:0]
    start = int(np.flatnonzero(curve[:peak] == curve[:peak].min())[-1])
    part = curve[start : peak + 1]
    return start, (part - part[0]) / (part[-1] - part[0])


def attack(envelope: np.ndarray, sample_rate: int) -> tuple[int, float]:
    """(N,) envelope -> sample at which its attack starts, and its seconds, 0.1 at most.

    The weakest-effort method (Peeters 2004, the CUIDADO report): the rise in steps of 10 %, from the first step that
    takes no more than three times their mean to the next that does, or like the reference to 80 %.
    """
    start, part = rise(envelope)
    reached = np.array([int((part >= level).argmax()) for level in np.linspace(0.1, 0.9, N_STEPS + 1)])
    effort = np.diff(reached)
    limit = PATIENCE * effort.mean()
    first = int((effort <= limit).argmax())
    last = int((effort[first:] >= limit).argmax()) or len(effort) - first - 1
    begin, end = reached[first], reached[first + last]
    if begin == end:
        begin, end = reached[0], reached[-1]
    n_samples = min(end - begin + 1, int(LONGEST_S * sample_rate) + 1)
    return start + int(begin), float(n_samples) / sample_rate
