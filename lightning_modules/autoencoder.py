"""The only training loop: read this file first."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning import LightningModule
from lightning.pytorch.utilities import rank_zero_warn
from torch import Tensor

from lightning_modules.encoders import DescriptorEncoder, Encoder, Term
from lightning_modules.first_fault import FirstFault, NotFinite, first_of_all, weights_sentence
from lightning_modules.losses.turned_knobs import knob_error
from lightning_modules.provenance import provenance, remark_on_tracker
from lightning_modules.timbre_model import Rendering, TimbreModel
from lightning_modules.warm_start import keep_meaning, knob_spans
from synths import Clip, ClipFormat, Recipe, sounding_mean

LEVEL_SPAN_DB = 50.0
"""Range of a level knob, about: what a level that strays is compared with where there is no such knob."""


def batch_seed(seed: int, n_trained: int, rank: int) -> int:
    """Seed of everything random in a batch: seed of the run, batches trained before it, process -> 64 bits."""
    return int(np.random.SeedSequence((seed, n_trained, rank)).generate_state(1, np.uint64)[0]) >> 1


class TurnedError(NamedTuple):
    """What n clips with C knobs play when some of them are turned.

    Attributes:
        errors: (n, C) how far each knob is from where it should be
        turned: (n, C) 1 for those that were turned
        level_strayed: () how far the level is from what it was, in ranges of a knob; 0 where a knob turns it
    """

    errors: Tensor
    turned: Tensor
    level_strayed: Tensor


class TimbreAutoencoder(TimbreModel, LightningModule):
    """A model that learns: terms of the loss, validation, what a checkpoint says of the run.

    Args:
        clip: format of the run
        encoder: audio to controls and residual
        settings: further ones of `TimbreModel`
    """

    def __init__(self, clip: ClipFormat, encoder: Recipe[Encoder] = DescriptorEncoder, **settings: Any) -> None:
        super().__init__(clip, encoder, **settings)
        self.seed = 0
        self._n_processes: int | None = None
        self.fault = FirstFault()
        self.save_hyperparameters(logger=False)
        for component in ("encoder", "synth", "reconstruction", "decoder"):
            if callable(self.hparams.get(component)):  # a configuration can be kept in a checkpoint, a function cannot
                del self.hparams[component]

    def training_step(self, clips: Clip, batch_idx: int) -> Tensor:
        """Sum of weighted terms, each logged."""
        rendering = self(clips.audio, clips.f0_hz)
        terms = {"reconstruction": Term(self.reconstruction(rendering.audio, clips.audio)), **rendering.encoding.terms}
        sounding = self.encoder.sounding(clips.audio, self.encoder.judged_every)
        if self.lines is not None:
            heard = self.lines(rendering.audio, clips.audio, clips.f0_hz, sounding)
            terms["lines"] = Term(heard, self.line_weight)
        terms |= self.encoder.label_terms(rendering.encoding, sounding, clips.labels)
        terms |= self.knob_terms(clips, rendering, sounding)
        self.fault.note(self.global_step + 1, {name: term.value for name, term in terms.items()})
        if clips.audio.device.type == "cpu" and not torch.distributed.is_initialized():  # others had to wait for it
            self.refuse_fault()
        total = torch.stack([term.weight * term.value for term in terms.values()]).sum()
        logged = {f"train/{name}": term.value.detach() for name, term in terms.items()}
        self.log_dict(logged, prog_bar=True, batch_size=len(clips.audio))
        self.log("train/loss", total.detach(), batch_size=len(clips.audio))
        return total

    def knob_terms(self, clips: Clip, rendering: Rendering, sounding: Tensor) -> dict[str, Term]:
        """The knobs' errors as they were encoded, and with some of them turned."""
        terms = {}
        if self.encoder.knobs and self.knob_weight:
            held = self.knob_error(rendering, clips.f0_hz, sounding)
            terms["knobs"] = Term(held.mean(), self.knob_weight)
        n_turned = math.ceil(self.turned.share * len(clips.audio))
        if self.encoder.knobs and n_turned:
            errors, turned, level_strayed = self.turned_error(clips.f0_hz[:n_turned], rendering, sounding)
            strayed = 1.0 - turned
            terms["turned_knobs"] = Term((errors * turned).sum() / turned.sum(), self.turned.weight)
            guarded = (errors * strayed).sum() / strayed.sum().clamp_min(1.0) + level_strayed
            terms["guard"] = Term(guarded, self.turned.guard_weight)
        return terms

    def turned_error(self, f0_hz: Tensor, rendering: Rendering, sounding: Tensor) -> TurnedError:
        """Turn knobs of the first n clips.

        Args:
            f0_hz: (n, F) pitch of the clips to turn
            rendering: of all B clips, whose positions may be swapped, with no knob turned
            sounding: (B, F / judged_every) 1 where a clip sounds
        """
        encoding, n, every, n_knobs = rendering.encoding, len(f0_hz), self.encoder.judged_every, len(self.encoder.knobs)
        low, high = self.encoder.reach(f0_hz.median(dim=1).values)
        asked, turned = self.turned.ask(encoding.controls[..., :n_knobs].detach(), sounding, low, high, every)
        controls = torch.cat([asked, encoding.controls[:n, :, n_knobs:]], dim=-1)
        sound = self.put_together(f0_hz, encoding._replace(controls=controls, residual=encoding.residual[:n]))
        strayed = sounding.new_zeros(())
        if not any(descriptor.is_level for descriptor in self.encoder.each_descriptor()):
            levels_db = [self.encoder.level_db(audio, every) for audio in (sound.audio, rendering.audio[:n].detach())]
            strayed = sounding_mean((levels_db[0] - levels_db[1]).abs()[..., None], sounding[:n]).mean() / LEVEL_SPAN_DB
        return TurnedError(self.knob_error(sound, f0_hz, sounding[:n]), turned, strayed)

    def knob_error(self, rendering: Rendering, f0_hz: Tensor, sounding: Tensor) -> Tensor:
        """(B, C) distance of the knobs measured on a resynthesis from those it was asked for, where it sounds.

        All in every `judged_every`-th frame, as (B, F / judged_every) sounding is.
        """
        every = self.encoder.judged_every
        asked = rendering.encoding.controls[:, ::every, : len(self.encoder.knobs)]
        return knob_error(asked, self.measured_positions(rendering, f0_hz, every), sounding)

    def validation_step(self, clips: Clip, batch_idx: int) -> None:
        """Log the reconstruction and the error of turned knobs."""
        rendering = self(clips.audio, clips.f0_hz)
        n_clips = len(clips.audio)
        logged = {"validation/reconstruction": self.reconstruction(rendering.audio, clips.audio)}
        if self.encoder.knobs:
            sounding = self.encoder.sounding(clips.audio, self.encoder.judged_every)
            errors, turned, _ = self.turned_error(clips.f0_hz, rendering, sounding)
            logged["validation/control_error"] = (errors * turned).sum() / turned.sum()
        self.log_dict(logged, prog_bar=True, batch_size=n_clips, sync_dist=True)

    def on_test_batch_start(self, batch: Clip, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Each batch has its own noise, whatever was tested before it, and by how many processes."""
        torch.manual_seed(self.trainer.datamodule.test_batches[batch_idx])  # type: ignore[attr-defined]

    def test_step(self, clips: Clip, batch_idx: int) -> Any:
        """Render, for the evaluation callback to judge."""
        # Copies: where in memory numbers lie may change the last bit of a sound.
        return self(clips.audio.clone(), clips.f0_hz.clone())

    def predict_step(self, clips: Clip, batch_idx: int) -> Rendering:
        """Render, for the writing callback to keep."""
        return self(clips.audio, clips.f0_hz)

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
        """Remember the seed and the data's pitch tracker, or refuse a tracker that differs from training's."""
        if stage == "fit":
            self.seed = torch.initial_seed()
        tracker = getattr(getattr(self.trainer, "datamodule", None), "tracker", None)
        if tracker is not None:
            _meet_tracker(self.f0_tracker, tracker.identity)
            self.f0_tracker = tracker.identity

    def on_fit_start(self) -> None:
        """Take the knobs' ranges from the training split, once in the life of a run, in every process the same.

        Before them what the synth's parts measure, because knobs are heard by it.
        """
        if not self.encoder.calibrated:
            self.synth.calibrate(self.trainer.datamodule.clips_for_ranges)  # type: ignore[attr-defined]
        if not self.encoder.calibrated and self.encoder.knobs:
            spans_before = knob_spans(self)
            batches = self.trainer.datamodule.clips_for_ranges()  # type: ignore[attr-defined]
            self.encoder.calibrate((clips.audio.to(self.device), clips.f0_hz.to(self.device)) for clips in batches)
            if self.begins_warm:
                keep_meaning(self, spans_before)

    def on_train_start(self) -> None:
        """Warn when an interrupted run resumes with another batch size."""
        now = self.trainer.world_size
        if self._n_processes not in (None, now):
            rank_zero_warn(
                f"The run goes on with {now} processes, not {self._n_processes}: a step trains {now} batches of clips."
            )

    def on_train_batch_start(self, batch: Clip, batch_idx: int) -> None:
        """Seed this batch from the run, its number and the process alone: a resumed run draws the same."""
        n_trained = self.trainer.fit_loop.epoch_loop.batch_progress.total.processed  # type: ignore[attr-defined]
        torch.manual_seed(batch_seed(self.seed, n_trained, self.global_rank))

    def on_train_batch_end(self, outputs: Any, batch: Clip, batch_idx: int) -> None:
        """Every ten steps, see whether training is still finite."""
        if self.trainer.global_step % 10 == 0:
            self.refuse_fault()

    def refuse_fault(self, weights: Mapping[str, Tensor] | None = None) -> None:
        """Stop, on all processes, when a term of the loss or one of these weights was not finite on one of them.

        Raises:
            NotFinite: in all of them; the sentence names term and step
        """
        sentence = self.fault.sentence() or weights_sentence(self.global_step, weights or {})
        if torch.distributed.is_initialized():
            if not self.trainer.strategy.reduce_boolean_decision(bool(sentence), all=False):
                return
            sentence = first_of_all(min(self.fault.first()[0], self.global_step), sentence)
        if sentence:
            raise NotFinite(sentence)

    def on_validation_start(self) -> None:
        """Validate with the same random numbers every time."""
        torch.manual_seed(0)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Say what made the checkpoint; refuse to write one that cannot be resumed."""
        self.refuse_fault(checkpoint["state_dict"])
        checkpoint["interpretsynth"] = {
            **provenance(),
            "f0_tracker": self.f0_tracker,
            "knobs": self.encoder.knob_kinds,
            "seed": self.seed,
            "processes": self.trainer.world_size,
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Know what made the checkpoint; refuse one of another model, or of another pitch tracker than the data's."""
        tracker, made_by = self.f0_tracker, checkpoint.get("interpretsynth") or {}
        self.remember(checkpoint)
        _meet_tracker(made_by["f0_tracker"], tracker)
        self.seed, self._n_processes = made_by.get("seed", self.seed), made_by.get("processes")


def _meet_tracker(trained: str | None, given: str | None) -> None:
    """Refuse another tracker than training's; say so where it is another version of the same."""
    if remark := remark_on_tracker(trained, given):
        rank_zero_warn(remark)
