"""A sweep: one question, and the points of the configuration that answer it."""

from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from studies.sweep.axis import SweptSetting, swept_setting
from studies.sweep.halving import Halving
from studies.sweep.rules import ETA, refuse_broken


class SweepFile(NamedTuple):
    """What a file of sweeps/ says.

    Attributes:
        path: of the file
        question: its first line
        method: grid: the product of all choices; random: drawn; bayes: chosen by what earlier points gave
        metric: key of the log that W&B is to watch
        options: of `timbre fit`, the same for every point
        settings: what is varied, in order
        n_points: how many points there are
        halving: when points are ended early; None: all are trained to their end
    """

    path: Path
    question: str
    method: Literal["grid", "random", "bayes"]
    metric: str
    options: tuple[str, ...]
    settings: tuple[SweptSetting, ...]
    n_points: int
    halving: Halving | None = None

    @property
    def name(self) -> str:
        """Name of its runs' folder, its W&B group and its study."""
        return self.path.stem

    def point_folder(self, runs: Path, index: int) -> Path:
        """Where the run of a point is."""
        return runs / self.name / f"{self.name}-{index:03d}"


def read_sweep(path: Path) -> SweepFile:
    """Read and check a sweep's file.

    Raises:
        FileNotFoundError: there is none
        ValueError: it is not a sweep; the sentence names file and key
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not a file: name a sweep, such as sweeps/turned_share.yaml.")
    try:
        text = path.read_text(encoding="utf-8")
        content: Any = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not YAML: {error}.") from error
    refuse_broken(path, content)
    question = text.splitlines()[0]
    if not question.startswith("#") or not question.strip("# "):
        raise ValueError(f"{path}: the first line is not a comment: let it be the question that the sweep answers.")
    settings = tuple(swept_setting(name, parameter) for name, parameter in content["parameters"].items())
    options = tuple(content["command"][3:-1])
    method, metric = content["method"], content["metric"]["name"]
    halving = _halving(content)
    return SweepFile(path, question.strip("# "), method, metric, options, settings, content["run_cap"], halving)


def _halving(content: Any) -> Halving | None:
    rule = content.get("early_terminate")
    if rule is None:
        return None
    return Halving(content["metric"]["name"], content["metric"]["goal"], rule["min_iter"], rule.get("eta", ETA))
