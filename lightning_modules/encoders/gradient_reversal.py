"""A wire that turns learning round."""

from typing import Any

import torch
from torch import Tensor


def reverse_gradient(x: Tensor, strength: float) -> Tensor:
    """Leaves x as it is; its gradient times -strength (Ganin & Lempitsky 2015, equation 7)."""
    reversed_: Tensor = _Reversal.apply(x, strength)
    return reversed_


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * grad_outputs[0], None
