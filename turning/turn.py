"""Turn the knobs of a sound: what is asked, what is added to it, and what came of it."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from synths import Descriptor
from synths.descriptors.request import Request
from turning.knobs import chosen, released_for
from turning.listened import Listened
from turning.passages import Passage
from turning.recording import Recording
from turning.search import turned

Progress = Callable[[float], None]
"""Is told the share that is done."""
FADE_S = 0.005


class Asked(NamedTuple):
    """What is asked of a sound.

    Shapes: positions (F, C) of the knobs, own (F, C) as they are; free (C,) True for those that may miss where not all
    can be met.
    """

    knobs: list[Descriptor]
    own: Tensor
    positions: Tensor
    free: Tensor


def asked_of(listened: Listened, requests: Sequence[Request], released: Sequence[str] = ()) -> Asked:
    """Requests to a sound, and what is to hold meanwhile.

    Args:
        listened: the sound
        requests: each to a knob that the sound has
        released: names of knobs that need not hold
    """
    names = [request.knob for request in requests]
    let_go = {*released, *released_for(names)}
    knobs = chosen(listened.has_pitch, names, let_go, listened.clip(1))
    own = listened.readings([type(knob) for knob in knobs])
    mean = listened.mean(own)
    positions = own.clone()
    for request in requests:
        place = [knob.name for knob in knobs].index(request.knob)
        positions[:, place] = request.positions(knobs[place], own[None, :, place], mean[place, None])[0]
    return Asked(knobs, own, positions, torch.tensor([knob.name in names for knob in knobs]))


def changes(
    listened: Listened, asked: Asked, steady_only: bool = False, progress: Progress | None = None
) -> Iterator[np.ndarray]:
    """What is to be added to a sound, (n, channels) after (n, channels) at its own rate, from its begin to its end."""
    waiting = np.zeros((0, listened.sound.n_channels))
    hop, n_total = listened.working.file_hop, listened.sound.n_frames
    last_gains: Tensor | None = None
    for number, passage in enumerate(listened.passages):
        recording = listened.recording(passage)
        gains, gain_hop = _gains(recording, asked, passage, steady_only, last_gains)
        last_gains = gains.mean(1, keepdim=True)
        n_samples = min(passage.last * hop, n_total) - passage.first * hop
        change = _channels(listened, recording, passage, gains, gain_hop, n_samples)
        change *= passage.weights(listened.n_frames, hop)[:n_samples, None]
        change[: len(waiting)] += waiting
        following = listened.passages[number + 1 : number + 2]
        n_done = (following[0].first - passage.first) * hop if following else n_samples
        yield change[:n_done]
        waiting = change[n_done:]
        if progress is not None:
            progress((number + 1) / len(listened.passages))


def _gains(
    recording: Recording, asked: Asked, passage: Passage, steady_only: bool, before: Tensor | None
) -> tuple[Tensor, int]:
    """(1, F, P) log gains of a passage, every so many samples; where nothing sounds, the mean of those before."""
    if not recording.sounding.any():
        nothing = torch.zeros(1, 1, recording.components.n_gains)
        return nothing if before is None else before, recording.clip.hop
    wanted = asked.positions[None, passage.first : passage.last]
    found = turned(recording, asked.knobs, wanted, asked.free[None], steady_only)
    return found.log_gains, found.hop


def _channels(
    listened: Listened, recording: Recording, passage: Passage, gains: Tensor, gain_hop: int, n_samples: int
) -> np.ndarray:
    """(n, channels) change of a passage at the rate of the file."""
    if listened.sound.n_channels == 1:
        parts = [recording.components]
    else:
        parts = [recording.taken_apart(audio) for audio in listened.channels(passage)]
    each = [listened.working.back(part.change(gains, gain_hop)[0].numpy(), n_samples) for part in parts]
    return np.stack(each, axis=1)
