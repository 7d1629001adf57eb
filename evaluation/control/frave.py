"""Does the sound follow the curves that it is asked for: control by the protocol of F-RAVE.

Devis et al., "Continuous descriptor-based control for deep audio synthesis", ICASSP 2023, as in its released code.
The "correlation" there is (r + 1) / 2; the plain coefficients stand beside it. A system that ignores requests scores
0.5 only where notes have nothing in common: two requests in three are borrowed from notes, so that one that answers
with the course which all notes share scores more. Run such a system on the same notes to learn the floor.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import kendalltau, rankdata

from evaluation.bootstrap import bootstrap_interval
from evaluation.control.measures import Measure
from evaluation.control.target_curves import draw_targets
from studies.figure import Figure

System = Callable[[np.ndarray, slice], np.ndarray]
"""Curves (B, C, T) asked of a slice of the examples -> (B, C, T) measured on what was rendered, same scale."""

EPSILON = 1e-6
"""Least norm of a curve, as in torch.nn.CosineSimilarity: one that never moves correlates 0 with any other."""

_OVER = "over all frames of a batch; mean over batches of notes, which n counts."
MEASURES: tuple[Measure, ...] = (
    Measure("frave_score", "score", "higher", f"(r + 1) / 2, r being Pearson's, {_OVER} 0.5 is no correlation."),
    Measure("frave_l1", "half range", "lower", f"Mean distance of measured from asked on a scale of -1 to 1, {_OVER}"),
    Measure("frave_pearson", "r", "higher", f"Pearson's r of asked and measured, {_OVER}"),
    Measure("frave_spearman", "rho", "higher", f"Spearman's rank correlation of asked and measured, {_OVER}"),
    Measure("frave_kendall", "tau", "higher", f"Kendall's tau-b of asked and measured, {_OVER}"),
    Measure(
        "frave_example_pearson",
        "r",
        "higher",
        "Pearson's r within each note, 0 where either curve is constant; mean over batches, which n counts.",
    ),
)
"""One for each field of Scores, in its order."""


@dataclass(frozen=True)
class FraveProtocol:
    """How the examination is held.

    Args:
        as_published: silent frames count too, and requests are not held within -1..1 (which they never leave where the
            scale is PublishedRange); ours counts the frames that sound and asks no knob beyond its ends
        n_frames: T, in a curve
        batch_size: examples that share their pools of curves
        passes: over the examples, each with new curves
        seed: of the curves
        swapped: indices of the knobs that are turned; None: all, each on its own
    """

    as_published: bool = False
    n_frames: int = 64
    batch_size: int = 8
    passes: int = 1
    seed: int = 0
    swapped: tuple[int, ...] | None = None


class Scores(NamedTuple):
    """Agreement of requests and measurements as MEASURES says, each (..., C); NaN where it cannot be told.

    That is where fewer than two frames count, or where a measurement is not finite.
    """

    score: np.ndarray
    l1: np.ndarray
    pearson: np.ndarray
    spearman: np.ndarray
    kendall: np.ndarray
    example_pearson: np.ndarray


class FraveResult(NamedTuple):
    """Names of the C knobs, and the scores (n_batches, C) of each batch, means over the passes."""

    protocol: FraveProtocol
    knobs: list[str]
    batches: Scores

    def figures(self) -> list[Figure]:
        """Each score of each knob, then of all knobs together, with 95 % intervals over batches."""
        return [
            _figure(measure, knob, values)
            for measure, scores in zip(MEASURES, self.batches, strict=True)
            for knob, values in [*zip(self.knobs, scores.T, strict=True), (None, scores.mean(axis=1))]
        ]


def run_protocol(
    system: System,
    curves: np.ndarray,
    knobs: Sequence[str],
    protocol: FraveProtocol | None = None,
    data_set: np.ndarray | None = None,
    sounding: np.ndarray | None = None,
) -> FraveResult:
    """Ask a system for curves, batch by batch, and score what it returns.

    Args:
        system: renders and measures
        curves: (n_examples, C, T) of the notes examined, on the scale -1..1
        knobs: C names
        protocol: ours if not given
        data_set: (n_items, C, T) that lends curves to the requests; the notes examined if not given
        sounding: (n_examples, T), true where a frame counts; all do if not given, or as published

    Returns:
        scores per batch, the last of which may be smaller

    Raises:
        ValueError: for shapes that do not fit the knobs, the protocol or one another
    """
    protocol = protocol or FraveProtocol()
    data_set = curves if data_set is None else data_set
    if sounding is None or protocol.as_published:
        sounding = np.ones((len(curves), protocol.n_frames), dtype=bool)
    _check("curves", curves, (len(curves), len(knobs), protocol.n_frames))
    _check("data_set", data_set, (len(data_set), len(knobs), protocol.n_frames))
    _check("sounding", sounding, (len(curves), protocol.n_frames))
    rng = np.random.default_rng(protocol.seed)
    slices = [slice(first, first + protocol.batch_size) for first in range(0, len(curves), protocol.batch_size)]
    scores = []
    for examples in slices * protocol.passes:
        asked = draw_targets(data_set, curves[examples], rng, protocol.swapped)
        asked = asked if protocol.as_published else asked.clip(-1, 1)
        measured = system(asked, examples)
        _check("what the system measured", measured, asked.shape)
        scores.append(batch_scores(asked, measured, sounding[examples]))
    # Passes over one batch are not independent samples: they are averaged before any interval.
    by_pass = np.array(scores).reshape(protocol.passes, len(slices), len(Scores._fields), len(knobs))
    return FraveResult(protocol, list(knobs), Scores(*by_pass.mean(axis=0).swapaxes(0, 1)))


def batch_scores(asked: np.ndarray, measured: np.ndarray, sounding: np.ndarray | None = None) -> Scores:
    """Curves asked and measured (B, C, T), frames that count (B, T) (None: all) -> scores, each (C,)."""
    counts = np.ones((len(asked), asked.shape[-1]), dtype=bool) if sounding is None else sounding
    columns = zip(asked.swapaxes(0, 1), measured.swapaxes(0, 1), strict=True)
    return Scores(*np.array([_knob_scores(wanted, got, counts) for wanted, got in columns]).T)


def _knob_scores(asked: np.ndarray, measured: np.ndarray, counts: np.ndarray) -> tuple[float, ...]:
    """Curves asked and measured and frames that count, all (B, T) -> the fields of Scores."""
    wanted, got = asked[counts], measured[counts]
    if wanted.size < 2 or not np.isfinite(got).all():
        return (np.nan,) * len(Scores._fields)
    pearson = _pearson(wanted, got)
    examples = [
        _pearson(*curves[:, frames])
        for curves, frames in zip(np.stack([asked, measured], axis=1), counts, strict=True)
        if frames.sum() > 1
    ]
    return (
        (pearson + 1) / 2,
        float(np.abs(wanted - got).mean()),
        pearson,
        _pearson(rankdata(wanted), rankdata(got)),
        _kendall(wanted, got),
        float(np.mean(examples)) if examples else np.nan,
    )


def _pearson(first: np.ndarray, second: np.ndarray) -> float:
    """Cosine of the (n,) vectors less their means."""
    first, second = first - first.mean(), second - second.mean()
    norms = [max(float(np.linalg.norm(values)), EPSILON) for values in (first, second)]
    return float(first @ second / math.prod(norms))


def _kendall(first: np.ndarray, second: np.ndarray) -> float:
    """Tau-b of (n,) vectors, 0 where one never moves."""
    tau = kendalltau(first, second).statistic
    return 0.0 if np.isnan(tau) else float(tau)


def _figure(measure: Measure, knob: str | None, values: np.ndarray) -> Figure:
    """One score of one knob, (n_batches,) -> its mean and interval over the batches where it is defined."""
    low, high = bootstrap_interval(values, "mean")
    of, values = values.size, values[np.isfinite(values)]
    return Figure(
        name=measure.name,
        knob=knob,
        family=None,
        register=None,
        unit=measure.unit or "",
        better=measure.better,
        definition=measure.definition,
        value=float(values.mean()) if values.size else np.nan,
        low=low,
        high=high,
        n=values.size,
        of=of,
    )


def _check(name: str, array: np.ndarray, shape: tuple[int, ...]) -> None:
    """ValueError unless an array has the shape and is not empty."""
    if array.shape != shape or array.size == 0:
        raise ValueError(
            f"{name} has shape {array.shape} where the knobs, notes and frames ask for {shape}, not empty."
        )
