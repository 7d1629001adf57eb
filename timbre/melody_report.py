"""How the knobs of a melody were met, in the frames in which a window hears nothing but one note."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from lightning_modules.timbre_model import TimbreModel
from melodies.part_sound import PlayedVoice
from output.numbers import readable
from projection import Target
from synths import Descriptor
from timbre.requests import spoken_unit

if TYPE_CHECKING:
    from timbre.render_melody import PlayedPart

_COLUMNS = "  {:<22}{:>9}{:>9} {:<9}{:>10}{:>11}"


class FollowedVoice(NamedTuple):
    """Knobs of one voice over time: (J,) seconds, (J, K) readings asked and measured, (J,) True where it is steady."""

    time_s: np.ndarray
    asked: np.ndarray
    measured: np.ndarray
    steady: np.ndarray


class FollowedKnobs:
    """Knobs of a part, voice by voice.

    Attributes:
        voices: in the order in which they were played
        descriptors: K
        off: (n, K) tolerances above what was asked, of the frames that are steady
    """

    def __init__(self) -> None:
        self.voices: list[FollowedVoice] = []
        self.descriptors: list[Descriptor] = []
        self._off: list[np.ndarray] = []

    def add(self, played: PlayedVoice, model: TimbreModel) -> None:
        """Take what one voice was asked, and what was measured."""
        self.descriptors = list(model.encoder.each_descriptor())
        asked = played.asked[:, : len(self.descriptors)]
        steady = played.steady.numpy()
        off = (played.positions - asked) / Target(self.descriptors).tolerance(asked)
        self._off.append(off[played.steady].numpy())
        time_s = played.voice.start_s + np.arange(len(asked)) * played.every / model.clip.frame_rate_hz
        each = [
            torch.stack([knob.value_at(values[:, i]) for i, knob in enumerate(self.descriptors)], dim=-1).numpy()
            for values in (asked, played.positions)
        ]
        self.voices.append(FollowedVoice(time_s, each[0], each[1], steady))

    @property
    def off(self) -> np.ndarray:
        """As the class says."""
        return np.concatenate(self._off) if self._off else np.zeros((0, len(self.descriptors)))


def table_lines(parts: "Sequence[PlayedPart]") -> list[str]:
    """A line for each knob of each model below a heading."""
    by_model: dict[str, list[FollowedKnobs]] = {}
    for part in parts:
        if part.followed.voices and part.followed.descriptors:
            by_model.setdefault(part.cast.instrument.name, []).append(part.followed)
    lines = []
    for name, each in by_model.items():
        whose = f"knob of {name}"[:22] if len(by_model) > 1 else "knob"
        lines += [_COLUMNS.format(whose, "lowest", "highest", "", "half off", "95 % off").rstrip(), *_lines(each)]
    return lines


def _lines(each: Sequence[FollowedKnobs]) -> list[str]:
    asked = np.concatenate([voice.asked[voice.steady] for followed in each for voice in followed.voices])
    lines, off = [], np.abs(np.concatenate([followed.off for followed in each]))
    for index, knob in enumerate(each[0].descriptors):
        unit = spoken_unit(knob)
        ends = [readable(float(end) * unit.n) for end in (asked[:, index].min(), asked[:, index].max())]
        half, most = (float(np.quantile(off[:, index], share)) for share in (0.5, 0.95))
        lines.append(_COLUMNS.format(knob.name, *ends, unit.word, _jnds(knob, half), _jnds(knob, most)).rstrip())
    return lines


def _jnds(knob: Descriptor, off: float) -> str:
    return f"{off:.2f} JND" if knob.jnd else f"{5.0 * off:.1f} %"
