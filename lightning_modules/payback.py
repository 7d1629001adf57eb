"""What the knobs of a note have missed so far is paid back, a little in every frame."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from synths.descriptors.descriptor import Descriptor, HarmonicDescriptor
from synths.streaming.part import State

MOST_PAID = 1.0
"""Tolerances that a frame makes up for: what is paid back is no more than can just be heard."""
FRAMES_TO_PAY = 15.0
"""Frames in which a debt would be paid, if it is small: more than the sound needs to be heard."""
MOST_MISSED, MOST_OWED = 20.0, 1000.0
"""Tolerances that one frame counts for; tolerances times frames that a note owes."""
QUIETER_DB = 40.0
"""Below the loudest of a note, frames do not count, as in `sounding_frames`."""


class HeardKnobs(NamedTuple):
    """What the windows last heard whole.

    Shapes: positions (B, C); frames ago (B, 1), or (1,), for the shortest window, and for the one that the pitch wants;
    level_db (B, 1)
    """

    positions: Tensor
    lag_short: Tensor
    lag_long: Tensor
    level_db: Tensor


class Payback(nn.Module):
    """How far the knobs of the next frames are moved aside, for the note to have in the mean what was asked.

    An attack that comes too late for the window, and all else that no frame can help, leaves the mean over the note
    off. Nobody can know how long the note will last; the debt is paid back soon, but never faster than at one tolerance
    a frame. A miss is known when a window has heard it whole.

    State: what was asked, what is owed (tolerances times frames), and the loudest level of the note.

    Args:
        knobs: C of them
        n_past: frames of what was asked that are kept
    """

    in_long: Tensor

    def __init__(self, knobs: Sequence[Descriptor], n_past: int) -> None:
        super().__init__()
        self.n_past = n_past
        in_long = torch.tensor([isinstance(knob, HarmonicDescriptor) for knob in knobs])
        self.register_buffer("in_long", in_long, persistent=False)

    def initial_state(self, batch: int) -> State:
        """Nothing asked, nothing owed."""
        zeros = self.in_long.new_zeros
        return {
            "asked": zeros(batch, self.n_past, len(self.in_long), dtype=torch.float32),
            "owed": zeros(batch, len(self.in_long), dtype=torch.float32),
            "loudest": zeros(batch, 1, dtype=torch.float32),
        }

    def state_limits(self) -> dict[str, float]:
        """Positions far beyond the ends, the greatest debt, decibels."""
        return {"asked": 10.0, "owed": MOST_OWED, "loudest": 200.0}

    def forward(
        self, asked: Tensor, tolerance: Tensor, heard: HeardKnobs, level_db: Tensor, age: Tensor, state: State
    ) -> tuple[Tensor, State]:
        """One frame.

        Args:
            asked: (B, C) positions
            tolerance: (B, C)
            heard: the sound so far
            level_db: (B, 1) as the present frame is about to be heard
            age: (B, 1) frames since the note began
            state: before

        Returns:
            (B, C) tolerances by which the frame is to lie below what is asked, and the state after
        """
        lag = torch.where(self.in_long, heard.lag_long, heard.lag_short)
        then = state["asked"].gather(1, (self.n_past - lag)[:, None])[:, 0]
        goes_on = age > 0.0
        loudest = torch.where(goes_on, torch.maximum(state["loudest"], level_db), level_db)
        counts = (heard.level_db > loudest - QUIETER_DB) & (age >= lag)
        missed = ((heard.positions - then) / tolerance).clamp(-MOST_MISSED, MOST_MISSED)
        owed = state["owed"] + torch.where(counts & missed.isfinite(), missed, 0.0)
        owed = torch.where(goes_on, owed.clamp(-MOST_OWED, MOST_OWED), 0.0)
        paid = (owed / FRAMES_TO_PAY).clamp(-MOST_PAID, MOST_PAID)
        kept = torch.cat([state["asked"][:, 1:], asked[:, None]], dim=1)
        return paid, {"asked": kept, "owed": owed, "loudest": loudest}
