"""The model: what takes sound apart and puts it together again. How it learns is written in `autoencoder`.

Lightning is not imported here, because what renders need not wait for it.
"""

import math
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.serialization import add_safe_globals

from lightning_modules.decoders import DecoderRecipe, MinGruDecoder
from lightning_modules.decoders.with_partials import WithPartials
from lightning_modules.encoders import DescriptorEncoder, Encoder, Encoding
from lightning_modules.encoders.preset import Preset
from lightning_modules.losses import LineLevels, MultiResolution
from lightning_modules.losses.turned_knobs import TurnedKnobs
from synths import ClipFormat, Descriptor, Recipe, SMSSynth
from synths.stiffness import StringsListener

add_safe_globals([ClipFormat])  # a checkpoint names its format: it can still be read with weights only


def is_judge(key: str) -> bool:
    """Whether a key of a state is of what only judges in training, such as the critic of a reconstruction loss."""
    return key.startswith("reconstruction.")


class Rendering(NamedTuple):
    """A sound put together: audio (B, N), the raw synth parameters by name, and the encoding they came from."""

    audio: Tensor
    parameters: dict[str, Tensor]
    encoding: Encoding


class TimbreModel(nn.Module):
    """Takes sound apart into pitch, knobs and residual, and puts it together again through the synth.

    Args:
        clip: format of the run
        encoder: audio to controls and residual
        synth: pitch and parameters to audio
        reconstruction: distance of the resynthesis from the recording
        decoder: pitch, controls and residual to synth parameters
        learning_rate: of Adam, at the start; it falls to a twentieth along a cosine
        knob_weight: weight of how far the knobs measured on the resynthesis are from those asked for
        turned: how knobs are turned in training, and what their errors weigh
        residual_dropout: chance of a clip to be rendered without its residual in training, so that no knob can be left
            to it; a residual of zeros is then a usual one
        knobs_from: what the knobs of a resynthesis are measured on in training: its "sound", or the "layers" that the
            synth plays, whose gradients no window smears, but which leave out the room
        line_weight: weight of how far levels of partials and of the gaps between them are from the recording's; 0 does
            not listen for them
    """

    def __init__(
        self,
        clip: ClipFormat,
        encoder: Recipe[Encoder] = DescriptorEncoder,
        synth: Recipe[SMSSynth] = SMSSynth,
        reconstruction: Recipe[nn.Module] = MultiResolution,
        decoder: DecoderRecipe = MinGruDecoder,
        learning_rate: float = 2e-3,
        knob_weight: float = 4.0,
        turned: TurnedKnobs = TurnedKnobs(),
        residual_dropout: float = 0.0,
        knobs_from: Literal["sound", "layers"] = "sound",
        line_weight: float = 0.0,
    ) -> None:
        super().__init__()
        if knobs_from not in ("sound", "layers"):
            raise ValueError(f"model.knobs_from is {knobs_from!r}: it is sound or layers.")
        if not 0.0 <= residual_dropout < 1.0:
            raise ValueError(f"model.residual_dropout is {residual_dropout}: it is a chance, 0 up to less than 1.")
        if not 0.0 < learning_rate < math.inf:
            raise ValueError(f"model.learning_rate is {learning_rate}: it is a positive number, such as 2e-3.")
        if not knob_weight >= 0.0:
            raise ValueError(f"model.knob_weight is {knob_weight}: it must not be negative.")
        if not line_weight >= 0.0:
            raise ValueError(f"model.line_weight is {line_weight}: it must not be negative.")
        self.clip = clip
        self.learning_rate = learning_rate
        self.knob_weight = knob_weight
        self.line_weight = line_weight
        self.turned = turned
        self.residual_dropout = residual_dropout
        self.knobs_from = knobs_from
        self.encoder = encoder(clip)
        self.synth = synth(clip)
        deaf = [d.name for d in self.encoder.each_descriptor() if type(d).measure_layers is Descriptor.measure_layers]
        if knobs_from == "layers" and deaf:
            raise ValueError(
                f"model.knobs_from is layers, but {deaf[0]} can be measured from sound only: leave it out."
            )
        wordless = self.synth.parts_without_layers()
        if knobs_from == "layers" and wordless:
            raise ValueError(
                f"model.knobs_from is layers, but the synth's {wordless[0]} cannot say what it plays: give it a method "
                "layers(), or take the sound."
            )
        n_added = self.encoder.added_size
        heard = decoder(len(self.encoder.controls), self.encoder.residual_size - n_added, self.synth.sizes)
        self.decoder = WithPartials(heard, n_added, clip.nyquist_hz) if n_added else heard
        self.reconstruction = reconstruction(clip)
        self.lines = LineLevels(clip) if line_weight else None
        self._listen_for_strings()
        self.f0_tracker: str | None = None
        self.trained_steps = 0
        self.begins_warm = False  # with the weights of another model
        self.presets: Mapping[str, Preset] = {}
        self.preset: Preset | None = None  # that it plays, whatever it hears

    def _listen_for_strings(self) -> None:
        """What hears partials looks for them where the synth's strings have theirs: stiffness is no noise."""
        for module in self.modules():
            if isinstance(module, StringsListener):
                module.listen_for(self.synth.strings)

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.parameters()).device

    def forward(self, audio: Tensor, f0_hz: Tensor) -> Rendering:
        """(B, N) audio and its (B, F) pitch in Hz -> Rendering."""
        encoding = self.encoder(audio, f0_hz)
        if self.training and self.residual_dropout:
            kept = torch.rand(len(audio), 1, 1, device=audio.device) >= self.residual_dropout
            encoding = encoding._replace(residual=encoding.residual * kept)
        return self.put_together(f0_hz, encoding)

    def put_together(self, f0_hz: Tensor, encoding: Encoding) -> Rendering:
        """Render an encoding, as it was taken or with its knobs turned."""
        parameters = self.decoder(f0_hz, encoding.controls, encoding.residual)
        return Rendering(self.synth(f0_hz, parameters), parameters, encoding)

    def measured_positions(self, rendering: Rendering, f0_hz: Tensor, every: int = 1) -> Tensor:
        """(B, F / every, C) knob positions of a resynthesis: of its sound, or in training as `knobs_from` says."""
        if self.training and self.knobs_from == "layers":
            return self.encoder.knob_positions_of_layers(self.synth.layers(f0_hz, rendering.parameters), every)
        return self.encoder.knob_positions(rendering.audio, f0_hz, every)

    def remember(self, checkpoint: Mapping[str, Any]) -> None:
        """Know which pitch tracker a checkpoint was trained with, and for how long.

        Raises:
            ValueError: it is the checkpoint of another model
        """
        made_by = checkpoint.get("interpretsynth")
        if made_by is None:
            raise ValueError(
                "the checkpoint was not written by InterpretSynth: choose one from runs/<name>/checkpoints."
            )
        if made_by["knobs"] != self.encoder.knob_kinds:
            raise ValueError(
                f"the checkpoint's knobs are {', '.join(made_by['knobs']) or 'none'}; this model's are "
                f"{', '.join(self.encoder.knob_kinds) or 'none'}: use the run's own config.yaml."
            )
        self.f0_tracker = self.f0_tracker or made_by["f0_tracker"]
        self.trained_steps = checkpoint["global_step"]
        self.presets = checkpoint.get("presets", {})
