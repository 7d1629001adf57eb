"""How loud a note is at its loudest, by how hard it is played and by its pitch."""

from collections.abc import Sequence

import numpy as np

from instrument.played_notes import PlayedNote

FEWEST = 24


def level_fit(notes: Sequence[PlayedNote]) -> list[float] | None:
    """Least squares of the top level in dB: constant, velocity (0..1), octaves above middle C, and their square.

    Returns:
        the four numbers; None where notes do not say how hard they were played, or all were alike
    """
    told = [note for note in notes if not np.isnan(note.velocity)]
    velocities = np.array([note.velocity for note in told])
    if len(told) < FEWEST or velocities.std() < 0.05:
        return None
    octaves = np.array([(note.midi - 60.0) / 12.0 for note in told])
    tops = np.array([note.level_db.max() for note in told])
    terms = np.stack([np.ones_like(octaves), velocities, octaves, octaves**2], axis=1)
    return [round(float(number), 3) for number in np.linalg.lstsq(terms, tops, rcond=None)[0]]
