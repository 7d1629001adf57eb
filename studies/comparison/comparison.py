"""Models side by side: what `timbre test` said of their runs, the seeds of each combined.

Seeds of one model are tested on the same notes, so that their errors from the choice of notes are shared and do not
average out. A combined value is the mean over S runs, with

    SE^2 = mean(sigma_i^2) + s^2 / S

sigma_i being run i's standard error over notes, s^2 the variance between runs; the interval is the mean +- 1.96 SE.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from studies.bounds import Between
from studies.comparison.naming import model_names
from studies.comparison.remarks import ENOUGH, remarks, shortfalls
from studies.comparison.settings import Setting, settings_that_differ
from studies.figure import OPEN, Figure, Subject
from studies.run_folder import RunFolder
from studies.run_reports import DriftTable, NoteValues
from studies.tested_run import Run, read_run

NORMAL_95 = 1.96


class SeedRun(NamedTuple):
    """One of the runs of a model: its name, its folder and its figures."""

    name: str
    folder: Path
    figures: list[Figure]


class Model(NamedTuple):
    """Runs that differ in their seed alone, combined; control is None if it was not measured in any of them.

    config: what makes the model; folder: of its first run, whose sounds stand for those of all; values: of single
    notes, the mean over its seeds; runs: all that is known of each; bounds: figures beside a fit of the synth.
    """

    name: str
    n_seeds: int
    knobs: tuple[str, ...]
    quality: list[Figure]
    control: list[Figure] | None
    crosstalk: DriftTable | None
    config: Mapping[str, Any] = {}
    folder: Path | None = None
    values: NoteValues = {}
    runs: tuple[SeedRun, ...] = ()
    bounds: tuple[Between, ...] = ()

    @property
    def figures(self) -> list[Figure]:
        """Quality, then control."""
        return [*self.quality, *(self.control or [])]

    def overall(self, name: str, rendering: str = OPEN) -> Figure | None:
        """A figure over all knobs, families and registers; None where it is undefined."""
        subject = (name, None, None, None, rendering)
        found = [figure for figure in self.figures if figure.name == name and figure.subject == subject]
        return found[0] if found and math.isfinite(found[0].value) else None


class Comparison(NamedTuple):
    """Models in the order of their first runs, and what a reader must know before comparing their numbers."""

    models: list[Model]
    remarks: list[str]

    @property
    def n_knobs(self) -> int:
        """Most knobs of any model; models with fewer have an easier task and are not ranked on control."""
        return max(len(model.knobs) for model in self.models)

    def is_over_enough(self, model: Model, name: str) -> bool:
        """Whether a model's figure is over about as many of its notes as the others': hard notes left out flatter."""
        shares = {other.name: found.share for other in self.models if (found := other.overall(name))}
        return shares.get(model.name, 0.0) >= ENOUGH * max(shares.values(), default=0.0)

    def contenders(self, figure: Figure) -> list[Model]:
        """Models that a figure ranks: it is over enough of their notes, and for control they turn all knobs."""
        n_knobs = self.n_knobs if figure.name in self.figures("control") else 0
        return [
            model for model in self.models if len(model.knobs) >= n_knobs and self.is_over_enough(model, figure.name)
        ]

    @property
    def settings(self) -> list[Setting]:
        """What the models differ in."""
        return settings_that_differ([model.config for model in self.models])

    def beside(self, name: str) -> list[Figure]:
        """The same overall figure of the other renderings, as far as some model has it."""
        renderings = dict.fromkeys(figure.rendering for model in self.models for figure in model.figures)
        found = (self._first(name, rendering) for rendering in renderings if rendering != OPEN)
        return [figure for figure in found if figure is not None]

    def _first(self, name: str, rendering: str = OPEN) -> Figure | None:
        return next(filter(None, (model.overall(name, rendering) for model in self.models)), None)

    def figures(self, kind: str | None = None) -> dict[str, Figure]:
        """Every overall open figure that some model has, by name; kind: "quality", "control" or both."""
        groups = [getattr(model, kind or "figures") or [] for model in self.models]
        names = dict.fromkeys(figure.name for group in groups for figure in group)
        found = {name: self._first(name) for name in names}
        return {name: figure for name, figure in found.items() if figure is not None}


def compare(folders: Sequence[Path]) -> Comparison:
    """Folders of runs -> models, the seeds of each combined; those not tested yet, as in a sweep, are remarked on.

    Raises:
        FileNotFoundError: a folder is not a run, or none was tested
        ValueError: a file of a run cannot be read
    """
    tested, waiting = tested_and_waiting(folders)
    groups: dict[str, list[tuple[Run, Path]]] = {}
    for folder in tested:
        run = read_run(folder)
        groups.setdefault(run.settings, []).append((run, folder))
    by_model = [[run for run, _ in group] for group in groups.values()]
    names = model_names(by_model)
    models = [
        combine(name, runs, [folder for _, folder in group])
        for name, runs, group in zip(names, by_model, groups.values(), strict=True)
    ]
    said = [*remarks(dict(zip(names, by_model, strict=True))), *shortfalls(models)]
    return Comparison(models, [*_waiting_sentence(waiting), *said])


def tested_and_waiting(folders: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Folders of runs, each once -> those to read, and those whose test is still to come.

    Files are passed over: `runs/SWEEP/*` names what else lies there too.

    Raises:
        FileNotFoundError: nothing was tested, or a folder holds runs instead of being one
    """
    each = [folder for folder in {folder.resolve(): folder for folder in folders}.values() if not folder.is_file()]
    for folder in each:
        if not RunFolder(folder).config.is_file() and next(folder.glob("*/config.yaml"), None):
            raise FileNotFoundError(f"{folder} is not a run but a folder of runs: give {folder}/*.")
    waiting = [folder for folder in each if folder.is_dir() and not RunFolder(folder).metrics.is_file()]
    tested = [folder for folder in each if folder not in waiting]
    if not tested and len(waiting) != 1:
        named = ", ".join(map(str, waiting[:3])) or "no folder of a run is given"
        raise FileNotFoundError(f"nothing to compare: none was tested ({named}); run `timbre test RUN` first.")
    return (tested, waiting) if tested else (waiting, [])


