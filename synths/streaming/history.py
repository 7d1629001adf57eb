"""Frames that have gone by."""

import torch
from torch import Tensor


def windows(frames: Tensor, length: int) -> Tensor:
    """Each frame with the length - 1 before it: (B, length - 1 + F, D) -> (B, F, length, D), oldest first."""
    n_frames = frames.shape[1] - length + 1
    if n_frames == 1:
        return frames[:, None]
    # A gather of indices that are known beforehand: Tensor.unfold has no ONNX form.
    start, step = torch.arange(n_frames, device=frames.device), torch.arange(length, device=frames.device)
    return frames[:, start[:, None] + step]
