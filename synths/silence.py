"""Digital silence: samples that are nothing."""

import numpy as np
from scipy.ndimage import binary_dilation, binary_opening, uniform_filter1d

NOTHING = 1e-5
"""A third of a step of 16 bits."""
LASTING_S = 0.005
"""Samples that are nothing for so long are silence; a wave that crosses zero stays there for less."""
NEAR_S = 0.004
"""How long the slope from silence to sound lasts."""


def sound_there(audio: np.ndarray, rate: int) -> np.ndarray:
    """(N,) as recorded -> (N,) 0 where nothing was, for 5 ms and more, and 1 elsewhere, with slopes within nothing."""
    near = round(NEAR_S * rate)
    silent = binary_opening(np.abs(audio) < NOTHING, np.ones(round(LASTING_S * rate), bool))
    there: np.ndarray = uniform_filter1d(binary_dilation(~silent, np.ones(near + 1, bool)).astype(np.float64), near + 1)
    return there
