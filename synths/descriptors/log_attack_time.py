"""How softly the note begins."""

from torch import Tensor

from synths.descriptors.envelope import EnvelopeDescriptor, before_passage

SHORTEST_S = 1e-3
"""Less than the window makes of any attack: only silence has it."""


class LogAttackTime(EnvelopeDescriptor):
    """Logarithm of the time in which the envelope first rises from 20 to 90 % of its maximum.

    After Peeters et al. (2011), with fixed thresholds, softened, instead of adaptive ones. The window makes 2 to 5 ms
    of an instant attack and 8 ms of a true 7 ms; from 15 ms on it hardly matters. Silence counts as 1 ms.
    """

    unit = "log10 s"
    summary = "time from 20 to 90 % of the maximum, log10"
    default_span = (-2.4, 0.0)
    jnd = 0.1

    def of(self, envelope: Tensor) -> Tensor:
        """(B, E) envelope -> (B,) log10 of seconds."""
        rising = before_passage(envelope, 0.9) - before_passage(envelope, 0.2)
        return (self.envelope.hop_s * rising.sum(-1)).clamp_min(SHORTEST_S).log10()
