"""How much two sets of numbers depend on one another, in whatever way."""

import torch
from torch import Tensor


def squared_distance_correlation(x: Tensor, y: Tensor) -> Tensor:
    """Bias-corrected squared distance correlation, differentiable (Szekely & Rizzo 2014, definition 2, equation 3.6).

    Its expectation is 0 for independent x and y, 1 for x and y that are the same up to scale and rotation; a sample of
    independent ones may be a little negative.

    Args:
        x: (n, C)
        y: (n, D)

    Returns:
        a scalar; 0 for fewer than four rows, or where one of the two does not vary
    """
    if len(x) < 4:
        return (x.sum() + y.sum()) * 0.0
    a, b = _centred_distances(x.float()), _centred_distances(y.float())
    scale = ((a * a).sum() * (b * b).sum()).clamp_min(1e-12).sqrt()
    return (a * b).sum() / scale


def _centred_distances(x: Tensor) -> Tensor:
    """(n, C) -> (n, n) distances, U-centred, so that rows and columns sum to 0."""
    n = len(x)
    distances = torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist")
    of_row = distances.sum(1) / (n - 2)
    centred = distances - of_row[:, None] - of_row[None, :] + distances.sum() / ((n - 1) * (n - 2))
    return centred * (1.0 - torch.eye(n, dtype=x.dtype, device=x.device))
