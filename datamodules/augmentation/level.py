"""Louder or softer."""

from datamodules.augmentation.augmentation import Augmentation
from datamodules.augmentation.draws import Draws
from synths.clip import Clip, ClipFormat


class Level(Augmentation):
    """A gain of the whole clip.

    Args:
        lowest_db: the smallest gain, -80 to 40
        highest_db: the largest gain; above 0 the audio may go beyond -1..1
        chance: that a clip is changed at all, 0 to 1
    """

    def __init__(self, lowest_db: float = -18.0, highest_db: float = 0.0, chance: float = 0.5) -> None:
        super().__init__(chance)
        self.gain_db = self.between("a gain in dB", lowest_db, highest_db, -80, 40)

    def change(self, clips: Clip, clip: ClipFormat, draws: Draws) -> Clip:
        """Audio times a gain."""
        return clips._replace(audio=clips.audio * 10.0 ** (draws.uniform(*self.gain_db) / 20.0))
