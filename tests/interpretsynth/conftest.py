"""A note whose partials and noise are known, and a small model that has learnt from two tones."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbre import main

RATE = 16000
EXPERIMENT = Path(__file__).parents[2] / "configs" / "experiments" / "descriptor_recordings.yaml"


def tone(f0_hz, seconds):
    """(n,) partials and noise."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    partials = sum(0.1 / number * np.cos(2 * np.pi * f0_hz * number * time_s + number**2) for number in range(1, 31))
    return partials + 2e-3 * np.random.default_rng(0).standard_normal(len(time_s))


@pytest.fixture
def note():
    """(n,) half a second at 220 Hz."""
    return tone(220.0, 0.5)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    """The folder of a run of two steps."""
    folder = tmp_path_factory.mktemp("voice")
    (folder / "tones").mkdir()
    for number in range(8):
        soundfile.write(folder / "tones" / f"{number}.wav", tone(220.0 + 10 * number, 1.0), RATE)
    main(
        [
            *("fit", "-c", str(EXPERIMENT), "--data.root", str(folder / "tones"), "--runs", str(folder / "runs")),
            *("--clip.n_samples", str(RATE), "--data.batch_size", "2", "--model.decoder.width", "16"),
            *("--trainer.max_steps", "2", "--trainer.val_check_interval", "2", "--name", "small"),
        ]
    )
    return folder / "runs" / "small"
