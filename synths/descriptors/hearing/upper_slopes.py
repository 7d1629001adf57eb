"""How a loud region covers the regions above it: the slopes of ISO 532-1."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad

from synths.descriptors.hearing.iso_532_tables import BAND_ENDS_BARK, SLOPE_RANGES_SONE, SLOPES

CELL_BARK = 0.25
"""Shorter than any straight piece of a curve, so that at most one begins within a cell."""


class UpperSlopes(nn.Module):
    """Loudness that each critical band has of its own -> what is heard at 0.1, 0.2, ... 24 Bark.

    Within a band that is the greater of its own and of what falls from below, steeply where it is loud (ISO 532-1:2017,
    annex A). A band's slopes make one falling curve of eighteen straight pieces, whatever height it is entered at. A
    height on it is told by the way left to silence, in Bark: to fall is to subtract. Which piece a value is on carries
    no gradient. Differentiable once.

    Args:
        end_included: whether the place where two bands meet, 0.9 Bark first of all, belongs to the lower one, as in the
            standard, or to the upper one
    """

    knots: Tensor
    slope: Tensor
    offset: Tensor
    piece_end: Tensor
    next_slope: Tensor
    next_offset: Tensor
    beyond_start: Tensor
    band: Tensor
    first_piece: Tensor
    first_cell: Tensor
    piece_of_cell: Tensor
    own_curve: Tensor
    place_curve: Tensor
    bend: Tensor
    bend_slope: Tensor
    apart: Tensor

    def __init__(self, end_included: bool = True) -> None:
        super().__init__()
        knots = torch.tensor(SLOPE_RANGES_SONE, dtype=torch.float64)
        slope = torch.tensor(SLOPES, dtype=torch.float64).T
        way = pad((knots.diff() / slope[:, :-1]).cumsum(1), (1, 0))
        # loudness = offset + slope * way on each piece, and way on the next curve = next_offset + next_slope * way
        offset = knots - way * slope
        self._store(knots=knots[1:], slope=slope, offset=offset, piece_end=pad(way[:, 1:], (0, 1), value=torch.inf))
        self._store(next_slope=slope[:-1] / slope[1:], next_offset=(offset[:-1] - offset[1:]) / slope[1:])

        end = torch.tensor(BAND_ENDS_BARK, dtype=torch.float64)
        place = torch.arange(1, 241) / 10.0
        # Nothing lies above 24 Bark: they belong to the last band in any case.
        band = torch.bucketize(place + (-0.05 if end_included else 0.05), end).clamp_max(len(end) - 1)
        self.width_bark = end.diff(prepend=end.new_zeros(1)).tolist()
        self._store(beyond_start=(place - pad(end, (1, 0))[band]).clamp_min(0.0)[:, None], band=band)

        cell = torch.arange(int(way.max() / CELL_BARK) + 2, dtype=torch.float64) * CELL_BARK
        first_piece = torch.arange(len(slope))[:, None] * len(knots)
        piece_of_cell = torch.searchsorted(way, cell.repeat(len(slope), 1), right=True) - 1 + first_piece
        curve = (torch.arange(len(end)) - 1).clamp(0, len(slope) - 1)
        self._store(first_piece=first_piece[curve[1:]], piece_of_cell=piece_of_cell.int())
        self._store(first_cell=(curve[band] * len(cell))[:, None].int())
        self._store_bends(way[:-1], end)
        self._store(own_curve=curve[1:], place_curve=curve[band])

    def _store_bends(self, way: Tensor, end: Tensor) -> None:
        """What `ways_at_once` wants: where a curve goes over to the next, and how far bands of one curve are apart."""
        slope = self.next_slope.double()
        self._store(bend=way[..., None] + end.diff()[: len(way), None, None])
        self._store(bend_slope=slope.diff(dim=1, prepend=slope.new_zeros(len(slope), 1))[:, None])
        apart = end[len(way) + 1 : -1, None] - end[len(way) : -1]
        self._store(apart=torch.where(apart >= 0.0, apart, torch.inf)[..., None])

    def _store(self, **constants: Tensor) -> None:
        for name, value in constants.items():
            value = value.float() if value.is_floating_point() else value
            self.register_buffer(name, value.contiguous(), persistent=False)

    def forward(self, core: Tensor) -> Tensor:
        """(20, T) sone/Bark of the bands -> (240, T) sone/Bark."""
        # A graph pays for every step: there few large ones are quick, elsewhere many small ones.
        return self.heard_at_once(core) if torch.compiler.is_exporting() else _Heard.apply(core, self)

    def ways_at_once(self, core: Tensor) -> Tensor:
        """(20, T) sone/Bark -> (21, T) way left at the start of each band, in few steps.

        A curve bends one way only: it is the greatest of its pieces' lines, and its inverse the least of theirs. Bands
        of one curve need no walk.
        """
        offset, slope = self.offset[self.own_curve, :, None], self.slope[self.own_curve, :, None]
        own = ((core[:, None] - offset) * (1.0 / slope)).amin(1)
        way = [torch.zeros_like(own[:1]), own[:1]]
        for band, (bend, by_bend) in enumerate(zip(self.bend, self.bend_slope, strict=True), start=1):
            way.append(torch.maximum(by_bend @ (way[-1] - bend).relu(), own[band : band + 1]))
        n_walked = len(way)
        rest = torch.cat([way[-1], own[n_walked - 1 :]])
        return torch.cat([*way, (rest - self.apart).amax(1)])

    def heard_at_once(self, core: Tensor) -> Tensor:
        """`forward` in few steps, with no gradients written out."""
        left = (self.ways_at_once(core)[self.band] - self.beyond_start).relu()
        offset, slope = self.offset[self.place_curve, :, None], self.slope[self.place_curve, :, None]
        fallen = (offset + slope * left[:, None]).amax(1)
        return torch.maximum(fallen, pad(core, (0, 0, 0, 1))[self.band])

    def ways(self, core: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(20, T) sone/Bark -> (21, T) way left at the start of each band, and how it follows from the band below.

        That is (20, T) its slope by that band's core and (20, T) by the way left at that band's start; one is 0.
        """
        piece = torch.bucketize(core, self.knots, right=True) + self.first_piece
        by_core = 1.0 / self.slope.take(piece)
        way, by_way = [torch.zeros_like(core[0])], []
        for band, own in enumerate((core - self.offset.take(piece)) * by_core):
            left, slope = self._on_next_curve(way[-1] - self.width_bark[band], band - 1)
            way.append(torch.maximum(left, own))
            by_way.append((left > own) * slope)
        kept = torch.stack(by_way)
        return torch.stack(way), by_core * (kept == 0.0), kept

    def _on_next_curve(self, way: Tensor, curve: int) -> tuple[Tensor, Tensor | float]:
        """(T,) way left on a curve -> that on the next, from the same loudness, and its slope."""
        if not 0 <= curve < len(self.next_slope):
            return way, 1.0
        piece = torch.bucketize(way, self.piece_end[curve, :-1], right=True)
        slope = self.next_slope[curve].index_select(0, piece)
        return self.next_offset[curve].index_select(0, piece).addcmul_(way, slope), slope

    def heard(self, core: Tensor, way: Tensor) -> tuple[Tensor, Tensor]:
        """(20, T) sone/Bark, (21, T) way left -> (240, T) sone/Bark, and its slope by the way: 0 where core wins."""
        left = (way.index_select(0, self.band) - self.beyond_start).clamp_min_(0.0)
        cell = (left / CELL_BARK).int().clamp_(0, self.piece_of_cell.shape[1] - 1).add_(self.first_cell)
        piece = self.piece_of_cell.view(-1).index_select(0, cell.view(-1))
        piece += left.view(-1) >= self.piece_end.view(-1).index_select(0, piece)
        slope = self.slope.view(-1).index_select(0, piece).view_as(left)
        fallen = self.offset.view(-1).index_select(0, piece).view_as(left).addcmul_(left, slope)
        own = pad(core, (0, 0, 0, 1)).index_select(0, self.band)
        return torch.maximum(fallen, own), slope.masked_fill_(fallen <= own, 0.0)


class _Heard(torch.autograd.Function):
    """(20, T) core loudness, slopes -> (240, T) loudness.

    What is heard at a place comes from a single band, so that gradients run back from band to band without a graph.
    """

    @staticmethod
    def forward(ctx: Any, core: Tensor, slopes: UpperSlopes) -> Tensor:
        way, by_core, by_way = slopes.ways(core)
        loudness, by_left = slopes.heard(core, way)
        ctx.save_for_backward(by_core, by_way, by_left, slopes.band)
        return loudness

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None]:
        by_core, by_way, by_left, band = ctx.saved_tensors
        grad = grad_outputs[0].contiguous()
        zeros = grad.new_zeros(len(by_way) + 1, grad.shape[1])
        of_core = zeros.index_add(0, band, grad * (by_left == 0.0))[:-1]
        of_way = zeros.index_add(0, band, grad * by_left)
        for i in reversed(range(len(by_way))):
            of_way[i].addcmul_(of_way[i + 1], by_way[i])
        return of_core.addcmul_(of_way[1:], by_core), None
