"""The options of `timbre turn` that make a series of sounds."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from turning.conditions import Condition, design, steps


def add_series_options(parser: argparse.ArgumentParser) -> None:
    """Let the command make series."""
    parser.add_argument("--hold", action="append", default=[], metavar="KNOB", help="a further knob that is to hold")
    parser.add_argument("--steps", metavar="FIRST:LAST:STEP", help="a series along one --knob, such as -4:4:1jnd")
    parser.add_argument("--knob", help="of --steps")
    parser.add_argument("--design", type=Path, help="a YAML file of conditions: kind and moves (docs/stimuli.md)")
    parser.add_argument(
        "--equal-loudness", action="store_true", help="hold the loudness in sone (ISO 532-1), and let the level go"
    )


def with_steps(args: Sequence[str]) -> list[str]:
    """Arguments in which a range that begins with a minus is not taken for an option."""
    joined: list[str] = []
    for arg in args:
        if joined and joined[-1] == "--steps":
            joined[-1] = f"--steps={arg}"
        else:
            joined.append(arg)
    return joined


def is_series(given: argparse.Namespace) -> bool:
    """Whether a series is asked; raises ValueError where its options contradict each other."""
    if given.equal_loudness:
        given.hold, given.release = [*given.hold, "loudness"], [*given.release, "level"]
    if given.steps and given.design:
        raise ValueError("--steps and --design both say what to make: leave one out.")
    if bool(given.steps) != bool(given.knob):
        raise ValueError("--steps and --knob go together: --steps -4:4:1jnd --knob sharpness.")
    if not (given.steps or given.design):
        return False
    for name in ("set", "nudge", "like", "curve", "match"):
        if getattr(given, name):
            raise ValueError(f"--{name} is for one sound: leave it out, or --steps and --design.")
    return True


def conditions_of(given: argparse.Namespace) -> list[Condition]:
    """The conditions of the series that is asked; raises ValueError where they are none."""
    return steps(given.knob, given.steps) if given.steps else design(given.design)
