"""All metrics of disentanglement as figures of a report."""

import math
from collections.abc import Sequence

import numpy as np

from evaluation.disentanglement.codes import Rows, usable_rows
from evaluation.disentanglement.dci import measure_dci
from evaluation.disentanglement.leakage import measure_leakage
from evaluation.disentanglement.mutual_information import (
    modularity,
    mutual_information,
    mutual_information_gap,
)
from evaluation.disentanglement.sap import separated_attribute_predictability
from studies.figure import Better, Figure

MIN_NOTES = 10
"""With fewer notes held-out figures are chance, and so there are none."""

PER_DESCRIPTOR = ("dci_informativeness", "mig", "sap", "leakage", "leakage_beyond_pitch")
"""Figures that each descriptor has too."""

UNDEFINED = (math.nan, math.nan, math.nan)
"""Value and ends of the interval where there are none."""

DEFINITIONS: dict[str, tuple[Better, str]] = {
    "dci_disentanglement": ("higher", "How far each code serves one descriptor only."),
    "dci_completeness": ("higher", "How far each descriptor is in one code only."),
    "dci_informativeness": ("higher", "R2 of the descriptor predicted from all codes, on held-out notes."),
    "mig": ("higher", "Lead of the best code on the second in mutual information, as a share of the entropy."),
    "sap": ("higher", "Lead of the best code on the second in R2 of a straight line."),
    "modularity": ("higher", "How far each code shares information with one descriptor only."),
    "leakage": ("lower", "R2 of the descriptor predicted by a fresh probe from the residual, on held-out notes."),
    "leakage_beyond_pitch": ("lower", "R2 that the residual adds to a prediction from pitch, on held-out notes."),
}

Values = dict[tuple[str, str | None], tuple[float, float, float]]
"""Name of a figure and its knob -> value and ends of the interval."""


def disentanglement(
    codes: np.ndarray,
    residual: np.ndarray,
    factors: np.ndarray,
    factor_names: Sequence[str],
    f0_midi: np.ndarray,
    groups: np.ndarray,
    seed: int = 0,
) -> list[Figure]:
    """Codes and descriptors of the same frames or notes -> every figure, all shares 0..1.

    The mean over descriptors has knob None and goes before the descriptors' own. Rows with a value that is not a number
    are left out. Undefined (NaN) are a descriptor that is constant, what compares codes where there are none, and
    everything with fewer than ten notes. Intervals are given for leakage only.

    Args:
        codes: (n, D_total) controls, then residual
        residual: (n, D), D may be 0
        factors: (n, J) measured descriptors
        factor_names: J
        f0_midi: (n,)
        groups: (n,) index of the note, so that no note is on both sides of a split
        seed: of splits, probes and resamples

    Raises:
        ValueError: if the shapes do not agree
    """
    n_notes = np.unique(groups).size
    rows = usable_rows(Rows(codes, residual, factors, f0_midi, groups), seed)
    if len(factor_names) != factors.shape[1]:
        raise ValueError(f"{len(factor_names)} factor_names for {factors.shape[1]} factors: name each column once")
    varying = [j for j, factor in enumerate(rows.factors.T) if factor.size and np.ptp(factor) > 0]
    values: Values = {}
    if rows.n_notes >= MIN_NOTES and varying:
        values = _measured(rows._replace(factors=rows.factors[:, varying]), [factor_names[j] for j in varying], seed)
    return [
        Figure(name, knob, None, None, "share", *said, *values.get((name, knob), UNDEFINED), rows.n_notes, n_notes)
        for name, said in DEFINITIONS.items()
        for knob in ((None, *factor_names) if name in PER_DESCRIPTOR else (None,))
    ]


def _measured(rows: Rows, names: Sequence[str], seed: int) -> Values:
    """Rows whose factors, called `names`, all vary -> what can be said of them."""
    leakage = measure_leakage(rows.residual, rows.factors, rows.f0_midi, rows.groups, seed)
    values: Values = {}
    for name, explained in (("leakage", leakage.residual), ("leakage_beyond_pitch", leakage.beyond_pitch)):
        triples = zip(*(ends.tolist() for ends in explained), strict=True)
        values |= {(name, knob): triple for knob, triple in zip((*names, None), triples, strict=True)}
    return values | _measured_of_codes(rows, names, seed) if rows.codes.shape[1] > 0 else values


def _measured_of_codes(rows: Rows, names: Sequence[str], seed: int) -> Values:
    """Rows with one code or more -> what compares codes with each other, without intervals."""
    dci = measure_dci(rows.codes, rows.factors, rows.groups, seed)
    information = mutual_information(rows.codes, rows.factors, rows.groups, seed)
    overall = {
        "dci_disentanglement": dci.disentanglement,
        "dci_completeness": dci.completeness,
        "modularity": modularity(information),
    }
    by_factor = {
        "dci_informativeness": dci.informativeness,
        "mig": mutual_information_gap(information),
        "sap": separated_attribute_predictability(rows.codes, rows.factors),
    }
    values: Values = {(name, None): (value, math.nan, math.nan) for name, value in overall.items()}
    for name, of_factors in by_factor.items():
        for knob, value in zip((*names, None), (*of_factors, of_factors.mean()), strict=True):
            values[name, knob] = (float(value), math.nan, math.nan)
    return values
