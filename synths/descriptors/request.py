"""What is asked of a knob, as a person counts it: in positions, in its unit, or in differences that are just heard."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # torch takes seconds, and a request is made before it is known whether there is anything to do
    from torch import Tensor

    from synths.descriptors.descriptor import Descriptor

JND = "jnd"
"""The unit of a move that is counted in least audible differences."""


class KnobRequest(NamedTuple):
    """One knob asked to a place, or to move from where the sound has it.

    Attributes:
        knob: its name
        value: one number, or (F,) one for every frame
        unit: "" for positions, 0..1; the descriptor's own; or "jnd", for a move
        moves: whether the value is a move
        written: as it was asked, for messages
    """

    knob: str
    value: "float | Tensor"
    unit: str = ""
    moves: bool = False
    written: str = ""

    @property
    def is_course(self) -> bool:
        """Whether every frame has its own value."""
        return not isinstance(self.value, int | float) and self.value.dim() > 0

    def positions(self, descriptor: "Descriptor | None", own: "Tensor", mean: "Tensor") -> "Tensor":
        """The positions that are asked of B sounds.

        One number goes for the mean, and the knob keeps the way it moves within the sound; a course of places is
        followed, whatever the sound did.

        Args:
            descriptor: the knob's; None for a control that nothing measures, which has positions only
            own: (B, F) positions of the sounds
            mean: (B,) their means over what sounds
        """
        import torch

        start = own if self.is_course else mean[:, None]
        value = torch.as_tensor(self.value).to(own)
        if self.unit and descriptor is not None:
            reading = value * (descriptor.jnd or 1.0) if self.unit == JND else value
            asked = descriptor.position_of(descriptor.value_at(start) + reading if self.moves else reading)
        else:
            asked = start + value if self.moves else value
        return asked.expand_as(own) if self.is_course else own + (asked - start)
