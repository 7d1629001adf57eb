"""Sweeps: a question, its points, and what each run was given. Optuna is loaded only where something is drawn."""

from studies.sweep.axis import SweptSetting, Value, swept_setting
from studies.sweep.definition import SweepFile, read_sweep
from studies.sweep.halving import Halving
from studies.sweep.kept_point import KeptPoint, keep, read_kept, wait_for_kept
from studies.sweep.points import flags, point, telling_points
from studies.sweep.rules import plain

__all__ = [
    "Halving",
    "KeptPoint",
    "SweepFile",
    "SweptSetting",
    "Value",
    "flags",
    "keep",
    "plain",
    "point",
    "read_kept",
    "read_sweep",
    "swept_setting",
    "telling_points",
    "wait_for_kept",
]
