"""A run that `timbre test` has judged, read from its folder."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from studies.bounds import Between
from studies.figure import Figure
from studies.run_files import read_json, reading
from studies.run_folder import RunFolder, settings_of, without_seed
from studies.run_reports import DriftTable, NoteValues, read_bounds, read_control, read_note_values, read_quality


class Run(NamedTuple):
    """A run's folder: what it was tested on and what came out; control is None if that was not measured.

    config: what makes the model, without seeds and places; settings: the same as one text; values: of single notes;
    point: what a sweep varied, by name; bounds: figures beside a fit of the synth, of the notes that were fitted.
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
    bounds: list[Between] = []


def read_run(folder: Path) -> Run:
    """The report of `timbre test` in a run's folder.

    Raises:
        FileNotFoundError: it is no run, or was not tested
        ValueError: a file cannot be read
    """
    paths = RunFolder(folder)
    config = read_config(paths)
    if not paths.metrics.is_file():
        raise FileNotFoundError(f"{folder} has no metrics.json: run `timbre test {folder}` first.")
    has_no_knobs = OmegaConf.select(OmegaConf.create(config), "model.encoder.init_args.descriptors") == []
    model, seed = without_seed(settings_of(config))
    with reading(f"the report in {folder}", folder):
        quality, notes = read_quality(paths)
        bounds = read_bounds(paths)
        control = read_control(paths)
        values = read_note_values(paths, {figure.name for figure in [*quality, *(control.figures if control else [])]})
        point = dict(read_json(paths.point)["values"]) if paths.point.is_file() else {}
    name = Path(os.path.abspath(folder)).name
    settings = json.dumps(model, sort_keys=True, default=str)
    knobs, figures, crosstalk = control[:3] if control else ((), None, None)
    measured = [] if has_no_knobs else figures
    return Run(name, model, settings, seed, notes, knobs, quality, measured, crosstalk, values, point, bounds)


def read_config(run: RunFolder) -> dict[str, Any]:
    """The configuration of a run, tested or not.

    Raises:
        FileNotFoundError: it is no run
        ValueError: the file cannot be read
    """
    if not run.config.is_file():
        raise FileNotFoundError(f"{run.path} is not a run: it has no config.yaml.")
    try:
        config: Any = OmegaConf.to_container(OmegaConf.load(run.config), resolve=False)
        settings_of(config)
    except (YAMLError, OmegaConfBaseException, OSError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{run.config} is not a run's configuration: mend or restore it.") from error
    return dict(config)
