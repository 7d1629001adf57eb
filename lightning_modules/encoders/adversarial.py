"""Family 3: the controls are measured, and a critic keeps what they say out of the residual."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lightning_modules.encoders.encoder import DEFAULT_KNOBS, Encoder, Encoding, Term
from lightning_modules.encoders.gradient_reversal import reverse_gradient
from lightning_modules.encoders.residual import BottleneckResidual, ResidualRecipe, build_residual
from synths import ClipFormat, Descriptor, Recipe

KERNEL = 7


class FrameCritic(nn.Module):
    """Guesses from a few frames of the residual which of n equal-mass bins each knob is in.

    Args:
        residual_size: D
        n_controls: C
        n_bins: classes per knob
        width: units of each layer
    """

    def __init__(self, residual_size: int, n_controls: int, n_bins: int, width: int = 64) -> None:
        super().__init__()
        self.shape = (n_controls, n_bins)
        self.around = nn.Conv1d(residual_size, width, KERNEL, padding=KERNEL // 2)
        self.guess = nn.Sequential(
            nn.LeakyReLU(), nn.LayerNorm(width), nn.Linear(width, width), nn.LeakyReLU(),
            nn.Linear(width, n_controls * n_bins),
        )  # fmt: skip

    def forward(self, residual: Tensor) -> Tensor:
        """(B, F, D) -> (B, F, C, n_bins) logits."""
        return self.guess(self.around(residual.transpose(1, 2)).transpose(1, 2)).unflatten(-1, self.shape)


CriticRecipe = Callable[[int, int, int], nn.Module]
"""A critic in a configuration: told D, C and the number of bins, it builds itself."""


class AdversarialEncoder(Encoder):
    """Controls are measured; the residual learns to say nothing of them.

    The critic's cross-entropy trains the critic; through a reversed gradient it trains the residual to mislead it
    (Lample et al. 2017, Fader networks; with 16 equal-mass bins per descriptor and frame Devis et al. 2023). The
    strength is the reversal's, it grows linearly from 0, and the critic always learns at full rate.

    Args:
        clip: format of the run
        descriptors: the knobs, in order
        residual: what learns what the knobs leave unexplained
        critic: what guesses the knobs from it
        n_bins: of equal mass per knob
        strength: of the reversed gradient, in the end
        ramp_steps: training steps until then

    Raises:
        ValueError: there is no descriptor to keep out, or a number is out of range
    """

    edges: Tensor
    n_steps: Tensor

    def __init__(
        self,
        clip: ClipFormat,
        descriptors: Sequence[Recipe[Descriptor]] = DEFAULT_KNOBS,
        residual: ResidualRecipe = BottleneckResidual,
        critic: CriticRecipe = FrameCritic,
        n_bins: int = 16,
        strength: float = 0.1,
        ramp_steps: int = 500,
    ) -> None:
        learnt = build_residual(residual, clip)
        super().__init__(clip, descriptors, learnt.size)
        if not self.knobs:
            raise ValueError("the adversarial encoder has no descriptors: name at least one to keep out.")
        if n_bins < 2 or strength < 0.0 or ramp_steps < 0:
            raise ValueError(
                f"model.encoder.n_bins is {n_bins}, strength {strength}, ramp_steps {ramp_steps}: at least 2 bins, "
                "and none negative."
            )
        self.residual = learnt
        self.critic = critic(learnt.size, len(self.knobs), n_bins)
        self.strength, self.ramp_steps = strength, ramp_steps
        self.register_buffer("edges", torch.linspace(0.0, 1.0, n_bins + 1)[1:-1].repeat(len(self.knobs), 1))
        self.register_buffer("n_steps", torch.tensor(0))

    def forward(self, audio: Tensor, f0_hz: Tensor) -> Encoding:
        """(B, N) audio, (B, F) pitch -> (B, F, C) measured controls, (B, F, D) residual, the term `critic`."""
        controls = self.knob_positions(audio, f0_hz)
        residual, terms = self.residual(audio, f0_hz)
        residual = residual.to(controls.dtype)
        if self.training:
            sounding = self.sounding(audio, self.judged_every)
            every = self.judged_every
            self.n_steps += 1
            guessed = self.critic(reverse_gradient(residual[:, ::every], self.strength_now()))
            terms = terms | {"critic": Term(self.mistaken(guessed, controls[:, ::every], sounding))}
        return Encoding(controls, residual, terms)

    def strength_now(self) -> float:
        """Strength of the reversed gradient after the training steps so far; asking does not count as a step."""
        return self.strength * min(1.0, self.n_steps.item() / max(1, self.ramp_steps))

    def mistaken(self, guessed: Tensor, controls: Tensor, sounding: Tensor) -> Tensor:
        """Cross-entropy in nats of (B, F, C, n_bins) logits for (B, F, C) positions, where the clips sound."""
        bins = torch.searchsorted(self.edges, controls.detach().transpose(1, 2).transpose(0, 1).flatten(1).contiguous())
        bins = bins.unflatten(1, controls.shape[:2]).permute(1, 2, 0)
        nats = F.cross_entropy(guessed.permute(0, 3, 1, 2).float(), bins, reduction="none").mean(-1)
        return (nats * sounding).sum() / sounding.sum().clamp_min(1.0)

    def learn_positions(self, positions: Tensor) -> None:
        """Cut (n, C) knob positions of the training data into bins of equal mass."""
        share = torch.linspace(0.0, 1.0, self.edges.shape[1] + 2, dtype=positions.dtype, device=positions.device)[1:-1]
        self.edges.copy_(torch.quantile(positions[:: 1 + len(positions) // 100_000], share, dim=0).T)
