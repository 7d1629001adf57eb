"""A tiny release of every data set, which the contract tests prepare: a new data set adds its own to `RELEASES`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from datamodules import ClipDataModule
from datamodules.synth1b1.voice import voice_of_process
from tests.datamodules.amp_space.test_amp_space import write_di, write_sweeps
from tests.datamodules.nsynth.test_nsynth import write_splits
from tests.datamodules.recordings.test_recordings import write_tone


@dataclass(frozen=True)
class Release:
    """What a tiny release of a data set is.

    Args:
        write: writes it into an empty folder, with clips in every split; a dozen in all are enough
        labels: -> the names that its docstring promises, in any order
        options: that its class needs to find all of it
    """

    write: Callable[[Path], object]
    labels: Callable[[], list[str]]
    options: Mapping[str, Any] = field(default_factory=dict)


def _amp_space(root: Path) -> None:
    write_sweeps(root, write_di(root.parent / "dis"))


def _recordings(root: Path) -> None:
    for number in range(6):
        write_tone(root / f"tone-{number}.wav", f0_hz=220.0 + 40 * number)


NOTE_LABELS = "pitch velocity instrument instrument_family instrument_source".split()
QUALITIES = (
    "bright dark distortion fast_decay long_release multiphonic nonlinear_env percussive reverb tempo_synced".split()
)

RELEASES = {
    "AmpSpace": Release(
        _amp_space,
        lambda: [*(f"knob_{name}" for name in ("Level", "Gain", "Fuzz", "Tone")), "device", "device_type", "data_type"],
    ),
    "NSynth": Release(write_splits, lambda: NOTE_LABELS + [f"quality_{name}" for name in QUALITIES]),
    "Recordings": Release(_recordings, list),
    "Synth1B1": Release(
        lambda root: None,
        lambda: list(voice_of_process(True).parameter_names),
        {"n_train": 4, "n_valid": 2, "n_test": 2},
    ),
}


def release_of(data_set: type[ClipDataModule]) -> Release:
    """The tiny release of a data set; fails the test where there is none, and says where to add it."""
    if data_set.__name__ not in RELEASES:
        pytest.fail(
            f"{data_set.__name__} has no tiny release to be tried on: add one to RELEASES in {Path(__file__).name} "
            f"({Path(__file__).parent.relative_to(Path.cwd())}), a function that writes about a dozen short sounds.",
            pytrace=False,
        )
    return RELEASES[data_set.__name__]
