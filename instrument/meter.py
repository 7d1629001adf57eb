"""What a voice plays, read by the knobs' own descriptors: one graph for all of them."""

import torch
from torch import Tensor, nn

from instrument.graph import Graph, compiled
from lightning_modules.timbre_model import TimbreModel
from projection import projectable
from synths import Descriptor, Layers, measure_all_layers


class Meter(nn.Module):
    """Readings of one frame, in the descriptors' units.

    Args:
        descriptors: each tells a frame of layers (`projectable`)
    """

    def __init__(self, descriptors: list[Descriptor]) -> None:
        super().__init__()
        self.descriptors = nn.ModuleList(descriptors)

    def forward(self, f0_hz: Tensor, amplitudes: Tensor, noise_magnitudes: Tensor) -> tuple[Tensor, ...]:
        """(1, 1) pitch, (1, 1, K) and (1, 1, M) as `Layers` holds them -> a (1, 1) reading for each descriptor."""
        layers = Layers(f0_hz, amplitudes, noise_magnitudes)
        return tuple(measure_all_layers([_typed(each) for each in self.descriptors], layers))


def metered(model: TimbreModel) -> list[Descriptor]:
    """The knobs that have a meter: a frame of what is played tells them. The others only sound can tell."""
    return [descriptor for descriptor in model.encoder.each_descriptor() if projectable(descriptor)]


@torch.no_grad()
def meter_graph(model: TimbreModel, n_partials: int, n_bands: int) -> Graph | None:
    """`Meter` of all knobs that have one, compiled; None where none has."""
    descriptors = metered(model)
    if not descriptors:
        return None
    inputs = {
        "f0_hz": torch.full((1, 1), 220.0),
        "amplitudes": torch.linspace(0.1, 0.0, n_partials)[None, None],
        "noise_magnitudes": torch.full((1, 1, n_bands), 0.001),
    }
    return compiled(Meter(descriptors), inputs, [descriptor.name for descriptor in descriptors], half=True)


def _typed(module: nn.Module) -> Descriptor:
    assert isinstance(module, Descriptor)
    return module
