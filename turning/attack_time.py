"""How long a note takes to begin, as a time."""

from torch import Tensor

from synths import ClipFormat, LogAttackTime
from synths.descriptors.envelope import EnvelopeDescriptor


class AttackTime(EnvelopeDescriptor):
    """Time in which the envelope first rises from 20 to 90 % of its maximum, in ms: ten to `log_attack_time`.

    Its least audible difference is that of the logarithm, about a quarter of it: moves in JNDs are asked of
    `log_attack_time`. Source: Peeters et al. (2011), with fixed thresholds.
    """

    unit = "ms"
    summary = "time from 20 to 90 % of the maximum"
    default_span = (0.0, 200.0)

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__(clip)
        self.logarithm = LogAttackTime(clip)

    def of(self, envelope: Tensor) -> Tensor:
        """(B, E) envelope -> (B,) milliseconds."""
        return 1000.0 * 10.0 ** self.logarithm.of(envelope)
