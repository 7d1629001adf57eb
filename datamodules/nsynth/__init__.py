"""NSynth: single notes of a thousand instruments."""

from datamodules.nsynth.nsynth import NSynth

__all__ = ["NSynth"]
