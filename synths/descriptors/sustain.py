"""How long the note goes on."""

from torch import Tensor

from synths.descriptors.envelope import FLOOR, EnvelopeDescriptor, before_passage


class Sustain(EnvelopeDescriptor):
    """Temporal centroid from the attack on: centre of gravity of what sounds after it, early for a pluck.

    The temporal centroid of Peeters et al. (2011, eq. 6) counts from the start, so that it is late after a long attack
    too. Counted from where the envelope first passes half of its maximum, it hardly depends on the attack; from 90 %,
    notes of one length would have the less of it the longer their attack. An exponential decay has its time constant, a
    steady tone half of what is left of the sound, silence 0.
    """

    unit = "s"
    summary = "centre of gravity of the envelope, from the attack"
    default_span = (0.0, 1.5)

    def of(self, envelope: Tensor) -> Tensor:
        """(B, E) envelope -> (B,) seconds."""
        before = before_passage(envelope, 0.5)
        time_s = self.envelope.time_s(envelope)
        attack_s = time_s[0] + self.envelope.hop_s * before.sum(-1)
        after = envelope * (1.0 - before)
        return (after * (time_s - attack_s[:, None])).sum(-1) / (after.sum(-1) + FLOOR)
