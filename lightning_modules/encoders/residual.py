"""What the knobs leave unexplained of a sound: a few numbers per frame that are learnt."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from lightning_modules.encoders.encoder import Term
from lightning_modules.encoders.trunk import Trunk
from synths import ClipFormat, Recipe
from synths.signal import interpolate_frames


class Residual(nn.Module):
    """(B, N) audio and its (B, F) pitch in Hz -> (B, F, size) residual, and the terms it adds to the loss.

    Args:
        clip: format of the run
        size: D

    Raises:
        ValueError: size is less than 1
    """

    def __init__(self, clip: ClipFormat, size: int) -> None:
        super().__init__()
        if size < 1:
            raise ValueError(
                f"model.encoder.residual.size is {size}: it needs at least 1; leave the residual out for none."
            )
        self.size = size

    def forward(self, audio: Tensor, f0_hz: Tensor) -> tuple[Tensor, dict[str, Term]]:
        """(B, N) audio, (B, F) pitch -> (B, F, size), terms by name."""
        raise NotImplementedError


ResidualRecipe = Recipe[Residual]
"""A residual in a configuration: given the clip format, it builds itself."""


def build_residual(recipe: ResidualRecipe | None, clip: ClipFormat) -> Residual:
    """Raises ValueError for what is not a residual, which not every version of the parser notices."""
    built: object = recipe if recipe is None or isinstance(recipe, nn.Module) else recipe(clip)
    if not isinstance(built, Residual):
        found = "null" if built is None else type(built).__name__
        raise ValueError(f"model.encoder.residual is {found}, not a subclass of Residual: name BottleneckResidual.")
    return built


class BottleneckResidual(Residual):
    """As many numbers as fit through a bottleneck, each within -1..1: the residual of an autoencoder.

    Args:
        clip: format of the run
        size: D
        trunk: what hears the sound
    """

    def __init__(self, clip: ClipFormat, size: int = 8, trunk: Recipe[Trunk] = Trunk) -> None:
        super().__init__(clip, size)
        self.trunk = trunk(clip)
        self.narrow = nn.Linear(self.trunk.width, size)

    def forward(self, audio: Tensor, f0_hz: Tensor) -> tuple[Tensor, dict[str, Term]]:
        """(B, N) audio, (B, F) pitch -> (B, F, size) in -1..1, no terms."""
        residual = torch.tanh(self.narrow(self.trunk(audio, f0_hz)))
        return interpolate_frames(residual, self.trunk.every, f0_hz.shape[1]), {}


class GaussianHead(nn.Module):
    """A diagonal normal distribution for every frame (Kingma & Welling 2014), drawn from in training.

    It draws outside training too while `always_draws` is set: some examinations want that. Each number may carry
    `free_bits` nats without a price (Kingma et al. 2016, appendix C.8): it need not collapse.

    Args:
        width: of the features
        size: D
        kl_weight: price of a nat of divergence from the standard normal
        free_bits: nats per number and frame that cost nothing

    Raises:
        ValueError: a weight is negative
    """

    def __init__(self, width: int, size: int, kl_weight: float, free_bits: float) -> None:
        super().__init__()
        if kl_weight < 0.0 or free_bits < 0.0:
            raise ValueError(
                f"model.encoder: kl_weight is {kl_weight} and free_bits {free_bits}: they must not be negative."
            )
        self.kl_weight, self.free_bits = kl_weight, free_bits
        self.always_draws = False
        self.mean_and_log_variance = nn.Linear(width, 2 * size)

    def forward(self, features: Tensor) -> tuple[Tensor, dict[str, Term]]:
        """(B, F, width) -> (B, F, size): a draw in training, the mean otherwise; and the term `kl` in nats."""
        mean, log_variance = self.mean_and_log_variance(features).float().chunk(2, dim=-1)
        log_variance = log_variance.clamp(-10.0, 5.0)
        if not (self.training or self.always_draws):
            return mean, {}
        nats = 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).mean(dim=(0, 1))
        drawn = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        return drawn, {"kl": Term(nats.clamp_min(self.free_bits).sum(), self.kl_weight)}


@contextmanager
def always_drawing(module: nn.Module, wanted: bool = True) -> Iterator[None]:
    """Inside, the normal distributions in a module draw outside training too, if wanted; then they are as before."""
    heads = [head for head in module.modules() if isinstance(head, GaussianHead)]
    before = [head.always_draws for head in heads]
    try:
        for head in heads:
            head.always_draws = wanted
        yield
    finally:
        for head, always_draws in zip(heads, before, strict=True):
            head.always_draws = always_draws


class VariationalResidual(Residual):
    """A normal distribution per frame: the residual of a variational autoencoder.

    Args:
        clip: format of the run
        size: D
        trunk: what hears the sound
        kl_weight: price of a nat
        free_bits: nats per number and frame that cost nothing
    """

    def __init__(
        self,
        clip: ClipFormat,
        size: int = 8,
        trunk: Recipe[Trunk] = Trunk,
        kl_weight: float = 0.003,
        free_bits: float = 0.1,
    ) -> None:
        super().__init__(clip, size)
        self.trunk = trunk(clip)
        self.head = GaussianHead(self.trunk.width, size, kl_weight, free_bits)

    def forward(self, audio: Tensor, f0_hz: Tensor) -> tuple[Tensor, dict[str, Term]]:
        """(B, N) audio, (B, F) pitch -> (B, F, size), the term `kl`."""
        residual, terms = self.head(self.trunk(audio, f0_hz))
        return interpolate_frames(residual, self.trunk.every, f0_hz.shape[1]), terms
