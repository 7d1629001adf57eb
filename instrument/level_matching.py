"""Level that follows the recording: a slow gain where it sounds, and pauses no louder than they were."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from lightning_modules.encoders import Encoder

SLOW_S = 0.3
"""Standard deviation of the window in which the gain looks for what is wrong: slower than any tremolo."""
MOST_DB = 30.0
"""No gain is higher or lower where something sounds."""
ROUNDS = 6
"""Windows smear: what is heard after a gain is measured again."""
FADE_S = 0.005
"""What is cut in the middle of a note begins and ends so fast."""


class LevelGoal(NamedTuple):
    """What the level of one sound is to be, in frames as its encoder measures knobs.

    Attributes:
        wanted_db: (E,) level where it sounds; None leaves that as it is
        sounding: (E,) 1 where it sounds
        ceiling_db: (E,) what it must not exceed elsewhere
    """

    wanted_db: Tensor | None
    sounding: Tensor
    ceiling_db: Tensor


def levelled(encoder: Encoder, audio: Tensor, goal: LevelGoal) -> tuple[Tensor, Tensor]:
    """Bring a sound to a level.

    Args:
        encoder: which measures it
        audio: (N,) whole frames
        goal: for its first E frames; those that follow take the last gain

    Returns:
        (N,) audio, and (E,) the gain in dB
    """
    every, n_frames = encoder.every, len(audio) // encoder.hop
    n_goal = len(goal.sounding)
    slow_db, pause_db = audio.new_zeros(n_goal), audio.new_zeros(n_goal)
    width = SLOW_S * encoder.level.clip.sample_rate / (every * encoder.hop)
    heard, gain_db = audio, audio.new_zeros(n_goal)
    for _ in range(ROUNDS):
        level_db = encoder.level_db(heard[None], every)[0, :n_goal]
        if goal.wanted_db is not None:
            missing = (goal.wanted_db - level_db) * goal.sounding
            slow_db = (slow_db + _smoothed(missing, width) / _smoothed(goal.sounding, width).clamp_min(1e-3)).clamp(
                -MOST_DB, MOST_DB
            )
        excess = (level_db - gain_db + slow_db + pause_db - goal.ceiling_db).clamp_min(0.0)
        pause_db = (pause_db - excess) * (1.0 - goal.sounding)
        gain_db = slow_db + pause_db
        n_behind = -(-n_frames // every) - n_goal
        slow, pause = (torch.cat([each, each[-1:].expand(n_behind)]) for each in (slow_db, pause_db))
        heard = audio * _per_sample(slow, pause, every * encoder.hop, encoder.level.clip.sample_rate)[: len(audio)]
    return heard, gain_db


def openness(n_samples: int, n_open: int, begins_sounding: bool, ends_sounding: bool, sample_rate: int) -> Tensor:
    """(N,) 1 in the first `n_open` samples and 0 after them, faded in 5 ms where a note is cut off."""
    n_fade = min(max(1, round(FADE_S * sample_rate)), n_open)
    envelope = torch.zeros(n_samples)
    envelope[:n_open] = 1.0
    rise = (torch.arange(n_fade) + 0.5) / n_fade
    if begins_sounding:
        envelope[:n_fade] *= rise
    if ends_sounding:
        envelope[n_open - n_fade : n_open] *= rise.flip(0)
    return envelope


def _per_sample(slow_db: Tensor, pause_db: Tensor, hop: int, sample_rate: int) -> Tensor:
    """(E,) gains in dB -> (E * hop,) factors: the slow in lines, pauses in the 5 ms beside the frame that sounds."""
    share = (torch.arange(hop) / hop).to(slow_db)
    steep = hop / max(1, round(FADE_S * sample_rate))
    slow, pause = (torch.pow(10.0, each / 20.0) for each in (slow_db, pause_db))
    (slow, slow_next), (pause, pause_next) = ((each, torch.cat([each[1:], each[-1:]])) for each in (slow, pause))
    falls = (pause_next < pause)[:, None]
    fast = torch.where(falls, (steep * share).clamp_max(1.0), (1.0 - steep * (1.0 - share)).clamp_min(0.0))
    gains = torch.lerp(slow[:, None], slow_next[:, None], share) * torch.lerp(pause[:, None], pause_next[:, None], fast)
    return gains.flatten()


def _smoothed(values: Tensor, width: float) -> Tensor:
    """(E,) values under a Gaussian window of so many frames; beyond the ends they are nothing."""
    reach = int(4 * width)
    weight = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / width).square()).to(values)
    return F.conv1d(values[None, None], (weight / weight.sum())[None, None], padding=reach)[0, 0]
