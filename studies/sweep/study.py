"""An Optuna study in a journal on the shared disk: the tasks of an array ask it for points and tell it results.

The journal has no heartbeat: a trial whose process was killed stays open until its point is run again, which goes on
with the same trial.
"""

import math
import warnings
from collections.abc import Sequence
from pathlib import Path

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from studies.sweep.definition import SweepFile
from studies.sweep.drawing import distributions
from studies.sweep.kept_point import KeptPoint
from studies.sweep.objective import DEFAULT, Objective

INDEX = "point"
"""Attribute of a trial: which point of the sweep it is."""


def journal_path(sweep: SweepFile, runs: Path) -> Path:
    """Beside the runs of its points."""
    return runs / sweep.name / "journal.log"


def open_study(sweep: SweepFile, runs: Path, objectives: Sequence[Objective] = (), seed: int = 0) -> optuna.Study:
    """The study of a sweep, begun if there is none; by default with its own objectives, else the usual two.

    Raises:
        ValueError: it was begun with other objectives
    """
    path = journal_path(sweep, runs)
    path.parent.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    wanted = tuple(objectives or DEFAULT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study = optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(path), lock_obj=JournalFileOpenLock(str(path)))),
            sampler=TPESampler(multivariate=True, constant_liar=True, seed=seed),
            study_name=sweep.name,
            directions=[StudyDirection[objective.direction.upper()] for objective in wanted],
            load_if_exists=True,
        )
        if study.metric_names is None:
            study.set_metric_names([objective.figure for objective in wanted])
    found = study_objectives(study)
    if objectives and found != wanted:
        raise ValueError(
            f"{path} was begun with --objectives {' '.join(objective.text for objective in found)}: leave the option "
            "out, or remove the study and its runs."
        )
    return study


def study_objectives(study: optuna.Study) -> tuple[Objective, ...]:
    """What a study was begun with."""
    names = study.metric_names or []
    return tuple(Objective(way.name.lower(), name) for way, name in zip(study.directions, names, strict=True))


def ask(study: optuna.Study, sweep: SweepFile, index: int) -> KeptPoint:
    """A trial for a point: the one that it left open before it could be kept, or a new one.

    Raises:
        ValueError: the sweep's file has changed since the study was begun
    """
    left_open = [trial for trial in _trials_of(study, index) if trial.state == TrialState.RUNNING]
    if left_open:
        return KeptPoint(index, left_open[-1].params, left_open[-1].number)
    try:
        trial = study.ask(distributions(sweep.settings))
    except ValueError as error:
        raise ValueError(
            f"{sweep.path} has other values than the study of its first trials ({error}): restore it, or give the new "
            "sweep another name."
        ) from error
    trial.set_user_attr(INDEX, index)
    return KeptPoint(index, trial.params, trial.number)


def tell(study: optuna.Study, kept: KeptPoint, values: Sequence[float]) -> None:
    """Tell a trial's results, once; a point that failed before and has results now becomes a further trial."""
    trial = study.trials[_number(kept)]
    if not all(map(math.isfinite, values)):
        tell_failure(study, kept)
    elif trial.state != TrialState.FAIL:
        study.tell(trial.number, list(values), skip_if_finished=True)
    elif not any(other.state == TrialState.COMPLETE for other in _trials_of(study, kept.point)):
        study.add_trial(
            optuna.create_trial(
                params=trial.params,
                distributions=trial.distributions,
                values=list(values),
                user_attrs=trial.user_attrs,
            )
        )


def tell_failure(study: optuna.Study, kept: KeptPoint) -> None:
    """Tell that a trial has no results."""
    study.tell(_number(kept), state=TrialState.FAIL, skip_if_finished=True)


def tell_ended_early(study: optuna.Study, kept: KeptPoint) -> None:
    """Tell that a trial was given up: it has no results, and is none that failed."""
    study.tell(_number(kept), state=TrialState.PRUNED, skip_if_finished=True)


def _number(kept: KeptPoint) -> int:
    assert kept.trial is not None, "a point of the study has a trial"
    return kept.trial


def _trials_of(study: optuna.Study, index: int) -> list[FrozenTrial]:
    return [trial for trial in study.trials if trial.user_attrs.get(INDEX) == index]
