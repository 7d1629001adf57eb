"""What happens beside the loop: listening, judging, writing."""

from lightning_modules.callbacks.best import Best, BestCheckpoint
from lightning_modules.callbacks.curves import TrainingCurves
from lightning_modules.callbacks.end_behind import EndBehind
from lightning_modules.callbacks.listen import Listen
from lightning_modules.callbacks.no_better import NoBetter
from lightning_modules.callbacks.progress_bar import ProgressBar
from lightning_modules.callbacks.progress_lines import ProgressLines
from lightning_modules.callbacks.safe_point import SafePoint
from lightning_modules.callbacks.usage import Usage
from lightning_modules.callbacks.write_audio import WriteAudio

__all__ = [
    "Best",
    "BestCheckpoint",
    "EndBehind",
    "Listen",
    "NoBetter",
    "ProgressBar",
    "ProgressLines",
    "SafePoint",
    "TrainingCurves",
    "Usage",
    "WriteAudio",
]
