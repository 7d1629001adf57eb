"""Every pitch tracker that there is."""

from sounds.pitch import PitchTracker, SwiftF0
from sounds.yin import Yin

TRACKERS: tuple[type[PitchTracker], ...] = (Yin, SwiftF0)
"""The default first."""
