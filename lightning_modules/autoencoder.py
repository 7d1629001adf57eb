"""The only training loop: read this file first."""

import math
from typing import Any, Literal, NamedTuple

import torch
from lightning import LightningModule
from torch import Tensor, nn

from lightning_modules.decoders import DecoderRecipe, MinGruDecoder
from lightning_modules.encoders import DescriptorEncoder, Encoder, Encoding, Term
from lightning_modules.losses import MultiResolution
from lightning_modules.losses.turned_knobs import knob_error, mean_position, turn_one_knob
from lightning_modules.provenance import provenance, refuse_other_tracker
from lightning_modules.random_states import random_states, restore_random_states
from synths import Clip, ClipFormat, Descriptor, Recipe, SMSSynth


class Rendering(NamedTuple):
    """A sound put together: audio (B, N), the raw synth parameters by name, and the encoding they came from."""

    audio: Tensor
    parameters: dict[str, Tensor]
    encoding: Encoding


class TimbreAutoencoder(LightningModule):
    """Takes sound apart into pitch, knobs and residual, and puts it together again through the synth.

    Args:
        clip: format of the run
        encoder: audio to controls and residual
        synth: pitch and parameters to audio
        reconstruction: distance of the resynthesis from the recording
        decoder: pitch, controls and residual to synth parameters
        learning_rate: of Adam, at the start; it falls to a twentieth along a cosine
        knob_weight: weight of how far the knobs measured on the resynthesis are from those asked for
        turned_share: share of each batch that is also rendered with a knob turned; 0 never tests a knob in training
        turned_weight: weight of the knobs' error on turned clips
        knobs_from: what the knobs of a resynthesis are measured on in training: its "sound", or the "layers" that the
            synth plays, whose gradients no window smears, but which leave out the room
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
        turned_share: float = 0.25,
        turned_weight: float = 2.0,
        knobs_from: Literal["sound", "layers"] = "sound",
    ) -> None:
        super().__init__()
        if knobs_from not in ("sound", "layers"):
            raise ValueError(f"model.knobs_from is {knobs_from!r}: it is sound or layers.")
        if not 0.0 <= turned_share <= 1.0:
            raise ValueError(f"model.turned_share is {turned_share}: it is a share of the batch, 0 to 1.")
        self.clip = clip
        self.learning_rate = learning_rate
        self.knob_weight = knob_weight
        self.turned_share = turned_share
        self.turned_weight = turned_weight
        self.knobs_from = knobs_from
        self.encoder = encoder(clip)
        self.synth = synth(clip)
        deaf = [d.name for d in self.encoder.each_descriptor() if type(d).measure_layers is Descriptor.measure_layers]
        if knobs_from == "layers" and deaf:
            raise ValueError(
                f"model.knobs_from is layers, but {deaf[0]} can be measured from sound only: leave it out."
            )
        self.decoder = decoder(len(self.encoder.knobs), self.encoder.residual_size, self.synth.sizes)
        self.reconstruction = reconstruction(clip)
        self.f0_tracker: str | None = None
        self.trained_steps = 0
        self._restored: dict[str, Any] | None = None
        self._set_aside: dict[str, Any] | None = None
        self.save_hyperparameters()
        for component in ("encoder", "synth", "reconstruction", "decoder"):
            if callable(self.hparams[component]):  # a configuration can be kept in a checkpoint, a function cannot
                del self.hparams[component]

    def forward(self, audio: Tensor, f0_hz: Tensor) -> Rendering:
        """(B, N) audio and its (B, F) pitch in Hz -> Rendering."""
        return self.put_together(f0_hz, self.encoder(audio, f0_hz))

    def put_together(self, f0_hz: Tensor, encoding: Encoding) -> Rendering:
        """Render an encoding, as it was taken or with its knobs turned."""
        parameters = self.decoder(f0_hz, encoding.controls, encoding.residual)
        return Rendering(self.synth(f0_hz, parameters), parameters, encoding)

    def training_step(self, clip: Clip, batch_idx: int) -> Tensor:
        """Sum of weighted terms, each logged."""
        rendering = self(clip.audio, clip.f0_hz)
        terms = {"reconstruction": Term(self.reconstruction(rendering.audio, clip.audio)), **rendering.encoding.terms}
        if self.encoder.knobs:
            terms |= self.knob_terms(clip, rendering)
        total = torch.stack([term.weight * term.value for term in terms.values()]).sum()
        self.log_dict({f"train/{name}": term.value.detach() for name, term in terms.items()}, prog_bar=True)
        self.log("train/loss", total.detach())
        return total

    def knob_terms(self, clip: Clip, rendering: Rendering) -> dict[str, Term]:
        """The knobs' errors as they were measured on the recording, and with one of them turned."""
        sounding = self.encoder.sounding(clip.audio, self.encoder.judged_every)
        held = self.knob_error(rendering, clip.f0_hz, sounding)
        terms = {"knobs": Term(held.mean(), self.knob_weight)}
        n_turned = math.ceil(self.turned_share * len(clip.audio))
        if n_turned:
            errors, _ = self.turned_error(clip.f0_hz[:n_turned], rendering.encoding, sounding[:n_turned])
            terms["turned_knobs"] = Term(errors.mean(), self.turned_weight)
        return terms

    def turned_error(self, f0_hz: Tensor, encoding: Encoding, sounding: Tensor) -> tuple[Tensor, Tensor]:
        """Turn one random knob of each clip: (B, C) error of all knobs, and (B, C) 1 for the one that was turned."""
        controls, residual = encoding.controls[: len(f0_hz)], encoding.residual[: len(f0_hz)]
        mean = mean_position(controls[:, :: self.encoder.judged_every], sounding)
        asked, turned = turn_one_knob(controls, mean)
        rendering = self.put_together(f0_hz, encoding._replace(controls=asked, residual=residual))
        return self.knob_error(rendering, f0_hz, sounding), turned

    def knob_error(self, rendering: Rendering, f0_hz: Tensor, sounding: Tensor) -> Tensor:
        """(B, C) distance of the knobs measured on a resynthesis from those it was asked for, where it sounds.

        All in every `judged_every`-th frame, as (B, F / judged_every) sounding is.
        """
        every = self.encoder.judged_every
        return knob_error(
            rendering.encoding.controls[:, ::every], self.measured_knobs(rendering, f0_hz, every), sounding
        )

    def measured_knobs(self, rendering: Rendering, f0_hz: Tensor, every: int = 1) -> Tensor:
        """(B, F / every, C) knob positions of a resynthesis: of its sound, or in training as `knobs_from` says."""
        if self.training and self.knobs_from == "layers":
            return self.encoder.measure_layers(self.synth.layers(f0_hz, rendering.parameters), every)
        return self.encoder.measure(rendering.audio, f0_hz, every)

    def validation_step(self, clip: Clip, batch_idx: int) -> None:
        """Log the reconstruction and the error of turned knobs."""
        rendering = self(clip.audio, clip.f0_hz)
        n_clips = len(clip.audio)
        logged = {"validation/reconstruction": self.reconstruction(rendering.audio, clip.audio)}
        if self.encoder.knobs:
            sounding = self.encoder.sounding(clip.audio, self.encoder.judged_every)
            errors, turned = self.turned_error(clip.f0_hz, rendering.encoding, sounding)
            logged["validation/control_error"] = (errors * turned).sum(1).mean()
        self.log_dict(logged, prog_bar=True, batch_size=n_clips, sync_dist=True)

    def test_step(self, clip: Clip, batch_idx: int) -> Any:
        """Render, for the evaluation callback to judge."""
        return self(clip.audio, clip.f0_hz)

    def predict_step(self, clip: Clip, batch_idx: int) -> Rendering:
        """Render, for the writing callback to keep."""
        return self(clip.audio, clip.f0_hz)

    def configure_optimizers(self) -> Any:
        """Adam, its rate on a cosine over the planned steps."""
        optimizer = torch.optim.Adam(self.parameters(), lr=self.learning_rate)
        n_steps = self.trainer.estimated_stepping_batches
        if not math.isfinite(n_steps):
            return optimizer

        def falling(step: int) -> float:
            return 0.05 + 0.475 * (1.0 + math.cos(math.pi * min(1.0, step / n_steps)))

        # Not CosineAnnealingLR, which takes its length from the checkpoint and rises again when a run is prolonged.
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, falling)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def setup(self, stage: str) -> None:
        """Remember the data's pitch tracker, or refuse one that differs from training's."""
        tracker = getattr(getattr(self.trainer, "datamodule", None), "tracker", None)
        if tracker is not None:
            refuse_other_tracker(self.f0_tracker, tracker.identity)
            self.f0_tracker = tracker.identity

    def on_fit_start(self) -> None:
        """Take the knobs' ranges from the training split, once in the life of a run."""
        if not self.encoder.calibrated and self.encoder.knobs:
            loader = self.trainer.datamodule.train_dataloader()  # type: ignore[attr-defined]
            clips = (clip for clip, _ in zip(loader, range(64), strict=False))
            self.encoder.calibrate((clip.audio.to(self.device), clip.f0_hz.to(self.device)) for clip in clips)

    def on_train_start(self) -> None:
        """Go on drawing random numbers where an interrupted run stopped."""
        if self._restored is not None:
            restore_random_states(self._restored)

    def on_validation_start(self) -> None:
        """Validate with the same random numbers every time, and leave training's alone."""
        self._set_aside = random_states()
        torch.manual_seed(0)

    def on_validation_end(self) -> None:
        """Go on with training's."""
        if self._set_aside is not None:
            restore_random_states(self._set_aside)
        self._set_aside = None

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Say what made the checkpoint, and where its random numbers were."""
        checkpoint["random_states"] = self._set_aside or random_states()
        checkpoint["interpretsynth"] = {**provenance(), "f0_tracker": self.f0_tracker, "knobs": self.encoder.knob_kinds}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Know which pitch tracker the checkpoint was trained with; refuse a checkpoint of another model."""
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
        refuse_other_tracker(made_by["f0_tracker"], self.f0_tracker)
        self.f0_tracker = made_by["f0_tracker"]
        self.trained_steps = checkpoint["global_step"]
        self._restored = checkpoint.get("random_states")
