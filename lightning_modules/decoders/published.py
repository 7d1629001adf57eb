"""The decoder of C-DDSP and F-DDSP as it was published, and mended: a rival, not a model to follow."""

from typing import Literal

import torch
from torch import Tensor, nn

from lightning_modules.decoders.decoder import Decoder, State, layer
from synths.signal import hz_to_midi


class PublishedDecoder(Decoder):
    """Pitch, loudness and the rest through a network each, a recurrent layer, a last network (Devis et al. 2023).

    C-DDSP is F-DDSP without its critic, as far as the released code tells. Published with `shared_mlp`, `loudness`
    "residual" and `pitch` "hertz": one network for pitch and loudness; the loudness is the source's own, so that a
    turned level knob contradicts it; and hertz in their hundreds leave little but their sign behind the first layer's
    normalisation, where an octave changes the features by 0.2 % before training (octaves: by a quarter).

    Not reproduced, because the synth is ours for all: frames held until the next one, partials above Nyquist kept 80 dB
    down, 65 noise bands, a reverb of noise that decays.

    Args:
        n_controls: C
        residual_size: D
        sizes: width of each synth parameter
        width: units of each layer
        shared_mlp: pitch and loudness go through the same network
        loudness: "control" is control 0, which must be the level; "residual" the residual's last number
        pitch: "octaves" is of order 1 and linear in octaves; "hertz" the bare number

    Raises:
        ValueError: the loudness is to come from nowhere, or an option is unknown
    """

    def __init__(
        self,
        n_controls: int,
        residual_size: int,
        sizes: dict[str, int],
        width: int = 512,
        shared_mlp: bool = False,
        loudness: Literal["residual", "control"] = "control",
        pitch: Literal["hertz", "octaves"] = "octaves",
    ) -> None:
        nn.Module.__init__(self)  # none of the layers that our decoders share
        _refuse_nonsense(n_controls, residual_size, width, loudness, pitch)
        self.sizes, self.loudness, self.pitch = sizes, loudness, pitch
        n_rest = n_controls + residual_size - (loudness == "residual")
        self.pitch_mlp = _mlp(1, width)
        self.loudness_mlp = self.pitch_mlp if shared_mlp else _mlp(1, width)
        self.rest_mlp = _mlp(n_rest, width)
        self.gru = nn.GRU(3 * width, width, batch_first=True)
        self.out_mlp = _mlp(width + 2, width)
        self.heads = nn.Linear(width, sum(sizes.values()))

    def stream(
        self, f0_hz: Tensor, controls: Tensor, residual: Tensor, state: State
    ) -> tuple[dict[str, Tensor], State]:
        """Go on from a state: the next block of any number of frames, as `forward` takes them, and the state after."""
        with torch.autocast(f0_hz.device.type, enabled=False):  # bfloat16 would round hertz by up to 7 cents
            pitch, loudness, rest = self.branches(f0_hz, controls, residual)
            each = [self.pitch_mlp(pitch), self.loudness_mlp(loudness), self.rest_mlp(rest)]
            hidden, last = self.gru(torch.cat(each, dim=-1), state["hidden"][None])
            parameters = self.heads(self.out_mlp(torch.cat([hidden, pitch, loudness], dim=-1)))
        named = zip(self.sizes, parameters.split(list(self.sizes.values()), dim=-1), strict=True)
        return dict(named), {"hidden": last[0]}

    def branches(self, f0_hz: Tensor, controls: Tensor, residual: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What `forward` takes -> (B, F, 1) pitch, (B, F, 1) loudness, (B, F, .) descriptors and the rest."""
        pitch = f0_hz[..., None] if self.pitch == "hertz" else (hz_to_midi(f0_hz)[..., None] - 64.0) / 44.0
        centred, residual = 2.0 * controls.to(f0_hz.dtype) - 1.0, residual.to(f0_hz.dtype)
        if self.loudness == "control":
            return pitch, centred[..., :1], torch.cat([residual, centred], dim=-1)
        return pitch, residual[..., -1:], torch.cat([residual[..., :-1], centred], dim=-1)

    def initial_state(self, batch: int) -> State:
        """A hidden state of zeros, (B, width)."""
        return {"hidden": self.heads.weight.new_zeros(batch, self.gru.hidden_size)}

    def state_limits(self) -> dict[str, float]:
        """A mean of what it was and a hyperbolic tangent never leaves -1..1."""
        return {"hidden": 1.0}


def _mlp(n_inputs: int, width: int) -> nn.Module:
    return nn.Sequential(layer(n_inputs, width), layer(width, width), layer(width, width))


def _refuse_nonsense(n_controls: int, residual_size: int, width: int, loudness: str, pitch: str) -> None:
    if width < 1:
        raise ValueError(f"the decoder's width is {width}: it needs at least 1 unit.")
    if loudness not in ("residual", "control"):
        raise ValueError(f"the decoder's loudness is {loudness!r}: it is residual or control.")
    if pitch not in ("hertz", "octaves"):
        raise ValueError(f"the decoder's pitch is {pitch!r}: it is hertz or octaves.")
    if loudness == "control" and n_controls < 1:
        raise ValueError("the decoder's loudness is control 0, but there are no knobs: list the level first.")
    if loudness == "residual" and residual_size < 1:
        raise ValueError(
            "the decoder's loudness is the residual's last number, but it has none: give it with_loudness."
        )
