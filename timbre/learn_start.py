"""What `timbre learn` begins a training with: a voice, a run, or new weights."""

from pathlib import Path

import yaml

from studies.run_folder import RunFolder
from studies.voices import voice_file
from timbre.kept_learning import NOTHING
from timbre.learn_plan import Start
from timbre.shipped import ROOT, shipped_voice


def start_of(asked: str | None) -> Start | None:
    """A voice or run by its name -> what is needed of it; None for new weights.

    Args:
        asked: by the command; None is the voice that comes with the package, if one does

    Raises:
        ValueError: it has no configuration that can be trained on
    """
    name = shipped_voice() if asked is None else asked
    if name is None or name == NOTHING:
        return None
    run = RunFolder(Path(name))
    experiment = run.config if run.config.is_file() else _of_voice(name)
    try:
        if experiment != run.config and voice_file(name) is None:
            raise FileNotFoundError(name)
        rate = int(yaml.safe_load(experiment.read_text(encoding="utf-8"))["clip"]["sample_rate"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"--from {name}: name a voice that comes with the package, or the folder of a run.") from error
    return Start(name, rate, str(experiment))


def _of_voice(name: str) -> Path:
    """The experiment that voices are tuned by, where there is one, or that by which this one was trained."""
    folder = ROOT / "configs" / "experiments"
    tuned = folder / "fine_tuning.yaml"
    return tuned if tuned.is_file() else folder / f"voice_{name}.yaml"
