"""How fast clips come from each kind of storage, against loose files and against what training consumes.

Four-second notes at 16 kHz, made on the spot, all in the page cache. The literature's way is a WAV file and a file of
pitch per note, opened when asked for. Preparation is timed per core, on the notes of a root if one is given.

    python -m benchmarks.loading [--notes 1024] [--rounds 3] [--nsynth ROOT]
"""

import argparse
import json
import tarfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
import torch
from torch.utils.data import DataLoader, Dataset

from benchmarks.measure import times_faster, wall_s
from benchmarks.step import ours, step
from datamodules import NSynth, Pitch, PitchTracker, Source, Synth1B1, Yin
from datamodules.clip_dataset import collate
from datamodules.preparation.examine import examine
from lightning_modules.decoders import MinGruDecoder
from synths import Clip, ClipFormat

CLIP = ClipFormat(16000, 64000, 160)
BATCH = 32
WORKERS = (0, 2)
N_NSYNTH = 305_979
N_PREPARED = 64


class Given(PitchTracker):
    """Tracks nothing: only storage is measured."""

    @property
    def identity(self) -> str:
        """A name."""
        return "given"

    def track(self, audio: np.ndarray, clip: ClipFormat) -> Pitch:
        """440 Hz."""
        return Pitch(np.full(clip.n_frames, 440, np.float32), np.ones(clip.n_frames, np.float32))


class LooseFiles(Dataset[Clip]):
    """A WAV file and a file of pitch per note."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        self.folder, self.names = folder, names

    def __len__(self) -> int:
        """Number of notes."""
        return len(self.names)

    def __getitem__(self, index: int) -> Clip:
        """One note."""
        audio, _ = soundfile.read(self.folder / "audio" / f"{self.names[index]}.wav", dtype="float32")
        f0_hz, confidence = torch.from_numpy(np.load(self.folder / "pitch" / f"{self.names[index]}.npy"))
        return Clip(torch.from_numpy(audio), f0_hz, confidence, self.names[index], {})  # type: ignore[arg-type]


class Sources(Dataset[Clip]):
    """Sounds read where they are, without shards; the pitch is not theirs."""

    def __init__(self, sources: list[Source]) -> None:
        self.sources = sources

    def __len__(self) -> int:
        """Number of notes."""
        return len(self.sources)

    def __getitem__(self, index: int) -> Clip:
        """One note."""
        source, pitch = self.sources[index], torch.ones(CLIP.n_frames)
        return Clip(torch.from_numpy(source.sound.read(CLIP)), pitch, pitch, source.name, {})  # type: ignore[arg-type]


def write_release(root: Path, n_notes: int) -> list[str]:
    """Notes in NSynth's layout with a file of pitch each, and the same as a tar; their names."""
    folder = root / "nsynth-train"
    for name in ("audio", "pitch"):
        (folder / name).mkdir(parents=True)
    notes, generator = {}, np.random.default_rng(0)
    for number in range(n_notes):
        pitch = int(generator.integers(36, 96))
        name = f"flute_acoustic_{number:06d}-{pitch:03d}-100"
        label = {"pitch": pitch, "velocity": 100, "instrument": number, "sample_rate": 16000}
        notes[name] = label | {"instrument_family": 2, "instrument_source": 0, "qualities": [0] * 10}
        soundfile.write(folder / "audio" / f"{name}.wav", _note(pitch, generator), 16000, subtype="PCM_16")
        np.save(folder / "pitch" / f"{name}.npy", np.ones((2, CLIP.n_frames), np.float32))
    (folder / "examples.json").write_text(json.dumps(notes))
    (root / "tar").mkdir()
    with tarfile.open(root / "tar" / "nsynth-train.tar", "w") as archive:
        archive.add(folder / "examples.json", "nsynth-train/examples.json")
        archive.add(folder / "audio", "nsynth-train/audio")
    return sorted(notes)


def _note(pitch: int, generator: np.random.Generator) -> np.ndarray:
    phase = 2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * np.arange(CLIP.n_samples) / CLIP.sample_rate
    return 0.2 * np.sin(phase) + 0.1 * np.sin(2 * phase) + 0.001 * generator.standard_normal(CLIP.n_samples)


