"""How long a note takes to begin, as a time."""

from torch import Tensor

from synths import LogAttackTime


class AttackTime(LogAttackTime):
    """Time in which the envelope first rises from 20 to 90 % of its maximum, in ms: ten to `log_attack_time`.

    Its least audible difference is that of the logarithm, about a quarter of it: moves in JNDs are asked of
    `log_attack_time`. Source: Peeters et al. (2011), with fixed thresholds.
    """

    unit = "ms"
    summary = "time from 20 to 90 % of the maximum"
    default_span = (0.0, 200.0)
    jnd = None

    def of(self, envelope: Tensor) -> Tensor:
        """(B, E) envelope -> (B,) milliseconds."""
        return 1000.0 * 10.0 ** super().of(envelope)
