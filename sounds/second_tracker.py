"""Which tracker checks another: its own slips a tracker cannot hear."""

from importlib.util import find_spec

from sounds.librosa_yin import LibrosaYin
from sounds.pitch import PitchTracker, SwiftF0


def second_tracker(first: PitchTracker) -> PitchTracker:
    """SwiftF0, where it is installed and is not the first itself; otherwise librosa's YIN."""
    return LibrosaYin() if isinstance(first, SwiftF0) or find_spec("swift_f0") is None else SwiftF0()
