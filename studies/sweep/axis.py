"""What is varied in a sweep: a setting of the configuration, and the values that it may take."""

from collections.abc import Mapping
from typing import Any, NamedTuple

Value = bool | int | float | str

LONG = 20
"""Letters of a choice that gets a line of its own."""


class SweptSetting(NamedTuple):
    """One swept setting: choices, or a range.

    Attributes:
        name: its dotted key, as on the command line
        choices: all its values; empty for a range
        distribution: of a range: uniform, q_uniform, int_uniform or log_uniform_values
        low: of a range
        high: of a range
        step: of q_uniform
    """

    name: str
    choices: tuple[Value, ...] = ()
    distribution: str = ""
    low: float = 0.0
    high: float = 0.0
    step: float | None = None

    @property
    def extremes(self) -> tuple[Value, ...]:
        """Every choice, or both ends: what the configuration must be able to take."""
        return self.choices or (self.low, self.high)

    @property
    def text(self) -> str:
        """For a reader: on one line, long choices on a line each."""
        if self.choices:
            words = [str(choice) for choice in self.choices]
            return ", ".join(words) if max(map(len, words)) < LONG else "".join(f"\n    {word}" for word in words)
        step = f" in steps of {self.step:g}" if self.step else ""
        return f"{self.low:g} to {self.high:g}{step}, {self.distribution}"

    def takes(self, value: object) -> bool:
        """Whether it may have this value."""
        if self.choices:
            return any(value == choice and type(value) is type(choice) for choice in self.choices)
        return isinstance(value, (int, float)) and self.low <= value <= self.high


def swept_setting(name: str, parameter: Mapping[str, Any]) -> SweptSetting:
    """A parameter of a sweep's file, found in order -> a swept setting."""
    if "value" in parameter:
        return SweptSetting(name, (parameter["value"],))
    if "values" in parameter:
        return SweptSetting(name, tuple(parameter["values"]))
    low, high = parameter["min"], parameter["max"]
    return SweptSetting(name, (), parameter["distribution"], low, high, parameter.get("q"))
