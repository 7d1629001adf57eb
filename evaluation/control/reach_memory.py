"""Which requests can be met, searched for once: that is a matter of notes and synth, not of a model."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from evaluation.control.heard import reachable_in_sound
from output.whole_files import written_whole
from synths import Descriptor, SMSSynth


def remembered_reach(
    knobs: Sequence[Descriptor], synth: SMSSynth, f0_hz: Tensor, asked: Tensor, memory: Path
) -> Tensor:
    """(R,) whether each request can be met, searched for once: another model on the same notes asks the same.

    Args:
        knobs: the C descriptors, with their ranges
        synth: whose parts are asked
        f0_hz: (R,)
        asked: (R, C) positions
        memory: folder of the answers
    """
    said = repr(["in sound", *((knob.name, knob.span.tolist(), knob.jnd) for knob in knobs)])
    said += repr(synth.sizes) + repr(synth.parts)
    asked_for = torch.cat([f0_hz[:, None], asked], dim=-1).cpu().double().numpy().round(4)
    name = hashlib.sha256(said.encode() + asked_for.tobytes()).hexdigest()[:16]
    path = memory / f"{name}.npy"
    with suppress(OSError, ValueError, EOFError):  # none yet, or damaged: searched again
        return torch.from_numpy(np.load(path).reshape(len(asked))).to(f0_hz.device)
    found = reachable_in_sound(knobs, synth, f0_hz, asked)
    with written_whole(path) as partial, open(partial, "wb") as file:
        np.save(file, found.cpu().numpy())
    return found
