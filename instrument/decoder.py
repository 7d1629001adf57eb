"""A frame of a voice as one graph: pitch, controls and residual in, partials and noise bands out."""

import torch
from torch import Tensor, nn

from instrument.correction import FrameCorrection, correction_of
from instrument.graph import Graph, compiled
from lightning_modules.frame_gains import USUAL
from lightning_modules.timbre_model import TimbreModel

FIRST_HZ = 220.0


class VoiceFrame(nn.Module):
    """Decoder and the numbers that the synth would play, one frame with every memory an argument.

    Args:
        model: whose synth can say what it plays, in harmonics

    Raises:
        ValueError: it cannot, or plays partials that are no harmonics
    """

    def __init__(self, model: TimbreModel) -> None:
        super().__init__()
        self.decoder, self.synth = model.decoder, model.synth
        self.correction: FrameCorrection | None = None
        if wordless := model.synth.parts_without_layers():
            raise ValueError(f"{wordless[0]} of the synth cannot say what it plays: the page cannot play it.")
        self.state_names = list(model.decoder.initial_state(1))
        self.n_controls, self.residual_size = len(model.encoder.controls), model.encoder.residual_size
        layers = model.synth.layers(torch.full((1, 1), FIRST_HZ), self._decoded(*self._first()))
        if layers.frequencies_hz is not None:
            raise ValueError("the synth plays partials that are no harmonics: the page cannot play it.")
        self.n_partials, self.n_bands = layers.amplitudes.shape[-1], layers.noise_magnitudes.shape[-1]
        self.correction = correction_of(model, self.n_partials, self.n_bands)

    def inputs(self) -> dict[str, Tensor]:
        """A first frame.

        f0_hz and highest_hz (1, 1), log gains (1, 5) if knobs can be met, controls (1, 1, C), residual (1, 1, D), and
        each state.
        """
        f0_hz, controls, residual, *states = self._first()
        named = {"f0_hz": f0_hz, "highest_hz": f0_hz.clone()}
        if self.correction:
            named["gains"] = torch.zeros(1, len(USUAL))
        named |= {"controls": controls, "residual": residual}
        given = {name: value for name, value in named.items() if value.numel()}
        return given | dict(zip(self.state_names, states, strict=True))

    @property
    def outputs(self) -> list[str]:
        """Amplitudes (1, 1, K), noise_magnitudes (1, 1, M), each state after it as NAME_next."""
        return ["amplitudes", "noise_magnitudes", *(f"{name}_next" for name in self.state_names)]

    def forward(self, f0_hz: Tensor, highest_hz: Tensor, *given: Tensor) -> tuple[Tensor, ...]:
        """The next frame; partials of `highest_hz` above Nyquist are silent: it is that of this frame and the last."""
        left = list(given)
        gains = left.pop(0) if self.correction else None
        controls = left.pop(0) if self.n_controls else f0_hz.new_zeros(1, 1, 0)
        residual = left.pop(0) if self.residual_size else f0_hz.new_zeros(1, 1, 0)
        parameters, after = self.decoder.stream(
            f0_hz, controls, residual, dict(zip(self.state_names, left, strict=True))
        )
        layers = self.synth.layers(highest_hz, parameters)
        if self.correction and gains is not None:
            layers = layers.scaled(gains[:, None] @ self.correction.directions(layers._replace(f0_hz=f0_hz))[:, 0].mT)
        return layers.amplitudes, layers.noise_magnitudes, *(after[name] for name in self.state_names)

    def _first(self) -> tuple[Tensor, ...]:
        controls = torch.full((1, 1, self.n_controls), 0.5)
        states = self.decoder.initial_state(1).values()
        return torch.full((1, 1), FIRST_HZ), controls, torch.zeros(1, 1, self.residual_size), *states

    def _decoded(self, f0_hz: Tensor, controls: Tensor, residual: Tensor, *states: Tensor) -> dict[str, Tensor]:
        state = dict(zip(self.state_names, states, strict=True))
        return self.decoder.stream(f0_hz, controls, residual, state)[0]


@torch.no_grad()
def decoder_graph(frame: VoiceFrame, half: bool = True) -> Graph:
    """A frame compiled, large weights in half precision.

    Raises:
        ValueError: the page has no step for an operation of the decoder
    """
    return compiled(frame, frame.inputs(), frame.outputs, half)
