"""A run that `timbre test` has judged, read from its folder."""

import csv
import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from lightning_modules.metrics.pair import Better
from lightning_modules.run_folder import settings_of, without_seed
from output.numbers import readable

Subject = tuple[str, str | None, str | None, str | None]


class Figure(NamedTuple):
    """One number with its 95 % interval, NaN where undefined; of one knob, family, register, or (None) of all.

    It is over n notes (batches of notes for F-RAVE's) of as many as were tested; of several seeds, those of the seed
    with the least share.
    """

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
    n: int = 1
    of: int = 1

    @property
    def subject(self) -> Subject:
        """What is measured on what: the same for all models."""
        return self.name, self.knob, self.family, self.register

    @property
    def share(self) -> float:
        """Share of the notes that it is over, 0..1."""
        return self.n / self.of if self.of else 0.0

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
    """A run's folder: what it was tested on and what came out; control is None if that was not measured.

    config: what makes the model, without seeds and places; settings: the same as one text.
    """

    name: str
    config: dict[str, Any]
    settings: str
    seed: str
    notes: tuple[str, ...]
    knobs: tuple[str, ...]
    quality: list[Figure]
    control: list[Figure] | None
    crosstalk: Crosstalk | None


def read_run(folder: Path) -> Run:
    """The report of `timbre test` in a run's folder."""
    if not (folder / "config.yaml").is_file():
        raise FileNotFoundError(f"{folder} is not a run: it has no config.yaml.")
    if not (folder / "metrics.json").is_file():
        raise FileNotFoundError(f"{folder} has no metrics.json: run `timbre test {folder}` first.")
    try:
        config = OmegaConf.load(folder / "config.yaml")
        has_no_knobs = OmegaConf.select(config, "model.encoder.init_args.descriptors") == []
        everything: Any = OmegaConf.to_container(config, resolve=False)
        model, seed = without_seed(settings_of(everything))
    except (YAMLError, OmegaConfBaseException, OSError, AttributeError) as error:
        raise ValueError(f"{folder / 'config.yaml'} is not a run's configuration: mend or restore it.") from error
    try:
        report = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        quality = [_of_quality(entry, int(report["n_notes"])) for entry in report["metrics"]]
        knobs, control, crosstalk = _control(folder / "control.json")
        notes = _notes(folder / "notes.csv", report["n_notes"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"the report in {folder} cannot be read ({error}): run `timbre test {folder}` again."
        ) from error
    name = Path(os.path.abspath(folder)).name
    settings = json.dumps(model, sort_keys=True, default=str)
    return Run(name, model, settings, seed, notes, knobs, quality, [] if has_no_knobs else control, crosstalk)


def _control(path: Path) -> tuple[tuple[str, ...], list[Figure] | None, Crosstalk | None]:
    """Knobs, figures of control and the cross-talk; None where they were not measured."""
    if not path.is_file():
        return (), None, None
    report = json.loads(path.read_text(encoding="utf-8"))
    figures = [_of_control(entry, report["figures"]) for entry in report["figures"]]
    talk = report.get("crosstalk")
    if not talk or not talk["knobs"]:
        return (), figures, None
    crosstalk = Crosstalk(talk["knobs"], talk["columns"], np.array(talk["drift_jnd"], dtype=float))
    return tuple(report["knobs"]), figures, crosstalk


def _of_quality(entry: Mapping[str, Any], n_notes: int) -> Figure:
    n = int(entry.get("n_notes", n_notes))
    return _figure({**entry, "value": entry["mean"]}, n, max(n_notes, int(entry.get("of", n_notes))))


def _of_control(entry: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> Figure:
    """Reports of earlier versions do not say of how many notes: every note was asked for something."""
    n = int(entry.get("n", 1))
    alike = [other for other in entries if other["name"] == "requests" and _group(other) == _group(entry)]
    asked = [int(other.get("n", n)) for other in alike]
    counted = not entry["name"].startswith("frave")
    return _figure(entry, n, int(entry.get("of") or max([n, *asked] if counted else [n])))


def _group(entry: Mapping[str, Any]) -> tuple[str | None, str | None]:
    return entry.get("family"), entry.get("register")


def _figure(entry: Mapping[str, Any], n: int, of: int) -> Figure:
    knob, family, register = (entry.get(part) for part in ("knob", "family", "register"))
    value, low, high = (math.nan if entry[end] is None else float(entry[end]) for end in ("value", "low", "high"))
    unit, better, definition = (entry[fact] for fact in ("unit", "better", "definition"))
    words = (entry["name"], knob, family, register, unit, better, definition)
    return Figure(*words, value, low, high, n=n, of=of)


def _notes(path: Path, n_notes: int) -> tuple[str, ...]:
    """Names of the notes a run was tested on, or as many blanks where nothing says which they were."""
    if not path.is_file():
        return ("",) * n_notes
    with path.open(newline="", encoding="utf-8") as lines:
        return tuple(sorted(row["note"] for row in csv.DictReader(lines)))
