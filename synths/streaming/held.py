"""What a host may spoil, kept finite and in range: inputs, and states that it hands back."""

import torch
from torch import Tensor, nn

from synths.streaming.part import State


class Held(nn.Module):
    """Numbers per frame between two ends; where one cannot be used, the last that could is held.

    State: the last that could be used, as differences from the first.

    Args:
        low: (D,) least of each
        high: (D,) greatest
        first: (D,) held before there was one
    """

    low: Tensor
    high: Tensor
    first: Tensor

    def __init__(self, low: Tensor, high: Tensor, first: Tensor) -> None:
        super().__init__()
        self.register_buffer("low", low, persistent=False)
        self.register_buffer("high", high, persistent=False)
        self.register_buffer("first", first, persistent=False)

    def initial_state(self, batch: int) -> State:
        """The first."""
        return {"last": self.first.new_zeros(batch, len(self.first))}

    def state_limits(self) -> dict[str, float]:
        """The greatest of all ends."""
        return {"last": float(torch.maximum(self.low.abs(), self.high.abs()).max())}

    def forward(self, values: Tensor, usable: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, F, D) values and which of them can be used -> values that all can, and new state."""
        values = torch.cat([(self.first + state["last"])[:, None], values], dim=1)
        usable = nn.functional.pad(usable, (0, 0, 1, 0), value=True)
        # By doubling: a loop of few steps, which every export can write down.
        step = 1
        while step < values.shape[1]:
            values = torch.where(usable, values, _later(values, step))
            usable = usable | _later(usable, step)
            step *= 2
        values = values.clamp(self.low, self.high)
        return values[:, 1:], {"last": values[:, -1] - self.first}


def _later(frames: Tensor, step: int) -> Tensor:
    return torch.cat([frames[:, :step], frames[:, :-step]], dim=1)
