"""Whether the decoder listens to what it is given: to the residual, and to every knob."""

import torch
from lightning import Callback, Trainer
from lightning.pytorch.utilities.types import STEP_OUTPUT
from torch import Tensor

from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.encoders import Encoding
from synths import Clip, sounding_mean

MOVE = 0.2
"""How far a knob is moved, towards the middle of its range."""


class Usage(Callback):
    """Logs, on the first validation batch, what the decoder would hardly miss.

    `usage/residual`: distance of the sound that the residuals of other clips give from the true one, as a share of the
    distance when the controls are exchanged too; 0 is a residual that is ignored, 1 one that says everything.
    `usage/KNOB`: measured over asked change when a knob is moved; 0 is a knob that is ignored, 1 one that obeys.
    """

    @torch.no_grad()
    def on_validation_batch_end(  # type: ignore[override]
        self,
        trainer: Trainer,
        module: TimbreAutoencoder,
        outputs: STEP_OUTPUT,
        batch: Clip,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Measure both, always with the same noise; the first process alone, whose batch is the same on any number."""
        if batch_idx == 0 and trainer.is_global_zero:
            used = self.usage(module, batch.audio, batch.f0_hz)
            named = {f"usage/{name}": value for name, value in used.items()}
            module.log_dict(named, rank_zero_only=True, batch_size=len(batch.audio))

    def usage(self, module: TimbreAutoencoder, audio: Tensor, f0_hz: Tensor) -> dict[str, Tensor]:
        """(B, N) audio, (B, F) pitch -> usage of the residual and of each knob, as far as there are any."""
        encoding = module.encoder(audio, f0_hz)
        used = self._knobs(module, audio, f0_hz, encoding)
        if encoding.residual.shape[-1] and len(audio) > 1:
            used["residual"] = self._residual(module, f0_hz, encoding)
        return used

    def _residual(self, module: TimbreAutoencoder, f0_hz: Tensor, encoding: Encoding) -> Tensor:
        others = encoding._replace(residual=encoding.residual.roll(1, 0))
        strangers = others._replace(controls=encoding.controls.roll(1, 0))
        own, exchanged, all_exchanged = (_rendered(module, f0_hz, each) for each in (encoding, others, strangers))
        most = module.reconstruction(all_exchanged, own)
        return module.reconstruction(exchanged, own) / most.clamp_min(1e-6)

    def _knobs(self, module: TimbreAutoencoder, audio: Tensor, f0_hz: Tensor, encoding: Encoding) -> dict[str, Tensor]:
        encoder, every = module.encoder, module.encoder.judged_every
        sounding = encoder.sounding(audio, every)

        def measured(turned: Encoding) -> Tensor:
            return sounding_mean(encoder.knob_positions(_rendered(module, f0_hz, turned), f0_hz, every), sounding)

        before, used = measured(encoding), {}
        for index, knob in enumerate(encoder.knobs):
            move = torch.where(before[:, index] < 0.5, MOVE, -MOVE)
            controls = encoding.controls.clone()
            controls[..., index] += move[:, None]
            after = measured(encoding._replace(controls=controls))
            used[knob] = ((after - before)[:, index] / move).mean()
        return used


def _rendered(module: TimbreAutoencoder, f0_hz: Tensor, encoding: Encoding) -> Tensor:
    """(B, N) audio, with the same noise at every call."""
    with torch.random.fork_rng(devices=[f0_hz.device] if f0_hz.is_cuda else []):
        torch.manual_seed(0)
        return module.put_together(f0_hz, encoding).audio
