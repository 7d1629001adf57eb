"""One sound at several positions of one knob: to be heard, drawn and told."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from lightning_modules.exact import Exact
from lightning_modules.knobs import sweep
from lightning_modules.timbre_model import TimbreModel
from lightning_modules.wav import write_wav
from studies.run_sounds import Slider
from synths import ClipFormat

if TYPE_CHECKING:  # matplotlib takes a second, and only pictures need it
    from matplotlib.figure import Figure


class ShownSweep(NamedTuple):
    """One sound at P positions of one knob, 0..1 within the training range.

    Attributes:
        knob: its name
        unit: of the knob's descriptor
        positions: P
        asked_readings: P values asked for, in the unit
        measured_readings: P values the descriptor reads on the audio, in the unit, NaN where it reads none
        open_readings: P values that it reads on what the decoder plays, before it is corrected
        audios: (P, N)
    """

    knob: str
    unit: str
    positions: Sequence[float]
    asked_readings: Sequence[float]
    measured_readings: Sequence[float]
    open_readings: Sequence[float]
    audios: Tensor

    def picture(self, clip: ClipFormat) -> "Figure":
        """Asked and measured values above the spectrogram of each sound."""
        from lightning_modules.pictures import sweep_figure

        readings = self.measured_readings, self.asked_readings
        return sweep_figure(self.audios, self.positions, *readings, self.knob, self.unit, clip, self.open_readings)

    def sliders(self, folder: Path, sample_rate: int, note: str) -> list[Slider]:
        """Write the sounds into a folder, and say what each is."""
        found = []
        told = zip(self.positions, self.asked_readings, self.measured_readings, self.audios, strict=True)
        for position, asked, measured, audio in told:
            file = f"{self.knob}-{position:.2f}.wav"
            write_wav(folder / file, audio, sample_rate)
            read = measured if measured == measured else None  # not a number
            found.append(Slider(note, self.knob, position, asked, read, self.unit, file, "exact"))
        return found


def shown_sweep(
    model: TimbreModel,
    audio: Tensor,
    f0_hz: Tensor,
    knob: str,
    positions: Sequence[float],
    exact: Exact,
    with_open: bool = True,
) -> ShownSweep:
    """Turn one knob of a sound, its knobs met.

    Args:
        model: in eval mode
        audio: (1, N), N a multiple of the hop
        f0_hz: (1, F)
        knob: its name
        positions: P
        exact: of the model
        with_open: whether the sound before it is corrected is measured too
    """
    descriptor = next(d for d in model.encoder.each_descriptor() if d.name == knob)
    turned = sweep(model, audio, f0_hz, knob, positions, exact)
    asked = descriptor.value_at(turned.asked_positions).tolist()
    measured = descriptor.value_at(turned.measured_positions[0]).tolist()
    before: list[float] = []
    if with_open:
        uncorrected = sweep(model, audio, f0_hz, knob, positions)
        before = descriptor.value_at(uncorrected.measured_positions[0]).tolist()
    return ShownSweep(knob, descriptor.unit, positions, asked, measured, before, turned.audio[0])


def reachable_positions(lowest: float, highest: float, n_positions: int = 5) -> list[float]:
    """Positions from one end of what a knob reaches on a sound to the other, a little inside."""
    inside = 0.05 * (highest - lowest)
    return [float(p) for p in torch.linspace(lowest + inside, highest - inside, n_positions)]
