"""What every room's tests start from: small formats and sounds with known answers."""

import importlib.util
import math
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

# Compiled code of librosa and ViSQOL, a cache per worker: workers that call them with different types at the same time
# would break the one of the environment for everybody. It must be set before anything imports numba.
_CACHE = Path(__file__).parents[1] / ".pytest_cache" / "numba" / os.environ.get("PYTEST_XDIST_WORKER", "main")
os.environ["NUMBA_CACHE_DIR"] = str(_CACHE)
# As the commands do: ONNX Runtime starts a thread that tells its makers how it is used.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def _begin_with_compiled_code() -> None:
    """Copy what the environment has compiled already into a worker's empty cache: half a minute less to wait."""
    from numba.core.caching import _CacheLocator

    for package in ("librosa", "visqol", "synths", "datamodules"):
        spec = importlib.util.find_spec(package)
        for root in (spec and spec.submodule_search_locations) or ():
            for compiled in Path(root).rglob("__pycache__/*.nb[ic]"):
                source = compiled.parent.parent / f"{compiled.name.partition('.')[0]}.py"
                folder = _CACHE / _CacheLocator.get_suitable_cache_subpath(str(source))
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy2(compiled, folder)


if not _CACHE.exists():
    _begin_with_compiled_code()

import pytest  # noqa: E402
import torch  # noqa: E402
from torch import Tensor  # noqa: E402

from synths import ClipFormat  # noqa: E402


@pytest.fixture(autouse=True)
def _repeatable() -> None:
    """Every test draws the same random numbers, alone or in company; small tensors are faster on one thread."""
    torch.set_num_threads(1)
    torch.manual_seed(0)


@pytest.fixture
def in_a_terminal() -> Iterator[None]:
    """Ctrl-C and a closed terminal are heard here and in what is started: in the background they are ignored."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def clip_format() -> ClipFormat:
    """A fifth of a second at 16 kHz, 20 frames: the smallest that every component accepts."""
    return ClipFormat(sample_rate=16000, n_samples=3200, hop=160)


@pytest.fixture
def second() -> ClipFormat:
    """One second at 16 kHz, 100 frames."""
    return ClipFormat(sample_rate=16000, n_samples=16000, hop=160)


@pytest.fixture
def sine() -> Callable[..., Tensor]:
    """Format, frequency, amplitude -> (1, N) sine."""

    def build(clip: ClipFormat, frequency_hz: float, amplitude: float = 1.0) -> Tensor:
        time_s = torch.arange(clip.n_samples, dtype=torch.float64) / clip.sample_rate
        return (amplitude * torch.sin(2 * math.pi * frequency_hz * time_s)).float()[None]

    return build


@pytest.fixture
def harmonic_tone() -> Callable[..., Tensor]:
    """Format, pitch, tilt in dB per octave -> (1, N) sum of the partials below Nyquist, peak about 0.5."""

    def build(clip: ClipFormat, f0_hz: float, tilt_db: float = -6.0) -> Tensor:
        time_s = torch.arange(clip.n_samples, dtype=torch.float64) / clip.sample_rate
        partial = torch.arange(1, math.ceil(clip.nyquist_hz / f0_hz), dtype=torch.float64)
        amplitude = partial ** (tilt_db / (20 * math.log10(2)))
        audio = amplitude @ torch.sin(2 * math.pi * f0_hz * partial[:, None] * time_s)
        return (0.5 * audio / audio.abs().max()).float()[None]

    return build
