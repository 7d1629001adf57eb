"""A sound described by all descriptors: what each reads on the whole of it, and from frame to frame."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

import synths
from synths.clip import ClipFormat
from synths.descriptors.descriptor import Descriptor, measure_all
from synths.descriptors.sounding import frame_level_db, sounding_frames


class Description(NamedTuple):
    """What the descriptors read on one sound.

    numbers: descriptor to one number in its unit, pooled as its source pools; None where it needs a pitch and there is
    none. frames: descriptor to (F,), for those that are measured more than once per note and could be. sounding: (F,)
    True where the sound is not silence.
    """

    numbers: dict[str, float | None]
    frames: dict[str, Tensor]
    sounding: Tensor


def descriptor_kinds() -> list[type[Descriptor]]:
    """Every descriptor that `synths` exports and that says what it measures, as classes to derive from do not.

    In order: those that move with the sound, those of the whole note, those that are no knobs.
    """
    exported = [getattr(synths, name) for name in sorted(synths.__all__)]
    classes = [kind for kind in exported if isinstance(kind, type) and issubclass(kind, Descriptor)]
    finished = [kind for kind in classes if hasattr(kind, "summary")]
    return sorted(finished, key=lambda kind: (bool(kind.not_for_training), kind.rate == "note", kind.needs_pitch))


def kinds_named(names: Sequence[str] | None) -> list[type[Descriptor]]:
    """The descriptors of these names, or all; raises ValueError if there is none of a name."""
    kinds = {kind.name: kind for kind in descriptor_kinds()}
    for name in names or ():
        if name not in kinds:
            raise ValueError(f"there is no descriptor '{name}': choose among {', '.join(kinds)}.")
    return [kind for name, kind in kinds.items() if names is None or name in names]


@torch.no_grad()
def describe(
    audio: Tensor, f0_hz: Tensor | None, clip: ClipFormat, kinds: Sequence[type[Descriptor]] | None = None
) -> Description:
    """Describe one sound.

    Args:
        audio: (N,), any length
        f0_hz: (F,) pitch in Hz, F = ceil(N / hop); None where there is none
        clip: sample rate, hop and calibration; its length does not matter
        kinds: the descriptors; all of `descriptor_kinds` if None
    """
    kinds = descriptor_kinds() if kinds is None else kinds
    defined = _built(tuple(kind for kind in kinds if f0_hz is not None or not kind.needs_pitch), clip)
    padded = pad(audio, (0, -len(audio) % clip.hop))[None]
    n_frames = padded.shape[-1] // clip.hop
    pitch = audio.new_zeros(1, n_frames) if f0_hz is None else f0_hz[None].to(audio)
    moving = [descriptor for descriptor in defined if descriptor.rate != "note"]
    frames = zip(moving, measure_all(moving, padded, pitch), strict=True) if moving else ()
    pooled = {descriptor.name: descriptor.pooled(audio[None], pitch).item() for descriptor in defined}
    return Description(
        numbers={kind.name: pooled.get(kind.name) for kind in kinds},
        frames={descriptor.name: value[0] for descriptor, value in frames},
        sounding=sounding_frames(frame_level_db(padded, clip.hop))[0],
    )


@lru_cache(maxsize=8)
def _built(kinds: tuple[type[Descriptor], ...], clip: ClipFormat) -> list[Descriptor]:
    """Descriptors ready to measure: their filters are designed once for a folder of sounds."""
    return [kind(clip) for kind in kinds]
