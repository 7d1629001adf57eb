"""Sweeps: a question, its points, and what each run was given. Optuna is loaded only where something is drawn."""

from lightning_modules.sweep.axis import Axis, Value, axis
from lightning_modules.sweep.definition import Sweep, read_sweep
from lightning_modules.sweep.kept_point import KeptPoint, keep, read_kept, wait_for_kept
from lightning_modules.sweep.points import flags, point, telling_points
from lightning_modules.sweep.rules import plain

__all__ = [
    "Axis",
    "KeptPoint",
    "Sweep",
    "Value",
    "axis",
    "flags",
    "keep",
    "plain",
    "point",
    "read_kept",
    "read_sweep",
    "telling_points",
    "wait_for_kept",
]
