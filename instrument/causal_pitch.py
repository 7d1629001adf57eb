"""Pitch of a live input in TorchScript: the page's tracker (`page/tracker.js`), which looks back only."""

import math

import torch
from torch import Tensor, nn

WINDOW_S, LOWEST_HZ, HIGHEST_HZ, DIP, RATE = 0.016, 52.0, 2200.0, 0.15, 16000.0


class CausalPitch(nn.Module):
    """YIN (de Cheveigné & Kawahara 2002) on the last 16 ms and what lies up to a period of 52 Hz before.

    Args:
        sample_rate: of the input; it is divided by a whole number to come near 16 kHz
    """

    taps: Tensor
    lags: Tensor

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        self.factor = max(1, round(sample_rate / RATE))
        self.rate = sample_rate / self.factor
        self.window = round(WINDOW_S * self.rate)
        self.longest = math.ceil(self.rate / LOWEST_HZ)
        self.shortest = max(2, math.floor(self.rate / HIGHEST_HZ))
        self.dip = DIP
        self.register_buffer("taps", _low_pass(self.factor)[None, None])
        self.register_buffer("lags", torch.arange(1, self.longest + 2, dtype=torch.float64))
        self.n_past = (self.window + self.longest + 1) * self.factor + self.taps.shape[-1]

    def forward(self, past: Tensor) -> tuple[float, float]:
        """(n,) samples, at least n_past, the newest last -> f0_hz, confidence 0..1."""
        differences = self.differences(past[-self.n_past :])
        there, after = differences[self.shortest : self.longest + 1], differences[self.shortest + 1 : self.longest + 2]
        dips = torch.nonzero((there < self.dip) & (there <= after))
        place = int(dips[0, 0]) if dips.shape[0] > 0 else int(there.argmin())
        curve: list[float] = differences.tolist()
        best = self.shortest + place
        return self.rate / self.refined(curve, best), max(0.0, 1.0 - curve[best])

    def differences(self, past: Tensor) -> Tensor:
        """(n_past,) samples -> (longest + 2,) normalised difference by lag, 1 at lag 0."""
        low = torch.conv1d(past[None, None], self.taps, stride=self.factor)[0, 0]
        rows = low.unfold(0, self.window, 1)
        sums = (rows[1:-1] - rows[-1]).double().square().sum(1).flip(0)
        total = sums.cumsum(0)
        ratios = torch.where(total > 0.0, sums * self.lags / total.clamp_min(1e-30), 1.0)
        return torch.cat([ratios.new_ones(1), ratios])

    def refined(self, curve: list[float], lag: int) -> float:
        """The period between samples; of a short one, its multiples tell more digits."""
        period, times = self.vertex(curve, lag), 2
        while times * period <= self.longest:
            near = self.lowest_near(curve, math.floor(times * period + 0.5))
            finer = self.vertex(curve, near) / times
            if curve[near] > 2.0 * curve[lag] + 0.1 or abs(finer - period) > 1.5 / times:
                break
            period, times = finer, 2 * times
        return period

    def lowest_near(self, curve: list[float], centre: int) -> int:
        """The lag of the least difference, two at most from a centre."""
        near = centre
        for at in range(centre - 2, min(centre + 2, self.longest) + 1):
            if curve[at] < curve[near]:
                near = at
        return near

    def vertex(self, curve: list[float], lag: int) -> float:
        """Where a parabola through three lags is lowest."""
        before, there, after = curve[lag - 1], curve[lag], curve[lag + 1]
        bend = before - 2.0 * there + after
        if lag < 2 or bend <= 0.0:
            return float(lag)
        return lag + min(1.0, max(-1.0, 0.5 * (before - after) / bend))


def _low_pass(factor: int) -> Tensor:
    """A windowed sinc that leaves what a rate divided by `factor` can hold."""
    if factor == 1:
        return torch.ones(1)
    length = 16 * factor
    place = torch.arange(length, dtype=torch.float64) - (length - 1) / 2
    taps = (0.5 + 0.5 * torch.cos(2.0 * math.pi * place / length)) * torch.sinc(0.9 * place / factor)
    return (taps / taps.sum()).float()
