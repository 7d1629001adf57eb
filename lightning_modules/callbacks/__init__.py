"""What happens beside the loop: listening, judging, writing."""

from lightning_modules.callbacks.best import Best, BestCheckpoint
from lightning_modules.callbacks.control import ControlEvaluation
from lightning_modules.callbacks.evaluation import Evaluation
from lightning_modules.callbacks.listen import Listen
from lightning_modules.callbacks.progress_lines import ProgressLines
from lightning_modules.callbacks.safe_point import SafePoint
from lightning_modules.callbacks.slider_sweeps import SliderSweeps
from lightning_modules.callbacks.transformation import Transformation
from lightning_modules.callbacks.usage import Usage
from lightning_modules.callbacks.write_audio import WriteAudio

__all__ = [
    "Best",
    "BestCheckpoint",
    "ControlEvaluation",
    "Evaluation",
    "Listen",
    "ProgressLines",
    "SafePoint",
    "SliderSweeps",
    "Transformation",
    "Usage",
    "WriteAudio",
]