def data_sets(root: Path, n_notes: int) -> dict[str, Dataset[Clip]]:
    """The same notes from every kind of storage."""
    names = write_release(root, n_notes)
    prepared = NSynth(CLIP, str(root), pitch_tolerance_cents=None, tracker=Given())
    prepared.prepare_data()
    archived = NSynth(CLIP, str(root / "tar"), tracker=Given())
    return {
        "a WAV and a pitch file per note": LooseFiles(root / "nsynth-train", names),
        "uncompressed tar, audio alone": Sources(archived.sources("train")),
        "**shards**": prepared.dataset("train"),
    }


def one_pass(data: Dataset[Clip], n_workers: int) -> Callable[[], None]:
    """Every clip once, shuffled, in batches."""
    loader = DataLoader(
        data, BATCH, shuffle=True, num_workers=n_workers, collate_fn=collate, persistent_workers=n_workers > 0
    )

    def call() -> None:
        for _ in loader:
            pass

    return call


def loading_table(rounds: int, n_notes: int = 1024) -> str:
    """Clips per second of each storage, in markdown."""
    lines = ["| storage | workers | clips per second | times loose files |", "|---|---|---|---|"]
    with TemporaryDirectory() as folder:
        sets = data_sets(Path(folder), n_notes)
        calls = {f"{name} | {n}": one_pass(data, n) for name, data in sets.items() for n in WORKERS}
        taken = wall_s(calls, rounds)
        loose = next(iter(calls))
        for name in calls:
            rate = n_notes / median(taken[name])
            lines.append(f"| {name} | {rate:,.0f} | {times_faster(taken, loose, name):.1f} |")
    return "\n".join([*lines, *_on_the_fly(n_notes // 8), *_consumed(rounds)])


def _on_the_fly(n_sounds: int) -> list[str]:
    with TemporaryDirectory() as folder:
        data = Synth1B1(CLIP, folder, n_train=n_sounds, n_valid=1, n_test=1, render="on_the_fly").dataset("train")
        call = one_pass(data, 0)
        call()
        start = time.perf_counter()
        call()
        return [f"| Synth1B1 pitched, made on the fly | 0 | {n_sounds / (time.perf_counter() - start):,.0f} | |"]


def _consumed(rounds: int) -> list[str]:
    """What one thread of this machine trains on: the loader must not be slower."""
    f0_hz = torch.full((BATCH // 2, CLIP.n_samples // 64), 220.0)
    batch = Clip(0.1 * torch.randn(BATCH // 2, CLIP.n_samples), f0_hz, torch.ones_like(f0_hz), [""] * (BATCH // 2), {})
    taken = wall_s({"step": step(ours(MinGruDecoder), batch, knobs=True, bf16=False)}, rounds)
    return [f"| *consumed by training with knobs, one thread* | | {BATCH / 2 / median(taken['step']):,.1f} | |"]


def preparation_table(root: str | None = None) -> str:
    """Notes per second and core, and what all of NSynth would take, in markdown."""
    lines = [
        "| preparation, one core | notes per CPU second | hours of one core for NSynth's 305,979 |",
        "|---|---|---|",
    ]
    with TemporaryDirectory() as folder:
        write_release(Path(folder), N_PREPARED)
        roots = {"made notes, files": folder, "made notes, tar": str(Path(folder) / "tar")}
        if root is not None:
            roots["notes of the given root"] = root
        for name, place in roots.items():
            chosen = [source for source in NSynth(CLIP, place, cache=folder).sources("train") if not source.problem]
            rate = _prepared_per_s(chosen[:: max(1, len(chosen) // N_PREPARED)][:N_PREPARED])
            lines.append(f"| {name} | {rate:.1f} | {N_NSYNTH / rate / 3600:.1f} |")
    return "\n".join(lines)


def _prepared_per_s(sources: list[Source]) -> float:
    tracker = Yin()
    for source in islice(sources, 2):
        examine(source, tracker, CLIP)
    start = time.process_time()
    for source in sources:
        examine(source, tracker, CLIP)
    return len(sources) / (time.process_time() - start)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nsynth", help="a root with an NSynth release to prepare some notes of")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(loading_table(given.rounds, given.notes))
    print(f"\n{preparation_table(given.nsynth)}")
