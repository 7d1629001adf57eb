"""Spectral modelling synthesis: the sum of parts, then effects."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from synths.clip import ClipFormat, Recipe
from synths.harmonics import Harmonics
from synths.layers import Layers
from synths.noise import FilteredNoise
from synths.part import Part
from synths.reverb import Reverb


class SMSSynth(nn.Module):
    """Harmonics + noise, in a room (Serra & Smith 1990; Engel et al. 2020), differentiable throughout.

    Args:
        clip: format of the run
        parts: the additive layers
        effects: what their sum passes through, in order
    """

    def __init__(
        self,
        clip: ClipFormat,
        parts: Sequence[Recipe[Part]] = (Harmonics, FilteredNoise),
        effects: Sequence[Recipe[nn.Module]] = (Reverb,),
    ) -> None:
        super().__init__()
        if not parts:
            raise ValueError("the synth has no parts: give it at least one, such as synths.Harmonics.")
        built = [part(clip) for part in parts]
        self.parts = nn.ModuleList(built)
        self.effects = nn.ModuleList(effect(clip) for effect in effects)
        self.sizes: dict[str, int] = {}
        for part in built:
            twice = self.sizes.keys() & part.sizes.keys()
            if twice:
                raise ValueError(f"two parts of the synth want the same parameter: {', '.join(sorted(twice))}.")
            self.sizes |= part.sizes

    def forward(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> Tensor:
        """(B, F) pitch in Hz and raw (B, F, size) parameters -> (B, N) audio, in the pitch's precision throughout."""
        with torch.autocast(f0_hz.device.type, enabled=False):
            return self._render(f0_hz, {name: value.to(f0_hz.dtype) for name, value in parameters.items()})

    def layers(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> Layers:
        """(B, F) pitch in Hz and raw parameters -> what the parts play, before the effects.

        Raises:
            NotImplementedError: a part cannot say what it plays
            ValueError: two parts play the same kind of layer
        """
        nothing = f0_hz.new_zeros(*f0_hz.shape, 0)
        played = Layers(f0_hz, nothing, nothing)
        with torch.autocast(f0_hz.device.type, enabled=False):
            parameters = {name: value.to(f0_hz.dtype) for name, value in parameters.items()}
            for part in self.parts:
                assert isinstance(part, Part)
                for name, layer in part.layers(f0_hz, parameters).items():
                    if getattr(played, name) is not nothing:
                        raise ValueError(f"two parts of the synth play {name}: measure its sound instead.")
                    played = played._replace(**{name: layer})
        return played

    def _render(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> Tensor:
        audio = torch.stack([part(f0_hz, parameters) for part in self.parts]).sum(0)
        for effect in self.effects:
            audio = effect(audio)
        return audio
