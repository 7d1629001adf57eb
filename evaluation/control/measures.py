"""Figures about a knob: their names, units and definitions."""

from typing import Literal, NamedTuple

from evaluation.bootstrap import Statistic
from studies.figure import Better


class Measure(NamedTuple):
    """A figure about a knob, and how notes are summed up.

    Attributes:
        name: as it stands in rows and figures
        unit: of the value; None for the unit of the knob, and then there is no figure for all knobs together
        better: whether a "lower" or a "higher" value is the better one
        definition: one sentence, shown to the user
        statistic: over notes and knobs; the 95th percentile is over their requests
    """

    name: str
    unit: str | None
    better: Better
    definition: str
    statistic: Statistic | Literal["sum"] = "mean"


_OF_ALL_REQUESTS = ("requests", "error_all", "ordering", "ordering_e1", "ordering_e2", "ordering_e3", "cost")
_STATED = " (that of fundamental_share is stated, 0.05)."
"""Figures of before it was stated left that knob out: `timbre compare` says so where definitions differ."""
_NEAR = "just noticeable difference, or 5 % of its range if it has none."


def measures_of(reach_unknown: str) -> tuple[Measure, ...]:
    """The measures; where it is not known which requests can be met, those that leave some out say that they do not."""
    if not reach_unknown:
        return MEASURES
    remark = f" All requests count: {reach_unknown}"
    return tuple(
        measure if measure.name in _OF_ALL_REQUESTS else measure._replace(definition=measure.definition + remark)
        for measure in MEASURES
    )


MEASURES: tuple[Measure, ...] = (
    Measure("ordering_e1", "share", "higher", "Share of notes with more of the quality at position 0.8 than at 0.2."),
    Measure("ordering_e2", "share", "higher", "Share of notes with more of the quality at position 0.8 than at 0.5."),
    Measure("ordering_e3", "share", "higher", "Share of notes with more of the quality at position 0.5 than at 0.2."),
    Measure("ordering", "share", "higher", "Mean of the three ordering tests; chance is 0.5."),
    Measure("monotonicity", "share", "higher", "Share of steps from one position to the next that raise the quality."),
    Measure("slope", "ratio", "higher", "Rise of the measured position over that of the asked one; 1 is perfect."),
    Measure("r_squared", "share", "higher", "How much of the measured position a straight line of the asked explains."),
    Measure("error", None, "lower", "Mean distance of measured from asked, over the requests that a note can meet."),
    Measure(
        "error_jnd",
        "JND",
        "lower",
        f"Mean distance of measured from asked in just noticeable differences{_STATED}",
    ),
    Measure(
        "error_jnd_in_reach",
        "JND",
        "lower",
        "The same over the requests in reach: positions that training notes of about that pitch have.",
    ),
    Measure("error_all", None, "lower", "Mean distance of measured from asked, unreachable requests included."),
    Measure("reach_low", None, "lower", "Lowest value measured while the knob goes from end to end."),
    Measure("reach_high", None, "higher", "Highest value measured while the knob goes from end to end."),
    Measure("requests", "requests", "higher", "Positions asked, over all notes.", "sum"),
    Measure("unreachable", "requests", "lower", "Requests that no setting of the synth could meet.", "sum"),
    Measure("unmeasured", "requests", "lower", "Reachable requests answered by a sound without the quality.", "sum"),
    Measure(
        "off_target_drift_jnd", "JND", "lower", f"How far the qualities nobody turned move, in JNDs{_STATED}", "median"
    ),
    Measure("within_quarter", "share", "higher", f"Share of requests met within a quarter of the knob's {_NEAR}"),
    Measure("within_one", "share", "higher", f"Share of requests met within the knob's {_NEAR}"),
    Measure(
        "all_met",
        "share",
        "higher",
        f"Share of requests at which every knob is within a quarter of its {_NEAR} Knobs that are not turned are to be "
        "where the recording has them.",
    ),
    Measure(
        "error_jnd_p95",
        "JND",
        "lower",
        "Distance of measured from asked in just noticeable differences that 95 % of the requests stay below.",
        "percentile 95",
    ),
    Measure(
        "held_error_jnd",
        "JND",
        "lower",
        "How far the knobs that are not turned are from where the recording has them, in just noticeable differences.",
        "median",
    ),
    Measure(
        "frame_error_jnd",
        "JND",
        "lower",
        "Mean distance of measured from asked in just noticeable differences, frame by frame where the note sounds.",
    ),
    Measure(
        "cost",
        "s/s",
        "lower",
        "CPU seconds per second of sound that rendering takes, requests in batches; nothing of the measuring.",
    ),
    Measure("f0_drift_cents", "cents", "lower", "How far pitch moves when a knob is turned.", "median"),
)
