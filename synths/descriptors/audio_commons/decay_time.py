"""How long a note is heard after its loudest moment."""

import torch
import torch.nn.functional as F
from torch import Tensor

STEP = 256
SILENT_DB, CROSSING_DB, PEAK_DB = -40.0, 0.5, 0.25


def decay_steps(sound: Tensor) -> Tensor:
    """(B, N) sound at -24 LUFS -> (B,) blocks of 256 samples from the peak of its level down to -40 dB, 1 at least.

    The peak is the mean time of the blocks within about a quarter of a dB of it: a steady tone's loudest block is an
    accident. The fall below -40 dB is a survival probability, blurred by 0.5 dB.
    """
    level_db = _level_db(sound)
    block = torch.arange(level_db.shape[-1], device=sound.device, dtype=sound.dtype)
    peak = (torch.softmax(level_db / PEAK_DB, -1) * block).sum(-1)
    loudest = level_db.argmax(-1, keepdim=True)
    after = block >= loudest
    stays = F.logsigmoid((level_db - SILENT_DB) / CROSSING_DB) * after
    survival = stays.cumsum(-1).exp() * after
    return (loudest[:, 0] + survival.sum(-1) - peak).clamp_min(1.0)


def whole_decay_steps(sound: Tensor) -> Tensor:
    """(B, N) sound at -24 LUFS -> (B,) blocks from the loudest to the first below -40 dB, or to the end; a count."""
    level_db = _level_db(sound)
    block = torch.arange(level_db.shape[-1], device=sound.device)
    loudest = level_db.argmax(-1, keepdim=True)
    silent = (level_db < SILENT_DB) & (block > loudest)
    end = torch.where(silent.any(-1), silent.float().argmax(-1), level_db.shape[-1])
    return (end - loudest[:, 0]).to(sound.dtype)


def _level_db(sound: Tensor) -> Tensor:
    """(B, N) -> (B, T) mean square of each block, the last one perhaps shorter, in dB re the loudest."""
    n_samples = sound.shape[-1]
    padded = F.pad(sound.square(), (0, -n_samples % STEP)).unflatten(-1, (-1, STEP))
    count = torch.full((padded.shape[-2],), float(STEP), device=sound.device, dtype=sound.dtype)
    count[-1] = n_samples - STEP * (len(count) - 1)
    power = padded.sum(-1) / count + 1e-12
    return 10.0 * (power / power.amax(-1, keepdim=True)).log10()
