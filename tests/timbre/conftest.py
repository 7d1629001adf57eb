"""A folder of tones and a run trained on them for a few steps: what every verb is tried on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbre import main

EXPERIMENTS = Path(__file__).parents[2] / "configs" / "experiments"


def _write_tone(path: Path, f0_hz: float, duration_s: float = 1.0, sample_rate: int = 16000) -> Path:
    """Five partials under a decaying envelope."""
    time_s = np.arange(round(duration_s * sample_rate)) / sample_rate
    tone = sum(np.sin(2 * np.pi * k * f0_hz * time_s) / k for k in range(1, 6))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.2 * tone * np.exp(-time_s), sample_rate)
    return path


def _tiny(root: Path, runs: Path, steps: int = 4) -> list[str]:
    """An experiment of the project, shrunken."""
    return [
        *("-c", str(EXPERIMENTS / "descriptor_recordings.yaml"), "--data.root", str(root), "--runs", str(runs)),
        *("--clip.n_samples", "16000", "--data.batch_size", "2", "--model.decoder.width", "16"),
        *("--trainer.max_steps", str(steps), "--trainer.val_check_interval", "2"),
    ]


@pytest.fixture(scope="session")
def write_tone() -> Callable[..., Path]:
    """Path, pitch in Hz, duration_s, sample_rate -> the path, written."""
    return _write_tone


@pytest.fixture(scope="session")
def tiny() -> Callable[..., list[str]]:
    """Data root, runs folder, steps -> options of an experiment of the project, shrunken."""
    return _tiny


@pytest.fixture(scope="session")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve notes of one second."""
    root = tmp_path_factory.mktemp("tones")
    for number in range(12):
        _write_tone(root / f"tone-{number:02d}.wav", 220.0 * 2 ** (number / 12))
    return root


@pytest.fixture(scope="session")
def trained(tones: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four steps without a residual, with its W&B log."""
    runs = tmp_path_factory.mktemp("runs")
    plain = ["--model.encoder.residual", "null", "--model.encoder.partials", "null", "--model.line_weight", "0"]
    main(["fit", *_tiny(tones, runs), *plain, "--name", "tones"])
    return runs / "tones"


@pytest.fixture
def refuses(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a wrong use: it must end with exit code 2 and one sentence, which is returned."""

    def run(*args: object) -> str:
        with pytest.raises(SystemExit) as stop:
            main([str(arg) for arg in args])
        assert stop.value.code == 2
        sentences = [line for line in capsys.readouterr().err.splitlines() if line.startswith("timbre: ")]
        assert len(sentences) == 1
        return sentences[0]

    return run
