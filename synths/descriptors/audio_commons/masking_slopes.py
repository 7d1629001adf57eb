"""How loudness in one critical band masks the bands above it (ISO 532-1:2017, annex A)."""

import torch
from torch import Tensor, nn

from synths.descriptors import iso_532_tables as tables


class MaskingSlopes(nn.Module):
    """Specific loudness along the Bark scale from the core loudness of the critical bands.

    Within a band it is the core loudness, or the slope that falls from the bands below where that is higher. A slope
    is a course of straight pieces, steeper where it is louder: on it, "how many Bark until silence" falls evenly. The
    point where two bands meet belongs to the upper one, to the lower one in the standard (`UpperSlopes`): sharpness
    here turns on it.
    """

    loudness: Tensor
    steepness: Tensor
    reach: Tensor

    def __init__(self) -> None:
        super().__init__()
        loudness = torch.tensor(tables.SLOPE_RANGES_SONE, dtype=torch.float64)
        steepness = torch.tensor(tables.SLOPES, dtype=torch.float64).T
        reach = (loudness.diff() / steepness[:, :-1]).cumsum(-1)
        reach = torch.cat([torch.zeros_like(reach[:, :1]), reach], -1)
        for name, table in (("loudness", loudness), ("steepness", steepness), ("reach", reach)):
            self.register_buffer(name, table.float().contiguous(), persistent=False)

    def forward(self, core: Tensor) -> Tensor:
        """(..., 20) core loudness -> (..., 240) sone per Bark at 0.1, 0.2 ... 24 Bark."""
        pieces, masking, start = [], torch.zeros_like(core[..., 0]), 0
        for band, end_bark in enumerate(tables.BAND_ENDS_BARK):
            n_steps = round(10 * end_bark) - start
            own = core[..., band, None] if band < core.shape[-1] else torch.zeros_like(core[..., :1])
            slope = torch.maximum(own, self._fall(masking, n_steps, max(band - 1, 0)))
            pieces.append(slope[..., :-1])
            masking, start = slope[..., -1], start + n_steps
        return torch.cat([*pieces, masking[..., None]], -1)[..., 1:]

    def _fall(self, masking: Tensor, n_steps: int, band: int) -> Tensor:
        """(...) loudness at the start of a band -> (..., n_steps + 1) its slope in steps of 0.1 Bark."""
        column = min(band, self.steepness.shape[0] - 1)
        steepness, reach = self.steepness[column], self.reach[column]
        piece = torch.searchsorted(self.loudness, masking.detach().contiguous(), right=True) - 1
        left_bark = reach[piece] + (masking - self.loudness[piece]) / steepness[piece]
        step = torch.arange(n_steps + 1, device=masking.device, dtype=masking.dtype)
        left_bark = (left_bark[..., None] - 0.1 * step).clamp_min(0.0)
        piece = torch.searchsorted(reach, left_bark.detach(), right=True) - 1
        return self.loudness[piece] + (left_bark - reach[piece]) * steepness[piece]
