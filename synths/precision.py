"""Where rounding would be heard: float32 without shortcuts, however fast the networks may compute."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


@contextmanager
def full_precision() -> Iterator[None]:
    """Float32 matrix products are exact inside, whatever `torch.set_float32_matmul_precision` allows outside."""
    allowed = torch.get_float32_matmul_precision()
    if allowed == "highest":
        yield
        return
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(allowed)


@contextmanager
def without_autocast(like: Tensor) -> Iterator[None]:
    """Mixed precision stops here, on the device of `like`: what follows stays in its own precision."""
    with torch.autocast(like.device.type, enabled=False), full_precision():
        yield
