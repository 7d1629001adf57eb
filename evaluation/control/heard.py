"""Whether a request can be met in sound: what the search on layers found is played, and measured as models are."""

from collections.abc import Sequence

import torch
from torch import Tensor

from evaluation.control.reachability import met, reachable
from projection import projectable
from synths import Descriptor, SMSSynth, measure_all

SOUND_S, EDGE_S = 0.6, 0.15
"""Length of what is played, and how much of either end the longest window does not see whole."""
ROUNDS = 6
"""How often a setting is searched for, played, and searched for again with what the sound missed."""
SHARE = 0.5
"""How much of what the sound missed is added to the next request: all of it overshoots where noise covers partials."""
_PLAYED_TOGETHER = 64


def reachable_in_sound(descriptors: Sequence[Descriptor], synth: SMSSynth, f0_hz: Tensor, asked: Tensor) -> Tensor:
    """(R,) whether the sound of some setting of the synth meets all knobs of a request, each within its tolerance.

    Layers have no window: a sound may read more noise than is played. The setting that `reachable` finds is played, dry
    and steady, and measured; part of what it misses is asked for in advance in the next round.

    Args:
        descriptors: the C knobs, with their ranges
        synth: only its parts are asked, not its effects
        f0_hz: (R,)
        asked: (R, C) knob positions

    Raises:
        ValueError, NotImplementedError: as `reachable`
    """
    found = reachable(descriptors, synth, f0_hz, asked, gives_up=True)
    steady = [index for index, descriptor in enumerate(descriptors) if projectable(descriptor)]
    unmet = found.reachable.nonzero()[:, 0] if steady else found.reachable.new_zeros(0).long()
    heard, beside = found.reachable.clone(), asked.clone().to(found.achieved)
    heard[unmet] = False
    achieved, settings = found.achieved[unmet], found.settings[unmet]
    for left in reversed(range(ROUNDS)):
        if not len(unmet):
            break
        sound = achieved.clone()
        sound[:, steady] = _measured([descriptors[index] for index in steady], synth, f0_hz[unmet], settings)
        is_met = met(sound, asked[unmet].to(sound), descriptors)
        heard[unmet[is_met]] = True
        missed, unmet = (sound - asked[unmet].to(sound))[~is_met], unmet[~is_met]
        if left and len(unmet):
            beside[unmet] -= SHARE * missed
            _, achieved, settings = reachable(descriptors, synth, f0_hz[unmet], beside[unmet])
    return heard


@torch.no_grad()
def _measured(descriptors: Sequence[Descriptor], synth: SMSSynth, f0_hz: Tensor, settings: Tensor) -> Tensor:
    """(R,) pitches and (R, P) raw parameters -> (R, C) mean positions of their dry sound; the noise always the same."""
    clip = descriptors[0].clip
    n_frames, edge = (round(seconds * clip.frame_rate_hz) for seconds in (SOUND_S, EDGE_S))
    with torch.random.fork_rng(devices=[f0_hz.device] if f0_hz.is_cuda else []):
        torch.manual_seed(0)
        parts = [
            _positions(descriptors, _played(synth, pitch[:, None].expand(-1, n_frames).contiguous(), some), pitch, edge)
            for pitch, some in zip(f0_hz.split(_PLAYED_TOGETHER), settings.split(_PLAYED_TOGETHER), strict=True)
        ]
    return torch.cat(parts)


def _played(synth: SMSSynth, f0_hz: Tensor, settings: Tensor) -> Tensor:
    """(R, F) pitch and (R, P) raw parameters -> (R, N) audio without the effects."""
    held = settings[:, None].expand(-1, f0_hz.shape[1], -1).split(list(synth.sizes.values()), dim=-1)
    parameters = dict(zip(synth.sizes, held, strict=True))
    with synth.dry():
        return synth(f0_hz, parameters)


def _positions(descriptors: Sequence[Descriptor], audio: Tensor, f0_hz: Tensor, edge: int) -> Tensor:
    """(R, N) audio of steady (R,) pitches -> (R, C) mean positions, the frames at the ends left out."""
    pitch = f0_hz[:, None].expand(-1, audio.shape[-1] // descriptors[0].clip.hop).contiguous()
    values = measure_all(descriptors, audio, pitch)
    inner = [value[:, edge:-edge] if edge else value for value in values]
    return torch.stack([d.position_of(value).mean(1) for d, value in zip(descriptors, inner, strict=True)], dim=-1)
