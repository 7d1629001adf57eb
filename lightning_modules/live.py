"""Exact knobs as they are met live: frame by frame, without knowing what comes."""

import torch
from torch import Tensor

from lightning_modules.encoders import Encoding
from lightning_modules.exact import obstacle_of
from lightning_modules.met_knobs import MetKnobs
from lightning_modules.timbre_model import Rendering, TimbreModel
from synths.streaming import State, StreamingSynth


class Live:
    """Puts sounds together as `Exact` does, but as an instrument plays: causal, a frame at a time.

    No frame knows what is asked or played after it; what is heard of it comes back with the window's delay. The
    sound is that of `Instrument(model, exact=True)`, aligned with the offline rendering. Knobs that only sound can
    tell follow the decoder.

    Args:
        model: in eval mode

    Raises:
        ValueError: no knob can be met, or a part of the synth cannot say what it plays or has no streaming form
    """

    def __init__(self, model: TimbreModel) -> None:
        if obstacle := obstacle_of(model):
            raise ValueError(f"{obstacle}: render the open sound.")
        self.model = model
        self.synth = StreamingSynth(model.synth).to(model.device).eval()
        knobs = list(model.encoder.each_descriptor())
        self.met = MetKnobs(knobs, model.synth, self.synth).to(model.device).eval()

    @torch.no_grad()
    def __call__(
        self, f0_hz: Tensor, encoding: Encoding, sounding: Tensor | None = None, turned: Tensor | None = None
    ) -> Rendering:
        """Render an encoding, as it was taken or with its knobs turned.

        Args:
            f0_hz: (B, F) pitch in Hz
            encoding: of B clips
            sounding: as `Exact` takes it; not looked at
            turned: likewise

        Returns:
            rendering, whose parameters are still the decoder's
        """
        parameters = self.model.decoder(f0_hz, encoding.controls, encoding.residual)
        white_noise = self.model.synth.white_noise(f0_hz)
        given = parameters if white_noise is None else parameters | {"white_noise": white_noise}
        state = self.synth.initial_state(len(f0_hz)) | self.met.initial_state(len(f0_hz))
        open_all_along = torch.ones_like(f0_hz)
        audio, state = self.met(self.synth, self._sounded, f0_hz, given, encoding.controls, open_all_along, state)
        late = torch.cat([audio, self.synth.finish(state)], dim=1)
        return Rendering(late[:, self.synth.latency_frames * self.synth.hop :], parameters, encoding)

    def _sounded(
        self, f0_hz: Tensor, parameters: dict[str, Tensor], openness: Tensor, state: State
    ) -> tuple[Tensor, State]:
        return self.synth(f0_hz, parameters, state)
