"""How much of a sound each channel of the ear receives."""

import math

import numpy as np
import torch
from torch import Tensor, nn

N_CHANNELS = 47
"""Channels one Bark wide, half a Bark apart: the first centred on 0.5 Bark."""

# Frequency of every half Bark, then the level in dB at which a tone is just heard, (Bark, dB)
# (Zwicker & Fastl 1990, table 6.1 and figure 2.1)
_HALF_BARK_HZ = (
    *(0, 50, 100, 150, 200, 250, 300, 350, 400, 450, 510, 570, 630, 700, 770, 840, 920, 1000, 1080, 1170, 1270, 1370),
    *(1480, 1600, 1720, 1850, 2000, 2150, 2320, 2500, 2700, 2900, 3150, 3400, 3700, 4000, 4400, 4800, 5300, 5800),
    *(6400, 7000, 7700, 8500, 9500, 10500, 12000, 13500, 15500, 20000),
)
_THRESHOLD = (
    (0, 0.01, 0.17, 0.8, 1, 1.5, 2, 3.3, 4, 5, 6, 8, 10, 12, 13.3, *range(15, 25), 24.5, 25),
    (
        *(130, 70, 60, 30, 25, 20, 15, 10, 8.1, 6.3, 5, 3.5, 2.5, 1.7, 0, -2.5, -4, -3.7, -1.5, 1.4, 3.8, 5, 7.5, 15),
        *(48, 60, 130),
    ),
)
_SLOPE_PER_DB = 0.2  # by how much, in dB per Bark, a slope gets flatter
NEPER_PER_DB = math.log(10.0) / 20.0
"""Relative change of an amplitude per dB."""


def hz_to_bark(frequency_hz: np.ndarray) -> np.ndarray:
    """Frequency in Hz -> critical-band rate in Bark, linear between half Barks."""
    return np.interp(frequency_hz, _HALF_BARK_HZ, np.arange(len(_HALF_BARK_HZ)) / 2)


class ChannelGain(nn.Module):
    """Amplitude of each component of a spectrum in each channel: Terhardt's slopes above the threshold in quiet.

    A component within half a Bark of a channel's centre is in it whole. From further away it is weaker by the distance
    to the channel's edge times a slope: 27 dB per Bark from above; from below less steep the louder it is. What does
    not reach the threshold, itself or there, is not heard.

    Args:
        frequency_hz: (bins,) of the components
    """

    distance_db: Tensor
    rise_bark: Tensor
    slope_db: Tensor
    threshold_db: Tensor
    edge_threshold_db: Tensor

    def __init__(self, frequency_hz: np.ndarray) -> None:
        super().__init__()
        bark, centre_bark = hz_to_bark(frequency_hz), (1 + np.arange(N_CHANNELS)[:, None]) / 2
        above, below = bark - (centre_bark + 0.5), (centre_bark - 0.5) - bark
        threshold_db = np.interp(bark, *_THRESHOLD)
        at_half_bark_db = np.interp(_HALF_BARK_HZ, frequency_hz, threshold_db)
        edge_db = np.where(above >= 0, at_half_bark_db[2:-1, None], at_half_bark_db[:-3, None])
        constants = {
            "distance_db": -27.0 * above.clip(0.0),
            "rise_bark": below.clip(0.0),
            "slope_db": -24.0 - 230.0 / frequency_hz,
            "threshold_db": threshold_db,
            "edge_threshold_db": np.where((above >= 0) | (below >= 0), edge_db, threshold_db),
        }
        for name, values in constants.items():
            self.register_buffer(name, torch.from_numpy(values).float(), persistent=False)

    def forward(self, level_db: Tensor) -> Tensor:
        """(F, bins) level in dB SPL of the lowest bins -> (F, 47, bins) gain, 0 where a component is not heard."""
        n_bins = level_db.shape[-1]
        slope_db = self._slope_db(level_db).clamp_max_(0.0)
        gain_db = torch.addcmul(self.distance_db[:, :n_bins], self.rise_bark[:, :n_bins], slope_db[:, None])
        heard_db = torch.where(self.heard(level_db), level_db, -math.inf)
        excess_db = (gain_db + heard_db[:, None]).sub_(self.edge_threshold_db[:, :n_bins])
        # 1 or 0 as numbers: a mask of booleans takes several times as long
        return gain_db.mul_(NEPER_PER_DB).exp_().mul_(excess_db.sign_().relu_())

    def heard(self, level_db: Tensor) -> Tensor:
        """(F, bins) level -> (F, bins) True where a component is above the threshold in quiet."""
        return level_db > self.threshold_db[: level_db.shape[-1]]

    def change_per_db(self, level_db: Tensor) -> Tensor:
        """(F, bins) level -> (F, bins) relative change of a gain with the level, per Bark of `rise_bark`."""
        return (NEPER_PER_DB * _SLOPE_PER_DB) * (self._slope_db(level_db) < 0.0)

    def _slope_db(self, level_db: Tensor) -> Tensor:
        return self.slope_db[: level_db.shape[-1]] + _SLOPE_PER_DB * level_db
