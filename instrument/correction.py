"""Exact knobs on the page: gains on a frame's partials and bands that bring its readings to what is asked."""

from collections.abc import Sequence

import torch
from torch import Tensor

from instrument.graph import Graph, compiled
from lightning_modules.frame_gains import TRIED, USUAL, Projection
from lightning_modules.timbre_model import TimbreModel
from projection import projectable
from synths import Descriptor, Layers, measure_all_layers
from synths.descriptors.line_spectra import LineSpectra


class FrameCorrection(Projection):
    """One step of `Projection` on what is played now: without what a window sees of the frames around it.

    A page has no time for the sound's own reading: that costs ten times as much. In a note that holds, layers and
    sound read the same but for the room.
    """

    def forward(  # type: ignore[override]  # a frame of the page knows less than one that was heard
        self, f0_hz: Tensor, amplitudes: Tensor, noise_magnitudes: Tensor, asked: Tensor, gains: Tensor
    ) -> tuple[Tensor]:
        """(1, 1) pitch, (1, 1, K) and (1, 1, M) as played with these (1, 5) gains, (1, C) positions -> (1, 5) gains."""
        layers = Layers(f0_hz, amplitudes, noise_magnitudes)
        tried = torch.cat([self.usual.new_zeros(1, len(USUAL)), torch.diag(TRIED * self.usual)])[None]
        n_ways = tried.shape[1]
        alike = layers.frames(lambda values: values.expand(-1, n_ways, *values.shape[2:]))
        ways = alike.scaled(tried @ self.directions(layers)[:, 0].mT)
        knobs = self.target.knobs
        positions = self.target.positions(measure_all_layers(knobs, ways))
        tolerance, weight = self.target.tolerance(asked), self._weight(asked)
        off = (asked - positions[:, 0]) / tolerance
        slopes = (positions[:, 1:] - positions[:, :1]).mT / (TRIED * tolerance[..., None])
        return (gains + self._step(off * weight, slopes * weight[..., None], gains),)


def correctable(model: TimbreModel) -> list[Descriptor]:
    """The knobs that the page meets: those that a frame of layers tells."""
    return [descriptor for descriptor in model.encoder.each_descriptor() if projectable(descriptor)]


def correction_of(model: TimbreModel, n_partials: int, n_bands: int) -> FrameCorrection | None:
    """The step for a model's knobs; None where no frame tells one."""
    knobs: Sequence[Descriptor] = correctable(model)
    if not knobs:
        return None
    spectra = LineSpectra(model.clip)
    return FrameCorrection(knobs, model.clip, spectra, n_partials, n_bands, latency_frames=1).eval()


@torch.no_grad()
def correction_graph(correction: FrameCorrection) -> Graph:
    """The step compiled: `gains_next` of f0_hz, amplitudes, noise_magnitudes, asked, gains."""
    inputs = {
        "f0_hz": torch.full((1, 1), 220.0),
        "amplitudes": torch.linspace(0.1, 0.001, correction.n_partials)[None, None],
        "noise_magnitudes": torch.full((1, 1, correction.n_bands), 0.001),
        "asked": torch.full((1, len(correction.knobs)), 0.5),
        "gains": torch.zeros(1, len(USUAL)),
    }
    return compiled(correction, inputs, ["gains_next"], half=True)
