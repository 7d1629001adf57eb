"""What turning knobs did: the input of all metrics of control."""

from typing import NamedTuple

import numpy as np

from projection.target import TOLERANCE_POSITION
from studies.figure import OPEN


class TurnedNote(NamedTuple):
    """Whose knobs were turned: name, instrument family, register of its pitch (low, middle, high)."""

    name: str
    family: str
    register: str


class Column(NamedTuple):
    """What is read on every turned sound: the descriptor of a knob, pitch, or what no knob turns.

    Attributes:
        name: of the descriptor, or "f0"
        unit: of its values
        low: value at position 0 of the training range
        high: value at position 1
        jnd: the least difference that is heard, in the unit; None where the literature gives none
        curve: "linear", or "log" where equal steps of position are equal ratios
    """

    name: str
    unit: str
    low: float
    high: float
    jnd: float | None
    curve: str = "linear"

    def position_of(self, value: np.ndarray) -> np.ndarray:
        """Values in the unit -> positions, 0..1 within the training range."""
        if self.curve == "log":
            return np.asarray(np.log(np.maximum(value, 1e-3 * self.low) / self.low) / np.log(self.high / self.low))
        return (value - self.low) / (self.high - self.low)

    def tolerances_off(self, value: np.ndarray, asked: np.ndarray) -> np.ndarray:
        """Values in the unit -> how many JNDs they are off, or twentieths of the range where there is none."""
        if self.jnd is not None:
            return np.asarray((value - asked) / self.jnd)
        return np.asarray((self.position_of(value) - self.position_of(asked)) / TOLERANCE_POSITION)


class KnobSweeps(NamedTuple):
    """K knobs of N notes at P positions each, all other knobs held at the note's own, and what J columns then measure.

    Values are in the columns' units, means over the frames in which the note sounds.

    Attributes:
        notes: N
        columns: J, the first K the knobs' own descriptors in the model's order, then what no knob turns, pitch last
        n_knobs: K
        positions: (P,) asked, 0..1, ascending
        asked_readings: (N, K, P) asked
        own_readings: (N, J) measured on the resynthesis with no knob turned
        measured_readings: (N, K, P, J) measured with knob k at position p; NaN where it cannot be (pitch of silence)
        reachable: (N, K, P) whether any setting of the synth could meet the request
        in_reach: (N, K, P) whether training notes of about the note's pitch have the knob there
        recorded_readings: (N, K) measured on the recording: where the knobs are that are not turned
        frame_errors_jnd: (N, K, P) mean distance of the turned knob from its course, frame by frame; NaN without JND
        cost: (N, K) CPU seconds per second of sound that the rendering took
        rendering: how the sounds were made
        reach_unknown: why it is not known what is reachable, and all requests count; empty where it is known
    """

    notes: list[TurnedNote]
    columns: list[Column]
    n_knobs: int
    positions: np.ndarray
    asked_readings: np.ndarray
    own_readings: np.ndarray
    measured_readings: np.ndarray
    reachable: np.ndarray
    in_reach: np.ndarray
    recorded_readings: np.ndarray
    frame_errors_jnd: np.ndarray
    cost: np.ndarray
    rendering: str = OPEN
    reach_unknown: str = ""

    @property
    def knobs(self) -> list[str]:
        """Names of the K knobs."""
        return [column.name for column in self.columns[: self.n_knobs]]

    def of_knob(self) -> np.ndarray:
        """(N, K, P) what each knob's own descriptor measures while that knob is turned."""
        own = np.arange(self.n_knobs)
        return self.measured_readings[:, own, :, own].transpose(1, 0, 2)