def _waiting_sentence(waiting: Sequence[Path]) -> list[str]:
    ended = [folder.name for folder in waiting if RunFolder(folder).is_ended_early]
    others = [folder.name for folder in waiting if folder.name not in ended]
    said = [f"Ended early by their sweep and left out: {', '.join(ended)}."] if ended else []
    return [*said, *([f"Not tested yet and left out: {', '.join(others)}."] if others else [])]


def combine(name: str, runs: Sequence[Run], folders: Sequence[Path]) -> Model:
    """Runs that differ in their seed alone, and their folders -> their model."""
    tested = [run for run in runs if run.control is not None]
    talks = [run.crosstalk for run in runs if run.crosstalk is not None]
    return Model(
        name,
        len(runs),
        max((run.knobs for run in runs), key=len),
        _by_subject([run.quality for run in runs]),
        _by_subject([run.control or [] for run in tested]) if tested else None,
        talks[0]._replace(drift_jnd=_mean_matrix([talk.drift_jnd for talk in talks])) if talks else None,
        runs[0].config,
        folders[0],
        _mean_values([run.values for run in runs]),
        tuple(
            SeedRun(run.name, folder, [*run.quality, *(run.control or [])])
            for run, folder in zip(runs, folders, strict=True)
        ),
        _combined_bounds([run.bounds for run in runs]),
    )


def combine_figures(figures: Sequence[Figure]) -> Figure:
    """One figure of S runs -> its mean and interval over notes and seeds; of a single run, that run's own."""
    defined = [figure for figure in figures if math.isfinite(figure.value)]
    least = min(figures, key=lambda figure: figure.share if math.isfinite(figure.value) else 0.0)
    n, of = (least.n if math.isfinite(least.value) else 0), least.of
    if len(defined) < 2:
        return (defined[0] if defined else figures[0])._replace(n=n, of=of)
    values = np.array([figure.value for figure in defined])
    over_notes = np.array([figure.half_width for figure in defined]) / NORMAL_95
    half_width = NORMAL_95 * float(np.sqrt(np.mean(over_notes**2) + values.var(ddof=1) / len(values)))
    mean = float(values.mean())
    low, high = mean - half_width, mean + half_width
    return defined[0]._replace(value=mean, low=low, high=high, n_seeds=len(defined), n=n, of=of)


def _by_subject(reports: Sequence[Sequence[Figure]]) -> list[Figure]:
    """The figures of each run -> one per subject."""
    groups: dict[Subject, list[Figure]] = {}
    for report in reports:
        for figure in report:
            groups.setdefault(figure.subject, []).append(figure)
    return [combine_figures(figures) for figures in groups.values()]


def _combined_bounds(seeds: Sequence[Sequence[Between]]) -> tuple[Between, ...]:
    """What every seed's report says of fits, figure by figure."""
    by_name = [{each.name: each for each in seed} for seed in seeds]
    shared = [name for name in by_name[0] if all(name in seed for seed in by_name)]
    return tuple(
        Between(*(combine_figures(figures) for figures in zip(*(seed[name] for seed in by_name), strict=True)))
        for name in shared
    )


def _mean_values(seeds: Sequence[NoteValues]) -> NoteValues:
    """Values of single notes of each seed -> their means, of what every seed has."""
    found: NoteValues = {}
    for subject in (subject for subject in seeds[0] if all(subject in seed for seed in seeds)):
        columns = [seed[subject] for seed in seeds]
        places = [place for place in columns[0] if all(place in column for column in columns)]
        found[subject] = {place: float(np.mean([column[place] for column in columns])) for place in places}
    return found


def _mean_matrix(matrices: Sequence[np.ndarray]) -> np.ndarray:
    """(K, J) each -> their mean over those where an entry is defined."""
    return np.asarray(np.ma.masked_invalid(matrices).mean(axis=0).filled(math.nan))
