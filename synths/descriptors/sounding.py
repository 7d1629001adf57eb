"""Which frames of a sound count."""

from torch import Tensor

FLOOR_DB = -80.0
"""Silence: the lowest level there is."""


def sounding_frames(level_db: Tensor, within_db: float = 40.0) -> Tensor:
    """(B, F) level -> (B, F) True within 40 dB of a sound's loudest frame and clear of the floor."""
    loudest_db = level_db.amax(-1, keepdim=True)
    return (level_db > loudest_db - within_db) & (level_db > FLOOR_DB + 6.0)


def frame_level_db(audio: Tensor, hop: int) -> Tensor:
    """(B, N) audio, N a multiple of hop -> (B, F) mean square of each frame in dB below a full-scale sine, >= -80."""
    mean_square = audio.unflatten(-1, (-1, hop)).square().mean(-1)
    return 10.0 * (2.0 * mean_square + 10.0 ** (FLOOR_DB / 10.0)).log10()


def sounding_mean(values: Tensor, sounding: Tensor, every: int = 1) -> Tensor:
    """Mean of a knob, or of anything else, over a note: what turning, training, judging and rendering all go by.

    Args:
        values: (B, F, C) in all frames
        sounding: (B, ceil(F / every)) 1 in every `every`-th frame, from the first on, that sounds, else 0
        every: so many

    Returns:
        (B, C), 0 where nothing sounds
    """
    weight = sounding / sounding.sum(1, keepdim=True).clamp_min(1.0)
    # not a product of matrices, which mixed precision would round
    return (values[:, ::every] * weight[..., None]).sum(1)
