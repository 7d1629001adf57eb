"""Turn the knobs of a sound: what is asked, what is added to it, and what came of it."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from synths import Descriptor
from synths.descriptors.request import KnobRequest
from turning.bend import BENDS, Bend, turned_with, why_not_bent
from turning.knobs import chosen, released_for
from turning.listened import Listened
from turning.passages import Passage
from turning.recording import Recording
from turning.search import turned

Progress = Callable[[float], None]
"""Is told the share that is done."""
FADE_S = 0.005


class AskedBend(NamedTuple):
    """A knob that only a whole sound can tell, what it reads and what is asked, in its unit."""

    bend: Bend
    was: float
    asked: float


class AskedPlaces(NamedTuple):
    """What R answers of one sound are asked for; where it is to be bent, one.

    Shapes: own (F, C) positions of the knobs as they are, positions (R, F, C) that are asked; free (R, C) True for
    those that may miss where not all can be met.
    """

    knobs: list[Descriptor]
    own: Tensor
    positions: Tensor
    free: Tensor
    bend: AskedBend | None = None


def asked_of(
    listened: Listened,
    answers: Sequence[Sequence[KnobRequest]],
    released: Sequence[str] = (),
    held: Sequence[str] = (),
) -> AskedPlaces:
    """Requests to a sound, and what is to hold meanwhile.

    Args:
        listened: the sound
        answers: R times requests, each to a knob that the sound has
        released: names of knobs that need not hold
        held: names of further knobs that hold
    """
    bend = _bend(listened, answers)
    answers = [[request for request in requests if request.knob not in BENDS] for requests in answers]
    turned = list(dict.fromkeys(request.knob for requests in answers for request in requests))
    let_go = {*released, *released_for([*turned, *held])}
    if bend is not None:
        let_go |= {kind.name for kind in bend.bend.released} - {*turned, *held}
    knobs = chosen(listened.has_pitch, [*turned, *held], let_go, listened.clip(1))
    names = [knob.name for knob in knobs]
    own = listened.readings([type(knob) for knob in knobs])
    mean = listened.mean(own)
    positions = own.repeat(len(answers), 1, 1)
    for row, requests in enumerate(answers):
        for request in requests:
            place = names.index(request.knob)
            asked = request.positions(knobs[place], own[None, :, place], mean[place, None])
            positions[row, :, place] = asked[0].to(own)
    free = [[name in [request.knob for request in requests] for name in names] for requests in answers]
    return AskedPlaces(knobs, own, positions, torch.tensor(free).reshape(len(answers), len(knobs)), bend)


def _bend(listened: Listened, answers: Sequence[Sequence[KnobRequest]]) -> AskedBend | None:
    """The request to a knob that only a whole sound can tell; raises ValueError if there are several."""
    asked = [request for requests in answers for request in requests if request.knob in BENDS]
    if not asked:
        return None
    if len(asked) > 1 or len(answers) > 1 or asked[0].is_course:
        raise ValueError(f"{asked[0].written}: {', '.join(BENDS)} are turned one at a time, of one sound.")
    bend, was = BENDS[asked[0].knob], listened.pooled(BENDS[asked[0].knob].kind)
    knob = bend.kind(listened.clip(1))
    own = knob.position_of(torch.tensor([was]))
    wanted = float(knob.value_at(asked[0].positions(knob, own[None], own)[0, 0]))
    if reason := why_not_bent(bend, listened.f0_hz[listened.sounding], was, wanted):
        raise ValueError(f"{asked[0].written}: {reason}.")
    return AskedBend(bend, was, wanted)


def changes(
    listened: Listened, asked: AskedPlaces, steady_only: bool = False, progress: Progress | None = None
) -> Iterator[np.ndarray]:
    """What is to be added to a sound, (R, n, channels) after (R, n, channels) at its own rate, from begin to end."""
    waiting = np.zeros((len(asked.positions), 0, listened.sound.n_channels))
    hop, n_total = listened.working.file_hop, listened.sound.n_frames
    last_gains: Tensor | None = None
    if asked.bend is not None:
        yield _bent_change(listened, asked, asked.bend, steady_only)
        return
    for number, passage in enumerate(listened.passages):
        recording = listened.recording(passage)
        gains, gain_hop = _gains(recording, asked, passage, steady_only, last_gains)
        last_gains = gains.mean(1, keepdim=True)
        n_samples = min(passage.last * hop, n_total) - passage.first * hop
        change = _channels(listened, recording, passage, gains, gain_hop, n_samples)
        change *= passage.weights(listened.n_frames, hop)[:n_samples, None]
        change[:, : waiting.shape[1]] += waiting
        following = listened.passages[number + 1 : number + 2]
        n_done = (following[0].first - passage.first) * hop if following else n_samples
        yield change[:, :n_done]
        waiting = change[:, n_done:]
        if progress is not None:
            progress((number + 1) / len(listened.passages))


def _bent_change(listened: Listened, asked: AskedPlaces, wanted: AskedBend, steady_only: bool) -> np.ndarray:
    """(1, n, channels) change of a sound that is bent and then turned."""
    (passage,), bend = listened.passages, wanted.bend
    recording, move = listened.recording(passage), wanted.asked - wanted.was
    found = turned_with(recording, bend, move, asked.knobs, asked.positions, asked.free, steady_only)
    changed = []
    for own in [recording.audio] if listened.sound.n_channels == 1 else listened.channels(passage):
        bent_by = bend.change(recording, recording.taken_apart(own), found.amount)
        parts = found.recording.taken_apart(own + bent_by)
        change = bent_by + found.recording.change(parts, found.turned.log_gains, found.turned.hop)[0]
        changed.append(listened.working.back(change.numpy(), listened.sound.n_frames))
    return np.stack(changed, axis=-1)[None]


def _gains(
    recording: Recording, asked: AskedPlaces, passage: Passage, steady_only: bool, before: Tensor | None
) -> tuple[Tensor, int]:
    """(R, F, P) log gains of a passage, every so many samples; where nothing sounds, the mean of those before."""
    if not recording.sounding.any():
        nothing = torch.zeros(len(asked.positions), 1, recording.components.n_gains)
        return nothing if before is None else before, recording.clip.hop
    wanted = asked.positions[:, passage.first : passage.last]
    found = turned(recording, asked.knobs, wanted, asked.free, steady_only)
    return found.log_gains, found.hop


def _channels(
    listened: Listened, recording: Recording, passage: Passage, gains: Tensor, gain_hop: int, n_samples: int
) -> np.ndarray:
    """(R, n, channels) change of a passage at the rate of the file."""
    if listened.sound.n_channels == 1:
        parts = [recording.components]
    else:
        parts = [recording.taken_apart(audio) for audio in listened.channels(passage)]
    changed = [recording.change(part, gains, gain_hop) for part in parts]
    back = [[listened.working.back(each.numpy(), n_samples) for each in part] for part in changed]
    return np.stack([np.stack(each, axis=0) for each in back], axis=-1)
