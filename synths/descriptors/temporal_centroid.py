"""When in the note its sound lies."""

from torch import Tensor

from synths.descriptors.envelope import FLOOR, EnvelopeDescriptor


class TemporalCentroid(EnvelopeDescriptor):
    """Centre of gravity of the amplitude envelope (Peeters et al. 2011, eq. 6): early for a pluck, late for a swell.

    Counted from the start of the sound given, over all of it; silence balances in its middle.
    """

    unit = "s"
    summary = "centre of gravity of the envelope, from the start"
    default_span = (0.0, 2.0)

    def of(self, envelope: Tensor) -> Tensor:
        """(B, E) envelope -> (B,) seconds."""
        time_s = self.envelope.time_s(envelope)
        middle_s = time_s.mean()
        return middle_s + (envelope * (time_s - middle_s)).sum(-1) / (envelope.sum(-1) + FLOOR)
