"""What a reader must know before comparing the numbers of some runs."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studies.figure import OPEN
from studies.tested_run import Run

if TYPE_CHECKING:
    from studies.comparison.comparison import Model

ENOUGH = 0.9
"""A figure over less than this part of another model's share of notes is not called best."""
FEW = 6
"""With fewer notes, or batches of them, an interval says little."""


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
    unknown = [
        run.name for run in runs if any(f.name == "unreachable" and math.isnan(f.value) for f in run.control or [])
    ]
    if unknown:
        found.append(
            f"{', '.join(unknown)}: which requests can be met is not known, all count, and the errors do not compare "
            "with those of runs that leave some out."
        )
    changed = _defined_differently(runs)
    if changed:
        found.append(f"Runs were tested by different versions, which define {', '.join(changed)} differently.")
    return found


def shortfalls(models: Sequence["Model"]) -> list[str]:
    """Sentences on figures that are over fewer notes than were tested: what is missing may be what is hard."""
    found: dict[str, list[str]] = {}
    for model in models:
        overall = [figure for figure in model.figures if figure.subject[1:] == (None, None, None, OPEN)]
        short = [
            f"{figure.name} {figure.n} of {figure.of}"
            for figure in overall
            if figure.n < figure.of and math.isfinite(figure.value)
        ]
        if short:
            found.setdefault(", ".join(short), []).append(model.name)
    few = dict.fromkeys(
        f"{figure.name} ({figure.n})"
        for model in models
        for figure in model.figures
        if figure.subject[1:] == (None, None, None, OPEN) and figure.n < FEW and figure.half_width > 0
    )
    told = "Over fewer notes than were tested"
    rule = f"A figure over less than {ENOUGH:.0%} of the share that another model's is over is never called best"
    sentences = [f"{told}, {', '.join(names)}: {short}." for short, names in found.items()]
    if sentences:
        sentences.append(f"{rule}, and its model is not on the front.")
    if few:
        sentences.append(
            f"Intervals of means over fewer than {FEW} notes, or batches of notes, say little: {', '.join(few)}."
        )
    return sentences


def _defined_differently(runs: Sequence[Run]) -> list[str]:
    """Names of the figures that do not have one definition in all runs."""
    definitions: dict[str, set[str]] = {}
    for run in runs:
        for figure in [*run.quality, *(run.control or [])]:
            definitions.setdefault(figure.name, set()).add(figure.definition)
    return [name for name, texts in definitions.items() if len(texts) > 1]
