"""Ask for knob positions that were not measured, and check what the sound then measures."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.serialization import add_safe_globals

from synths import sounding_mean


class Asked(NamedTuple):
    """Controls (n, F, C) of n clips with knobs turned, and (n, C) 1 for each knob that was."""

    controls: Tensor
    turned: Tensor


@dataclass(frozen=True)
class TurnedKnobs:
    """How knobs are turned in training; share and weights are the axis of control against quality.

    Args:
        share: of each batch that is also rendered with knobs turned; 0 never tests a knob in training
        weight: of how far the turned knobs are from what was asked
        guard_weight: of how far the knobs that were not turned stray, and level where no knob turns it
        how_many: knobs per clip: one, several, all, or any of these
        source: where a knob goes: anywhere that notes of the pitch reach (drawn), to another clip's place (swapped), or
            either
        curve: how it moves within the clip: as it did (moved), not at all (constant), in a line from there to a drawn
            place (ramped), as in another clip (borrowed), or any of these

    Raises:
        ValueError: a share or weight is out of range, or a word is none of those
    """

    share: float = 0.25
    weight: float = 2.0
    guard_weight: float = 2.0
    how_many: Literal["one", "several", "all", "mixed"] = "mixed"
    source: Literal["drawn", "swapped", "mixed"] = "mixed"
    curve: Literal["moved", "constant", "ramped", "borrowed", "mixed"] = "mixed"

    def __post_init__(self) -> None:
        if not 0.0 <= self.share <= 1.0:
            raise ValueError(f"model.turned.share is {self.share}: it is a share of the batch, 0 to 1.")
        for name in ("weight", "guard_weight"):
            if not getattr(self, name) >= 0.0:
                raise ValueError(f"model.turned.{name} is {getattr(self, name)}: it must not be negative.")
        for name, words in WORDS.items():
            if getattr(self, name) not in words:
                raise ValueError(f"model.turned.{name} is {getattr(self, name)!r}: it is one of {', '.join(words)}.")

    def ask(self, controls: Tensor, sounding: Tensor, low: Tensor, high: Tensor, every: int = 1) -> Asked:
        """Turn knobs of the first n clips of a batch.

        Args:
            controls: (B, F, C) positions of all clips, which may be swapped
            sounding: (B, F / every) 1 where a clip sounds, in the frames that are judged
            low: (n, C) lowest positions that notes of each clip's pitch reach
            high: (n, C) highest
            every: one frame of so many is judged
        """
        n, mean = len(low), sounding_mean(controls, sounding, every)
        in_frames = sounding.repeat_interleave(every, dim=1)[:, : controls.shape[1]]
        other = (torch.arange(n) + torch.randint(1, max(2, len(controls)), (n,))).to(low.device) % len(controls)
        swapped = torch.rand(n, 1, device=low.device) < {"drawn": 0.0, "swapped": 1.0, "mixed": 0.5}[self.source]
        start, end = (torch.lerp(low, high, torch.rand_like(low)) for _ in range(2))
        start = torch.where(swapped, mean[other], start)
        curves = {
            "moved": controls[:n] + (start - mean[:n])[:, None],
            "constant": start[:, None].expand_as(controls[:n]),
            "ramped": _ramp(start, end, controls.shape[1]),
            "borrowed": _course(controls[other], mean[other], in_frames[other]) + start[:, None],
        }
        kinds = torch.stack(list(curves.values()) if self.curve == "mixed" else [curves[self.curve]])
        kind = torch.randint(len(kinds), (n,), device=low.device)
        turned = self._which(low)
        asked = kinds[kind, torch.arange(n, device=low.device)]
        return Asked(torch.where(turned[:, None] > 0, asked, controls[:n]), turned)

    def _which(self, low: Tensor) -> Tensor:
        """(n, C) 1 for the knobs to turn: a random one, and others as `how_many` says."""
        n, n_knobs = low.shape
        rank = torch.rand(n, n_knobs, device=low.device).argsort(dim=1)
        several = torch.randint(2, max(3, n_knobs), (n, 1), device=low.device)
        how_many = torch.stack([torch.ones_like(several), several, torch.full_like(several, n_knobs)])
        if self.how_many == "mixed":
            # Mostly one: that is what a hand does.
            kind = torch.tensor([0, 0, 1, 2], device=low.device)[torch.randint(4, (n,), device=low.device)]
        else:
            kind = torch.full((n,), WORDS["how_many"].index(self.how_many), device=low.device)
        return (rank < how_many[kind, torch.arange(n, device=low.device)]).to(low.dtype)


WORDS = {
    "how_many": ("one", "several", "all", "mixed"),
    "source": ("drawn", "swapped", "mixed"),
    "curve": ("moved", "constant", "ramped", "borrowed", "mixed"),
}

add_safe_globals([TurnedKnobs])  # part of a checkpoint's hyperparameters: it can still be read with weights only


def _ramp(start: Tensor, end: Tensor, n_frames: int) -> Tensor:
    """Two (n, C) positions -> (n, F, C) in a straight line from the one to the other."""
    way = torch.linspace(0.0, 1.0, n_frames, dtype=start.dtype, device=start.device)[:, None]
    return torch.lerp(start[:, None], end[:, None], way)


def _course(controls: Tensor, mean: Tensor, sounding: Tensor) -> Tensor:
    """How (n, F, C) controls move around their mean while they sound; what silence measures is left out."""
    return (controls - mean[:, None]) * sounding[..., None]


def knob_error(asked: Tensor, measured: Tensor, sounding: Tensor) -> Tensor:
    """Mean absolute distance of (B, F, C) measured from asked positions over the sounding frames, (B, C)."""
    return sounding_mean((measured - asked).abs(), sounding)
