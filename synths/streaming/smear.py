"""What a window reads of frames that were played, the one that is about to be, and those that may follow."""

import torch
from torch import Tensor, nn

from synths.streaming.part import State

REACH = 6
"""Frames to either side that a window sees anything of."""


class Smear(nn.Module):
    """Power that windows see of a course of frames: energies of the window between two frames, and at them.

    Partials go from frame to frame in a line, a frame's noise lasts a hop. What has been played is known; the frames
    that follow the present one are taken to grow as it grew.

    Args:
        windows: (n,) windows each, centred on a frame
        lags: how many frames ago each window was last heard whole
        hop: samples per frame
    """

    at: Tensor
    between: Tensor
    noise: Tensor
    at_then: Tensor
    between_then: Tensor
    noise_then: Tensor

    def __init__(self, windows: list[Tensor], lags: list[int], hop: int) -> None:
        super().__init__()
        self.n_past = max(lags) + REACH
        energies = [_energies(window, hop) for window in windows]
        for name, values in zip(("at", "between", "noise"), zip(*energies, strict=True), strict=True):
            self.register_buffer(name, torch.stack(values), persistent=False)
            then = [_placed(row, self.n_past - lag - REACH, self.n_past) for row, lag in zip(values, lags, strict=True)]
            self.register_buffer(f"{name}_then", torch.stack(then), persistent=False)

    def heard_then(self, which: Tensor, past: State) -> tuple[Tensor, Tensor]:
        """(B,) window -> power of partials (B, 1, K) and noise (B, 1, M) that it read when it was last heard whole."""
        amplitudes = past["amplitudes"]
        pairs = amplitudes[:, :-1] * amplitudes[:, 1:]
        partials = _times(self.at_then[which], amplitudes.square()) + _times(self.between_then[which][:, :-1], pairs)
        return partials, _times(self.noise_then[which], past["noise"])

    def about_to_be_heard(
        self, which: Tensor, past: State, amplitudes: Tensor, noise: Tensor, growth: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What a window around the present frame will read of several ways to play it.

        Args:
            which: (B,) window
            past: amplitudes (B, n_past, K) and power of noise (B, n_past, M), oldest first
            amplitudes: (B, n, K) each way
            noise: (B, n, M) power
            growth: (B, 1) of the power from frame to frame

        Returns:
            power (B, n, K) and (B, n, M)
        """
        before = past["amplitudes"][:, -REACH:]
        at, between, of_noise = self.at[which], self.between[which], self.noise[which]
        pairs = before[:, :-1] * before[:, 1:]
        gone = _times(at[:, :REACH], before.square()) + _times(between[:, : REACH - 1], pairs)
        follows = growth ** torch.arange(REACH + 1, device=growth.device)
        ahead = ((at[:, REACH:] + between[:, REACH:]) * follows).sum(1)[:, None, None]
        joint = between[:, REACH - 1, None, None] * before[:, -1:]
        gone_noise = _times(of_noise[:, :REACH], past["noise"][:, -REACH:])
        ahead_noise = (of_noise[:, REACH:] * follows).sum(1)[:, None, None]
        return gone + joint * amplitudes + ahead * amplitudes.square(), gone_noise + ahead_noise * noise


def _energies(window: Tensor, hop: int) -> tuple[Tensor, Tensor, Tensor]:
    """(n,) window -> (2 * REACH + 1,) weight of amplitudes squared, of products with the next, and of noise power."""
    energy = window.double().square()
    place = (torch.arange(len(window)) - len(window) // 2) / hop
    frame = torch.arange(-REACH, REACH + 1)[:, None]
    own, following = ((1.0 - (place - at).abs()).clamp_min(0.0) for at in (frame, frame + 1))
    at, between = (energy * own.square()).sum(1), (2.0 * energy * own * following).sum(1)
    noise = (energy * ((place >= frame) & (place < frame + 1))).sum(1)
    whole = at.sum() + between.sum()
    return (at / whole).float(), (between / whole).float(), (noise / noise.sum()).float()


def _placed(row: Tensor, start: int, length: int) -> Tensor:
    """A row within zeros; what would lie beyond their end is left out."""
    placed = row.new_zeros(length)
    placed[start : start + len(row)] = row[: length - start]
    return placed


def _times(weights: Tensor, frames: Tensor) -> Tensor:
    """(B, n), (B, n, D) -> (B, 1, D)."""
    return weights[:, None] @ frames
