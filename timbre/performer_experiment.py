"""`timbre fit | test` of a performer: an experiment whose configuration says `learns: performer`."""

from typing import Any, Literal

from lightning.pytorch.callbacks import Callback, LearningRateMonitor
from lightning.pytorch.cli import LightningArgumentParser

from lightning_modules.callbacks import Best, BestCheckpoint, NoBetter, TrainingCurves
from performing.performer import Performer
from performing.report import PerformanceReport
from studies.run_folder import RunFolder
from timbre.experiment import Experiment

VERBS = ("prepare", "fit", "test")


class PerformerExperiment(Experiment):
    """A run that learns how notes are played."""

    model_class = Performer

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """As of every experiment, and what it learns."""
        super().add_arguments_to_parser(parser)
        parser.add_argument("--learns", type=Literal["performer"], default="performer", help="how notes are played")

    def before_instantiate_classes(self) -> None:
        """Refuse what performers do not do.

        Raises:
            ValueError: another verb, or weights to begin with
        """
        if self.verb not in VERBS:
            raise ValueError(f"a performer makes no sound to {self.verb}: timbre test judges how it plays notes.")
        if self.config.get("init_from"):
            raise ValueError("--init_from: a performer begins with new weights: leave it out.")
        super().before_instantiate_classes()

    def _callbacks(self) -> list[Callback]:
        rate = [LearningRateMonitor("step")] if self.config_init["trainer"].get("logger") in (None, True) else []
        own = [Best(), TrainingCurves(), NoBetter(self.config.get("patience")), *rate]
        return [*own, BestCheckpoint(self.folder.best.parent)]

    def _judging(self) -> list[Callback]:
        return [PerformanceReport(self.folder.path)]

    def _components(self) -> list[Any]:
        return [self.config.data]

    @staticmethod
    def reports(folder: RunFolder) -> list[Any]:
        """What a test wrote."""
        return [folder.path / "performance.json"]
