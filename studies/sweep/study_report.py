"""What a study has found so far: how many trials, which of them no other beats, how much of the plane they cover."""

from collections import Counter
from collections.abc import Iterable, Sequence

import optuna
from optuna.trial import FrozenTrial, TrialState
from rich.box import SIMPLE
from rich.table import Table

from studies.sweep.objective import REFERENCE, Objective, hypervolume
from studies.sweep.study import INDEX, study_objectives

STATES = {
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "ended early",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running or killed",
}


def counts_sentence(study: optuna.Study) -> str:
    """How many trials are in which state; those that run, or were killed, by point."""
    found = Counter(trial.state for trial in study.trials)
    rare = (TrialState.PRUNED,)
    counts = ", ".join(f"{found[state]} {word}" for state, word in STATES.items() if found[state] or state not in rare)
    still_open = sorted(trial.user_attrs.get(INDEX, -1) for trial in study.trials if trial.state == TrialState.RUNNING)
    running = f" (points {', '.join(map(str, still_open))})" if still_open else ""
    return f"{len(study.trials)} trials: {counts}{running}."


def front_table(study: optuna.Study) -> Table:
    """The Pareto front, best first in the first objective: point, objectives, swept values."""
    objectives = study_objectives(study)
    front = sorted(study.best_trials, key=lambda trial: objectives[0].sign * trial.values[0])
    names = list(front[0].params) if front else []
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0), title="Pareto front", title_justify="left")
    figures = [f"{objective.figure} {'↓' if objective.sign > 0 else '↑'}" for objective in objectives]
    for heading in ("point", *figures, *_short(names)):
        table.add_column(heading.replace("_", "\n"), justify="right", vertical="bottom", overflow="fold")
    for trial in front:
        table.add_row(*map(_text, _cells(trial, names)))
    return table


def _short(names: Sequence[str]) -> list[str]:
    """Dotted names -> their last words, as many as tell them apart."""
    short = [name.rsplit(".", 1)[-1] for name in names]
    return [word if short.count(word) == 1 else name for name, word in zip(names, short, strict=True)]


def _cells(trial: FrozenTrial, names: Iterable[str]) -> list[object]:
    return [trial.user_attrs.get(INDEX, "–"), *trial.values, *(trial.params[name] for name in names)]


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def hypervolume_sentence(study: optuna.Study, reference: Sequence[float] | None = None) -> str:
    """Area between the front and the reference point; empty where there is no such area or point."""
    objectives = study_objectives(study)
    if len(objectives) != 2:
        return ""
    ends = reference or [REFERENCE[o.figure] for o in objectives if o.figure in REFERENCE]
    if len(ends) != 2:
        return ""
    area = hypervolume([trial.values for trial in study.best_trials], objectives, ends)
    return f"Hypervolume {area:.4f}, counted from {_place(objectives, ends)}; more is better."


def _place(objectives: Sequence[Objective], ends: Sequence[float]) -> str:
    return ", ".join(f"{objective.figure} {end:g}" for objective, end in zip(objectives, ends, strict=True))
