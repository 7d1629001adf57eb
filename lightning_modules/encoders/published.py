"""The encoder and the critic of F-DDSP as they were published, and mended: rivals, not models to follow."""

from typing import Literal

import torch
import torchaudio
from torch import Tensor, nn

from lightning_modules.encoders.encoder import Term
from lightning_modules.encoders.residual import Residual
from synths import ClipFormat, Level
from synths.precision import without_autocast

N_COEFFICIENTS = 30
KERNEL = 7


class PublishedResidual(Residual):
    """MFCC through a recurrent layer: the encoder of C-DDSP and F-DDSP, the rivals of F-RAVE (Devis et al. 2023).

    Published with `recurs_over` "batch" and `with_loudness`: the layer then takes the batch for time, so that a frame
    hears the same frame of the clips before it in the batch and nothing of its own past; and the sound's own level
    reaches the decoder beside the knobs, where no knob moves it. Published clips have a hop of 1024 samples.

    Not reproduced: the loudness was a mean of log magnitudes; here it is the level, which a knob can be compared with.

    Args:
        clip: format of the run
        size: learnt numbers per frame; D is one more with the loudness
        width: units of the recurrent layer
        recurs_over: "time"; or "batch", as published: clips change with their neighbours
        with_loudness: append (level + 50 dB) / 25 dB, -1.2 in silence and 2 at full scale

    Raises:
        ValueError: size or width is less than 1, or recurs_over is neither of the two
    """

    def __init__(
        self,
        clip: ClipFormat,
        size: int = 16,
        width: int = 512,
        recurs_over: Literal["batch", "time"] = "time",
        with_loudness: bool = False,
    ) -> None:
        if size < 1 or width < 1:
            raise ValueError(f"the residual's size is {size} and its width {width}: both are at least 1.")
        if recurs_over not in ("batch", "time"):
            raise ValueError(f"the residual's recurs_over is {recurs_over!r}: it is batch or time.")
        super().__init__(clip, size + with_loudness)
        self.recurs_over = recurs_over
        self.mfcc = _mfcc(clip)
        self.norm = nn.LayerNorm(N_COEFFICIENTS)
        self.gru = nn.GRU(N_COEFFICIENTS, width, batch_first=recurs_over == "time")
        self.narrow = nn.Linear(width, size)
        self.level = Level(clip) if with_loudness else None

    def forward(self, audio: Tensor, f0_hz: Tensor) -> tuple[Tensor, dict[str, Term]]:
        """(B, N) audio, (B, F) pitch -> (B, F, D), no terms."""
        with without_autocast(audio):
            heard = self.hear(audio)
        residual = self.narrow(self.gru(self.norm(heard))[0])
        if self.level is None:
            return residual, {}
        with without_autocast(audio):
            loudness = (self.level.measure(audio, f0_hz)[..., None] + 50.0) / 25.0
            return torch.cat([residual.to(loudness.dtype), loudness], dim=-1), {}

    def hear(self, audio: Tensor) -> Tensor:
        """(B, N) audio -> (B, F, 30) cepstral coefficients of the mel spectrum in dB, at most 80 below the loudest."""
        # The loudest of each clip; of the whole batch where, as published, all clips go in as one.
        mfcc = self.mfcc(audio) if self.recurs_over == "batch" else self.mfcc(audio[:, None]).squeeze(1)
        return mfcc[..., :-1].transpose(1, 2)


class PublishedCritic(nn.Module):
    """Guesses each knob's bin with convolutions and batch normalisation: the discriminator of F-RAVE and F-DDSP.

    Published with 16 bins and a strength of 0.01. Not reproduced: it had an optimiser of its own and was set to its
    running statistics while it judged the encoder; here both learn in one step, by the statistics of the batch.

    Args:
        residual_size: D
        n_controls: C
        n_bins: classes per knob
        with_loudness: the residual's last number is the loudness, which was kept from the critic

    Raises:
        ValueError: there is nothing to judge or nothing to guess
    """

    def __init__(self, residual_size: int, n_controls: int, n_bins: int, with_loudness: bool = False) -> None:
        super().__init__()
        self.n_heard = residual_size - with_loudness
        if self.n_heard < 1 or n_controls < 1:
            raise ValueError(
                f"the critic hears {self.n_heard} numbers of the residual and guesses {n_controls} knobs: "
                "it needs at least 1 of each."
            )
        half, quarter = max(1, self.n_heard // 2), max(1, self.n_heard // 4)
        self.shared = nn.Sequential(
            _layer(self.n_heard, self.n_heard), _layer(self.n_heard, self.n_heard), _layer(self.n_heard, half)
        )
        self.guesses = nn.ModuleList(
            nn.Sequential(_layer(half, quarter), _convolution(quarter, n_bins)) for _ in range(n_controls)
        )

    def forward(self, residual: Tensor) -> Tensor:
        """(B, F, D) -> (B, F, C, n_bins) logits."""
        shared = self.shared(residual[..., : self.n_heard].transpose(1, 2))
        return torch.stack([guess(shared) for guess in self.guesses], dim=1).permute(0, 3, 1, 2)


def _mfcc(clip: ClipFormat) -> nn.Module:
    spectrum = {"n_fft": 1024, "hop_length": clip.hop, "f_min": 20.0, "f_max": clip.nyquist_hz, "n_mels": 128}
    return torchaudio.transforms.MFCC(clip.sample_rate, n_mfcc=N_COEFFICIENTS, melkwargs=spectrum)


def _layer(n_inputs: int, n_outputs: int) -> nn.Module:
    return nn.Sequential(_convolution(n_inputs, n_outputs), nn.BatchNorm1d(n_outputs), nn.LeakyReLU(0.2))


def _convolution(n_inputs: int, n_outputs: int) -> nn.Module:
    return nn.Conv1d(n_inputs, n_outputs, KERNEL, padding=KERNEL // 2, bias=False)
