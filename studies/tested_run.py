"""A run that `timbre test` has judged, read from its folder."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from studies.figure import Figure
from studies.run_files import NewerFormat, read_json
from studies.run_folder import RunFolder, settings_of, without_seed
from studies.run_reports import DriftTable, NoteValues, read_control, read_note_values, read_quality


class Run(NamedTuple):
    """A run's folder: what it was tested on and what came out; control is None if that was not measured.

    config: what makes the model, without seeds and places; settings: the same as one text; values: of single notes;
    point: what a sweep varied, by name.
    """

    name: str
    config: dict[str, Any]
    settings: str
    seed: str
    notes: tuple[str, ...]
    knobs: tuple[str, ...]
    quality: list[Figure]
    control: list[Figure] | None
    crosstalk: DriftTable | None
    values: NoteValues = {}
    point: dict[str, Any] = {}


def read_run(folder: Path) -> Run:
    """The report of `timbre test` in a run's folder.

    Raises:
        FileNotFoundError: it is no run, or was not tested
        ValueError: a file cannot be read
    """
    paths = RunFolder(folder)
    if not paths.config.is_file():
        raise FileNotFoundError(f"{folder} is not a run: it has no config.yaml.")
    if not paths.metrics.is_file():
        raise FileNotFoundError(f"{folder} has no metrics.json: run `timbre test {folder}` first.")
    try:
        config = OmegaConf.load(paths.config)
        has_no_knobs = OmegaConf.select(config, "model.encoder.init_args.descriptors") == []
        everything: Any = OmegaConf.to_container(config, resolve=False)
        model, seed = without_seed(settings_of(everything))
    except (YAMLError, OmegaConfBaseException, OSError, AttributeError) as error:
        raise ValueError(f"{paths.config} is not a run's configuration: mend or restore it.") from error
    try:
        quality, notes = read_quality(paths)
        control, values = read_control(paths), read_note_values(paths)
        point = dict(read_json(paths.point)["values"]) if paths.point.is_file() else {}
    except NewerFormat:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"the report in {folder} cannot be read ({error}): run `timbre test {folder}` again."
        ) from error
    name = Path(os.path.abspath(folder)).name
    settings = json.dumps(model, sort_keys=True, default=str)
    knobs, figures, crosstalk = control or ((), None, None)
    measured = [] if has_no_knobs else figures
    return Run(name, model, settings, seed, notes, knobs, quality, measured, crosstalk, values, point)
