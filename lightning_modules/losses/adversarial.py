"""A distance and a critic: a sound is also to pass for a recording, before a network that learns to tell them apart."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lightning_modules.losses.multi_resolution import MultiResolution, window_sizes
from synths import ClipFormat, Recipe
from synths.precision import without_autocast

CRITIC_WEIGHT = 0.01
"""The critic's own error counts so much: Adam does not notice, and clipping does not shorten the model's gradient."""
QUIETEST_POWER = 1e-8
"""80 dB below a full-scale sine: the critic hears nothing there."""
SLOPE = 0.2

Seen = list[list[Tensor]]
"""For each window (B, width, frames, bins) of each layer, and last (B, 1, frames, bins), positive for a recording."""


class AdversarialLoss(nn.Module):
    """A distance, and in training the pull of a critic that learns to tell recordings from resyntheses.

    The critic hears log magnitudes at several windows. It learns by the hinge error, in the same backward pass and by
    the same optimiser as the model, from sounds that it cannot change. The model is pulled to where the critic, held
    still, judges better and sees in the resynthesis what it sees in the recording (feature matching, Kumar et al.
    2019). The pull is a set share of the distance's own, whatever the critic has learnt (Défossez et al. 2022). Its
    value is 0, and outside training all is the distance alone: validations and tables mean what they meant without it.

    Args:
        clip: format of the run
        distance: of two sounds, differentiable in the output
        windows_s: of the critic; each is rounded down to a power of two samples, with 50 % overlap
        share: of the pull, in that of the distance; 0 only lets the critic learn
        matching: weight of what the critic sees, beside what it says
        width: channels of the critic's layers

    Raises:
        ValueError: a window does not fit the clip, or a number is negative
    """

    def __init__(
        self,
        clip: ClipFormat,
        distance: Recipe[nn.Module] = MultiResolution,
        windows_s: tuple[float, ...] = (0.064, 0.032, 0.016),
        share: float = 0.5,
        matching: float = 2.0,
        width: int = 16,
    ) -> None:
        super().__init__()
        if not (share >= 0.0 and matching >= 0.0 and width >= 1):
            raise ValueError(
                f"model.reconstruction: share is {share}, matching {matching}, width {width}: none may be negative, "
                "and width is at least 1."
            )
        self.distance = distance(clip)
        self.share, self.matching = share, matching
        self.critic = _Critic(window_sizes(clip, windows_s), width)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """(B, N) output and target audio -> scalar; its gradient teaches the model and the critic."""
        distance: Tensor = self.distance(output, target)
        if not (self.training and output.requires_grad):
            return distance
        with without_autocast(output):
            sound, real = output.detach().float(), self.critic(target.float())
            return distance + CRITIC_WEIGHT * self.mistaken(sound, real) + self.pulled(output, distance, real)

    def mistaken(self, sound: Tensor, real: Seen) -> Tensor:
        """The critic's hinge error: recordings are to be judged above 1, resyntheses below -1."""
        pairs = zip(real, self.critic(sound), strict=True)
        return torch.stack(
            [F.relu(1.0 - one[-1]).mean() + F.relu(1.0 + other[-1]).mean() for one, other in pairs]
        ).mean()

    def given_away(self, sound: Tensor, real: Seen) -> Tensor:
        """How far (B, N) sound is from passing for a recording, by what the critic says and sees."""
        terms = []
        for wanted, heard in zip(real, self.critic(sound), strict=True):
            pairs = zip(wanted[:-1], heard[:-1], strict=True)
            apart = torch.stack([(one.detach() - other).abs().mean() for one, other in pairs]).mean()
            terms.append(self.matching * apart - heard[-1].mean())
        return torch.stack(terms).mean()

    def pulled(self, output: Tensor, distance: Tensor, real: Seen) -> Tensor:
        """0, whose gradient pulls the output down `given_away`, a share as strongly as the distance does."""
        sound = output.detach().float().requires_grad_()
        # The gradient is asked for by the sound alone: the critic learns nothing from it.
        (pull,) = torch.autograd.grad(self.given_away(sound, real), sound)
        (own,) = torch.autograd.grad(distance, output, retain_graph=True)
        pull = pull * (self.share * own.norm() / pull.norm().clamp_min(1e-12))
        return ((output - output.detach()) * pull).sum()


class _Critic(nn.Module):
    """(B, N) audio -> what its layers see at each window, and what the last one says."""

    def __init__(self, sizes: Sequence[int], width: int) -> None:
        super().__init__()
        self.sizes = list(sizes)
        self.stacks = nn.ModuleList(
            nn.ModuleList(
                [
                    *(_SlowConv(1 if n == 0 else width, width, (3, 5), (2, 2), (1, 2)) for n in range(3)),
                    _SlowConv(width, 1, (3, 3), padding=(1, 1)),
                ]
            )
            for _ in self.sizes
        )

    def forward(self, audio: Tensor) -> Seen:
        return [self._seen(audio, size, stack) for size, stack in zip(self.sizes, self.stacks, strict=True)]

    def _seen(self, audio: Tensor, size: int, stack: nn.Module) -> list[Tensor]:
        seen, layers = log_magnitudes(audio, size)[:, None], list[Tensor]()
        for layer in stack.children():
            seen = layer(F.leaky_relu(seen, SLOPE) if layers else seen)
            layers.append(seen)
        return layers


class _SlowConv(nn.Conv2d):
    """A convolution whose weights are kept large and used small: beside the model's, an Adam step moves it less.

    So the equalised learning rate of Karras et al. 2018 does for a critic what a rate for it alone would.
    """

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.scale = (2.0 / self.weight[0].numel()) ** 0.5
        nn.init.normal_(self.weight)
        nn.init.zeros_(self.bias)  # type: ignore[arg-type]

    def forward(self, seen: Tensor) -> Tensor:
        return self._conv_forward(seen, self.scale * self.weight, self.bias)


def log_magnitudes(audio: Tensor, size: int) -> Tensor:
    """(B, N) audio -> (B, frames, bins) decibels in units of 20 dB, 2 for a full-scale sine and -2 for silence."""
    window = torch.hann_window(size, dtype=audio.dtype, device=audio.device)
    spectrum = torch.stft(audio, size, size // 2, window=window, return_complex=True) * (2.0 / window.sum())
    power = torch.view_as_real(spectrum).square().sum(-1)
    return (0.5 * (power + QUIETEST_POWER).log10() + 2.0).transpose(1, 2)
