"""Models side by side: what `timbre test` said of their runs, the seeds of each combined.

Seeds of one model are tested on the same notes, so that their errors from the choice of notes are shared and do not
average out. A combined value is the mean over S runs, with

    SE^2 = mean(sigma_i^2) + s^2 / S

sigma_i being run i's standard error over notes, s^2 the variance between runs; the interval is the mean +- 1.96 SE.
"""

import csv
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from lightning_modules.metrics import readable
from lightning_modules.metrics.pair import Better

NORMAL_95 = 1.96
SEED_SUFFIX = re.compile(r"[-_.](s|seed)?[-_.]?\d*$")
Subject = tuple[str, str | None, str | None, str | None]


class Figure(NamedTuple):
    """One number with its 95 % interval, NaN where undefined; of one knob, family, register, or (None) of all."""

    name: str
    knob: str | None
    family: str | None
    register: str | None
    unit: str
    better: Better
    definition: str
    value: float
    low: float
    high: float
    n_seeds: int = 1

    @property
    def subject(self) -> Subject:
        """What is measured on what: the same for all models."""
        return self.name, self.knob, self.family, self.register

    @property
    def half_width(self) -> float:
        """Half the interval, NaN where there is none."""
        return (self.high - self.low) / 2

    @property
    def text(self) -> str:
        """Value and half the interval, in as many digits as the interval leaves a meaning; a dash if undefined."""
        if not self.half_width > 0.0 or not math.isfinite(self.value):
            return readable(self.value)
        decimals = min(4, max(0, 1 - math.floor(math.log10(self.half_width))))
        return f"{self.value:.{decimals}f} ±{self.half_width:.{decimals}f}"


class Crosstalk(NamedTuple):
    """How far (K, J) each column drifts, in just noticeable differences, while each knob is turned; NaN: no JND."""

    knobs: list[str]
    columns: list[str]
    drift_jnd: np.ndarray


class Run(NamedTuple):
    """A run's folder: what it was tested on and what came out; control is None if that was not measured."""

    name: str
    settings: str
    seed: str
    notes: tuple[str, ...]
    knobs: tuple[str, ...]
    quality: list[Figure]
    control: list[Figure] | None
    crosstalk: Crosstalk | None


class Model(NamedTuple):
    """Runs that differ in their seed alone, combined; control is None if it was not measured in any of them."""

    name: str
    n_seeds: int
    knobs: tuple[str, ...]
    quality: list[Figure]
    control: list[Figure] | None
    crosstalk: Crosstalk | None

    @property
    def figures(self) -> list[Figure]:
        """Quality, then control."""
        return [*self.quality, *(self.control or [])]

    def overall(self, name: str) -> Figure | None:
        """A figure over all knobs, families and registers; None where it is undefined."""
        found = [figure for figure in self.figures if figure.subject == (name, None, None, None)]
        return found[0] if found and math.isfinite(found[0].value) else None


class Comparison(NamedTuple):
    """Models in the order of their first runs, and what a reader must know before comparing their numbers."""

    models: list[Model]
    remarks: list[str]

    @property
    def n_knobs(self) -> int:
        """Of the model that has the most: who turns fewer has an easier task, and no part in a contest of control."""
        return max(len(model.knobs) for model in self.models)

    def figures(self, kind: str | None = None) -> dict[str, Figure]:
        """Every overall figure that some model has, by name; kind: "quality", "control" or both."""
        groups = [getattr(model, kind or "figures") or [] for model in self.models]
        names = dict.fromkeys(figure.name for group in groups for figure in group)
        found = {name: next(filter(None, (model.overall(name) for model in self.models)), None) for name in names}
        return {name: figure for name, figure in found.items() if figure is not None}


def compare(folders: Sequence[Path]) -> Comparison:
    """Folders of tested runs -> models, the seeds of each combined.

    Raises:
        FileNotFoundError: a folder is not a run, or was not tested
        ValueError: a file of it cannot be read
    """
    runs = [read_run(folder) for folder in {folder.resolve(): folder for folder in folders}.values()]
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.settings, []).append(run)
    names = model_names([[run.name for run in group] for group in groups.values()])
    models = [combine(name, group) for name, group in zip(names, groups.values(), strict=True)]
    return Comparison(models, remarks(dict(zip(names, groups.values(), strict=True))))


