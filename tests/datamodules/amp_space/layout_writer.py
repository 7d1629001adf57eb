"""Small data sets as Amp-Space's generators lay them out, of synthetic playing through devices with known lags."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import yaml
from scipy.signal import butter, lfilter

RATE = 44100
MARGIN = RATE // 10
PADDING = RATE // 2

Device = Callable[[np.ndarray, dict[str, float]], np.ndarray]


def plucked(pitches_hz: Sequence[float], note_s: float = 0.5, seed: int = 0) -> np.ndarray:
    """Strings plucked one after another (Karplus & Strong 1983), each after a rest of its own: (N,) at 44.1 kHz."""
    generator = np.random.default_rng(seed)
    notes = []
    for pitch_hz in pitches_hz:
        period, pluck = round(RATE / pitch_hz), np.zeros(round(note_s * RATE))
        pluck[:period] = generator.uniform(-1, 1, period)
        loop = np.zeros(period + 2)
        loop[0], loop[period:] = 1, -0.498
        notes += [lfilter([1], loop, pluck), np.zeros(generator.integers(0, RATE // 20))]
    playing = np.concatenate(notes)
    return 0.5 * playing / np.abs(playing).max()


def distortion(playing: np.ndarray, knobs: dict[str, float]) -> np.ndarray:
    """Gain, then saturation."""
    return np.tanh((1 + 50 * knobs["Gain"]) * playing)


def inverting_fuzz(playing: np.ndarray, knobs: dict[str, float]) -> np.ndarray:
    """Clipping, the wrong way up."""
    return -np.clip((1 + 100 * knobs["Fuzz"]) * playing, -0.7, 0.5)


def tone(playing: np.ndarray, knobs: dict[str, float]) -> np.ndarray:
    """A gentle low-pass filter."""
    return lfilter(*butter(1, 2000 + 10000 * knobs["Tone"], fs=RATE), playing)


def late(sound: np.ndarray, lag: int, n_frames: int) -> np.ndarray:
    """(n_frames,) of a sound that begins `lag` later, or earlier if negative."""
    first, skipped = max(lag, 0), max(-lag, 0)
    part = sound[skipped : skipped + n_frames - first]
    return np.pad(part, (first, n_frames - first - len(part)))


@dataclass(frozen=True)
class Sweep:
    """A device, what is played into it and the settings of its knobs; writes the folder that a generator leaves.

    Args:
        device: what makes the sound
        settings: knobs of each output
        di: the file that is played
        vst_name: a plug-in: outputs are a tenth of a second longer than what is played, late by as much and `lag` more,
            and begin with the end of the output before; None is hardware: half a second longer, late by `lag`
        n_tail: frames of the output before
    """

    device: Device
    settings: list[dict[str, float]]
    di: Path
    vst_name: str | None = "Suite"
    brand: str = "Acme"
    name: str = "Box"
    folder: str = "sweep"
    device_type: str = "Pedal"
    data_type: str = "Simulation"
    defaults: dict[str, float] = field(default_factory=dict)
    lag: int = 0
    n_tail: int = RATE // 20
    noise: float = 0.0

    def write(self, root: Path) -> Path:
        """The folder, with outputs, the file that was played and settings.yaml."""
        folder = root.joinpath(self.brand, *filter(None, [self.vst_name]), self.name, self.folder, self.di.stem)
        folder.mkdir(parents=True)
        shutil.copy(self.di, folder / self.di.name)
        (folder / "settings.yaml").write_text(self.settings_text())
        for number, output in enumerate(self.outputs()):
            soundfile.write(folder / f"{number:08d}.wav", 0.9 * output / max(1, np.abs(output).max()), RATE)
        return folder

    def outputs(self) -> Iterator[np.ndarray]:
        """What is recorded at each setting, (N,)."""
        playing = soundfile.read(self.di, always_2d=True)[0][:, 0]
        generator, before = np.random.default_rng(1), np.zeros(1)
        for knobs in self.settings:
            sound = self.device(playing, {**self.defaults, **knobs})
            if self.vst_name is None:
                output = late(sound, self.lag, len(playing) + PADDING)
            else:
                output = late(sound, MARGIN + self.lag, len(playing) + MARGIN)
                output[: min(self.n_tail, len(before))] += before[-self.n_tail :]
            before = sound
            yield output + self.noise * generator.standard_normal(len(output))

    def settings_text(self) -> str:
        """settings.yaml, line by line as the generators write it, without a library."""
        lines = [f"brand: {self.brand}"] + ([f"vst_name: {self.vst_name}"] if self.vst_name else [])
        lines += [f"device: {self.name}", f"device_type: {self.device_type}", f"data_type: {self.data_type}"]
        lines += [f"di_file: {self.di.name}", "files:"]
        for number, knobs in enumerate(self.settings):
            lines += [f"  - filename: {number:08d}.wav", "    settings:"]
            lines += [f'    - "{name}": {value}' for name, value in knobs.items()]
        lines += ["defaults:"] + [f'    - "{name}": {value}' for name, value in self.defaults.items()]
        return "\n".join(lines) + "\n"


def write_table(top: Path, columns_seed: int = 0, keep_settings: bool = False) -> Path:
    """data.csv of an archive's folder, of the settings.yaml in it: no quotes, columns in any order, missing is "0"."""
    rows = []
    for path in sorted(top.rglob("settings.yaml")):
        listing = yaml.safe_load(path.read_text())
        words = {key: value for key, value in listing.items() if key not in ("files", "defaults")}
        folder = path.parent.relative_to(top.parent)
        for entry in listing["files"]:
            knobs = {name: value for knob in listing["defaults"] or [] for name, value in knob.items()}
            knobs |= {name: value for knob in entry["settings"] for name, value in knob.items()}
            paths = {"di_file": folder / listing["di_file"], "filename": folder / entry["filename"]}
            rows.append({**words, **paths, **knobs})
        if not keep_settings:
            path.unlink()
    columns = sorted({column for row in rows for column in row})
    np.random.default_rng(columns_seed).shuffle(columns)
    lines = [",".join(columns)] + [",".join(str(row.get(column, "0")) for column in columns) for row in rows]
    (top / "data.csv").write_text("\n".join(lines) + "\n")
    return top / "data.csv"
