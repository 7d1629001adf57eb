"""`timbre predict`: the resyntheses as files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, Trainer
from torch import Tensor

from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from lightning_modules.exact import Exact, obstacle_of
from lightning_modules.knobs import asked_beside
from lightning_modules.wav import write_wav
from studies.run_folder import RunFolder
from synths import Clip, Descriptor
from synths.descriptors.request import KnobRequest

NEARLY = 0.25
"""Least audible differences, or twentieths of the range, that nobody would call a miss."""


class WriteAudio(Callback):
    """Writes every predicted clip to predictions/NAME.wav in the run's folder, and says so at the end.

    Args:
        exact: whether the knobs are met on the sound, or it is what the decoder plays
        also: requests of descriptors that are no knobs of the model, each by its kind
    """

    def __init__(self, exact: bool = True, also: Sequence[tuple[type[Descriptor], KnobRequest]] = ()) -> None:
        self.exact, self.also = exact, list(also)
        self.corrector: Exact | None = None
        self.beside: list[Descriptor] = []
        self.n_written, self.n_lowered = 0, 0
        self.off: list[Tensor] = []
        self.open_off: list[Tensor] = []

    @torch.inference_mode(False)  # slopes are taken through the descriptors
    def on_predict_start(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Begin with nothing written."""
        self.n_written, self.n_lowered, self.off, self.open_off = 0, 0, [], []
        obstacle = obstacle_of(module)
        if self.exact and obstacle:
            print(f"{obstacle}: the knobs are not corrected.")
        for kind, request in self.also:
            if kind.name in module.encoder.controls:
                raise ValueError(f"{request.written}: {kind.name} is a knob of this model: leave it out.")
        self.beside = [kind(module.clip).to(module.device) for kind, _ in self.also]
        self.corrector = Exact(module, self.beside) if self.exact and not obstacle else None

    def on_predict_batch_end(  # type: ignore[override]
        self, trainer: Trainer, module: TimbreAutoencoder, outputs: Rendering, batch: Clip, batch_idx: int, *_: Any
    ) -> None:
        """Write one batch.

        Raises:
            ValueError: a clip's name leads out of the folder
        """
        folder = RunFolder(trainer.default_root_dir).predictions
        paths = [_path_in(folder, name) for name in batch.name]
        for path, audio in zip(paths, self._played(module, outputs, batch).cpu(), strict=True):
            peak = float(audio.abs().max())
            self.n_lowered += peak > 1.0
            write_wav(path, audio / max(1.0, peak), module.clip.sample_rate)
        self.n_written += len(paths)

    def on_predict_end(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Say what was written, and how near its knobs are."""
        print(f"Written: {RunFolder(trainer.default_root_dir).predictions} ({self.n_written} WAV files)")
        if self.off:
            off, open_off = (torch.cat(each).abs().nanmean() for each in (self.off, self.open_off))
            print(
                f"Knobs are off by {off:.2f} JND in the mean; {open_off:.2f} as the decoder plays them (--open true)."
            )
        for index, descriptor in enumerate(self.beside[: len(self.off) and len(self.beside)], -len(self.beside)):
            each = torch.cat([off[:, index] for off in self.off]).abs()
            print(f"{descriptor.name}: met in {int((each <= NEARLY).sum())} clips; elsewhere the nearest place found.")
        if self.n_lowered:
            print(
                f"{self.n_lowered} of them would have clipped: they are lowered to full scale, and so is their level."
            )

    @torch.inference_mode(False)  # the corrections have slopes
    @torch.no_grad()
    def _played(self, module: TimbreAutoencoder, outputs: Rendering, batch: Clip) -> Tensor:
        """The sounds of a batch, their knobs met if that is asked."""
        if self.corrector is None or not (module.encoder.knobs or self.beside):
            return outputs.audio
        sounding, encoding = module.encoder.sounding(batch.audio, module.encoder.judged_every), outputs.encoding
        turned = course = None
        if self.beside:
            requests, n_own = [request for _, request in self.also], encoding.controls.shape[-1]
            course = asked_beside(module, batch.audio, batch.f0_hz, sounding, self.beside, requests)
            turned = torch.tensor([[False] * n_own + [True] * len(self.beside)]).expand(len(sounding), -1)
        rendering, answer = self.corrector.answer(batch.f0_hz, encoding, sounding, turned, course)
        self.off.append(answer.off.cpu())
        self.open_off.append(answer.open_off.cpu())
        return rendering.audio


def _path_in(folder: Path, name: str) -> Path:
    path = folder / f"{name}.wav"
    if "\0" in name or folder.parent.resolve() / folder.name not in path.resolve().parents:
        raise ValueError(f"the clip {name!r} would be written outside {folder}: give it another name.")
    return path