def read_run(folder: Path) -> Run:
    """The report of `timbre test` in a run's folder."""
    if not (folder / "config.yaml").is_file():
        raise FileNotFoundError(f"{folder} is not a run: it has no config.yaml.")
    if not (folder / "metrics.json").is_file():
        raise FileNotFoundError(f"{folder} has no metrics.json: run `timbre test {folder}` first.")
    try:
        config = OmegaConf.load(folder / "config.yaml")
        has_no_knobs = OmegaConf.select(config, "model.encoder.init_args.descriptors") == []
        settings, seed = _settings_and_seed(OmegaConf.to_container(config, resolve=False))  # type: ignore[arg-type]
    except (YAMLError, OmegaConfBaseException, OSError, AttributeError) as error:
        raise ValueError(f"{folder / 'config.yaml'} is not a run's configuration: mend or restore it.") from error
    try:
        report = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        quality = [_figure(entry | {"value": entry["mean"]}) for entry in report["metrics"]]
        knobs, control, crosstalk = _control(folder / "control.json")
        notes = _notes(folder / "notes.csv", report["n_notes"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"the report in {folder} cannot be read ({error}): run `timbre test {folder}` again."
        ) from error
    name = Path(os.path.abspath(folder)).name
    return Run(name, settings, seed, notes, knobs, quality, [] if has_no_knobs else control, crosstalk)


def combine(name: str, runs: Sequence[Run]) -> Model:
    """Runs that differ in their seed alone -> their model."""
    tested = [run for run in runs if run.control is not None]
    talks = [run.crosstalk for run in runs if run.crosstalk is not None]
    return Model(
        name,
        len(runs),
        max((run.knobs for run in runs), key=len),
        _by_subject([run.quality for run in runs]),
        _by_subject([run.control or [] for run in tested]) if tested else None,
        talks[0]._replace(drift_jnd=_mean_matrix([talk.drift_jnd for talk in talks])) if talks else None,
    )


def combine_figures(figures: Sequence[Figure]) -> Figure:
    """One figure of S runs -> its mean and interval over notes and seeds; of a single run, that run's own."""
    defined = [figure for figure in figures if math.isfinite(figure.value)]
    if len(defined) < 2:
        return defined[0] if defined else figures[0]
    values = np.array([figure.value for figure in defined])
    over_notes = np.array([figure.half_width for figure in defined]) / NORMAL_95
    half_width = NORMAL_95 * float(np.sqrt(np.mean(over_notes**2) + values.var(ddof=1) / len(values)))
    mean = float(values.mean())
    return defined[0]._replace(value=mean, low=mean - half_width, high=mean + half_width, n_seeds=len(defined))


def model_names(groups: Sequence[Sequence[str]]) -> list[str]:
    """Names of the runs of each model -> its own: what they begin with in common, without the mark of the seed."""
    prefixes = [_common_start(names) or names[0] for names in groups]
    short = [SEED_SUFFIX.sub("", prefix) or prefix for prefix in prefixes]
    return [
        name if short.count(name) == 1 else names[0] if len(names) == 1 else f"{names[0]} …"
        for name, names in zip(short, groups, strict=True)
    ]


def remarks(groups: Mapping[str, Sequence[Run]]) -> list[str]:
    """Sentences on what stands in the way of a fair comparison of some models' runs."""
    runs = [run for group in groups.values() for run in group]
    found = []
    turning: dict[tuple[str, ...], list[str]] = {}
    for name, group in groups.items():
        for knobs in dict.fromkeys(run.knobs for run in group if run.knobs):
            turning.setdefault(knobs, []).append(name)
    if len(turning) > 1:
        listed = "; ".join(f"{', '.join(names)}: {', '.join(knobs)}" for knobs, names in turning.items())
        found.append(f"Not all models turn the same knobs, so that their control does not compare. {listed}.")
    if len({run.notes for run in runs}) > 1:
        counts = ", ".join(f"{run.name} ({len(run.notes)})" for run in runs)
        found.append(f"Not all runs were tested on the same notes, so that their numbers do not compare: {counts}.")
    for name, group in groups.items():
        seeds = [run.seed for run in group]
        if len(set(seeds)) < len(seeds):
            found.append(f"{name}: runs share a seed, so that they say less about chance than their number promises.")
        n_missing = sum(run.control is None for run in group)
        if n_missing:
            found.append(f"{name}: control was not measured in {n_missing} of {len(group)} runs; test them again.")
    changed = _defined_differently(runs)
    if changed:
        found.append(f"Runs were tested by different versions, which define {', '.join(changed)} differently.")
    return found


def _settings_and_seed(config: dict[str, Any]) -> tuple[str, str]:
    """A configuration -> what makes the model, and its seed; neither says where anything lies on a disk."""
    trainer, data = config.get("trainer") or {}, (config.get("data") or {}).get("init_args") or {}
    seed = f"{config.pop('seed_everything', None)} {data.pop('seed', None)}"
    places = ((config, ("name", "runs", "ckpt_path")), (trainer, ("default_root_dir", "logger")), (data, ("cache",)))
    for section, keys in places:
        for key in keys:
            section.pop(key, None)
    if data.get("root"):
        data["root"] = Path(str(data["root"])).name  # another disk is no other data; another folder is
    return json.dumps(config, sort_keys=True, default=str), seed


def _control(path: Path) -> tuple[tuple[str, ...], list[Figure] | None, Crosstalk | None]:
    """Knobs, figures of control and the cross-talk; None where they were not measured."""
    if not path.is_file():
        return (), None, None
    report = json.loads(path.read_text(encoding="utf-8"))
    figures = [_figure(entry) for entry in report["figures"]]
    talk = report.get("crosstalk")
    if not talk or not talk["knobs"]:
        return (), figures, None
    crosstalk = Crosstalk(talk["knobs"], talk["columns"], np.array(talk["drift_jnd"], dtype=float))
    return tuple(report["knobs"]), figures, crosstalk


def _figure(entry: Mapping[str, Any]) -> Figure:
    knob, family, register = (entry.get(part) for part in ("knob", "family", "register"))
    value, low, high = (math.nan if entry[end] is None else float(entry[end]) for end in ("value", "low", "high"))
    unit, better, definition = (entry[fact] for fact in ("unit", "better", "definition"))
    return Figure(entry["name"], knob, family, register, unit, better, definition, value, low, high)


def _notes(path: Path, n_notes: int) -> tuple[str, ...]:
    """Names of the notes a run was tested on, or as many blanks where nothing says which they were."""
    if not path.is_file():
        return ("",) * n_notes
    with path.open(newline="", encoding="utf-8") as lines:
        return tuple(sorted(row["note"] for row in csv.DictReader(lines)))


def _common_start(names: Sequence[str]) -> str:
    letters = takewhile(lambda column: len(set(column)) == 1, zip(*names, strict=False))
    return "".join(column[0] for column in letters)


def _by_subject(reports: Sequence[Sequence[Figure]]) -> list[Figure]:
    """The figures of each run -> one per subject."""
    groups: dict[Subject, list[Figure]] = {}
    for report in reports:
        for figure in report:
            groups.setdefault(figure.subject, []).append(figure)
    return [combine_figures(figures) for figures in groups.values()]


def _mean_matrix(matrices: Sequence[np.ndarray]) -> np.ndarray:
    """(K, J) each -> their mean over those where an entry is defined."""
    return np.asarray(np.ma.masked_invalid(matrices).mean(axis=0).filled(math.nan))


def _defined_differently(runs: Sequence[Run]) -> list[str]:
    """Names of the figures that do not have one definition in all runs."""
    definitions: dict[str, set[str]] = {}
    for run in runs:
        for figure in [*run.quality, *(run.control or [])]:
            definitions.setdefault(figure.name, set()).add(figure.definition)
    return [name for name, texts in definitions.items() if len(texts) > 1]
