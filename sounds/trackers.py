"""Every pitch tracker that there is."""

from sounds.pitch import PitchTracker, SwiftF0
from sounds.yin import Yin
from sounds.yin_strings import YinStrings

TRACKERS: tuple[type[PitchTracker], ...] = (Yin, SwiftF0, YinStrings)
"""The default first."""
