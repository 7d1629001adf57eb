"""Recorded notes as numbers: one per note and descriptor, measured once and kept in a CSV file."""

import csv
import random
import sys
from collections.abc import Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from datamodules import TRACKERS, NoPitch, UnusableAudio, read_audio
from sounds.pitch import VOICED
from sounds.sound_file import sound_files
from synths import ClipFormat
from synths.descriptors.describe import describe, descriptor_kinds
from synths.descriptors.sounding import frame_level_db, sounding_frames

CLIP = ClipFormat()
PLAYED_DB_SPL, LONGEST_READ_S = 70.0, 60.0
PITCH = "f0_hz"

Numbers = dict[str, float]
"""What is kept of a note: its median pitch and the reading of each descriptor, by name."""


def chosen(folder: Path, limit: int | None) -> list[str]:
    """The sound files in a folder and the folders in it; at most `limit`, drawn at random, the same ones each time."""
    files = [str(path) for path in sound_files(str(folder))]
    return files if limit is None or limit >= len(files) else sorted(random.Random(0).sample(files, limit))


def played(audio: np.ndarray) -> np.ndarray:
    """(N,) recording -> what sounds of it, within 40 dB of its loudest frame, at most 4 s, at 70 dB SPL rms."""
    whole = torch.from_numpy(audio[: len(audio) // CLIP.hop * CLIP.hop])[None]
    sounding = np.flatnonzero(sounding_frames(frame_level_db(whole, CLIP.hop))[0].numpy())
    first, last = sounding[0] * CLIP.hop, (sounding[-1] + 1) * CLIP.hop
    note = audio[first : min(last, first + CLIP.n_samples)]
    rms = 10.0 ** ((PLAYED_DB_SPL - CLIP.full_scale_db_spl) / 20.0)
    return (note * rms / np.sqrt(np.mean(np.square(note)))).astype(np.float32)


def measure(path: str, wanted: Sequence[str]) -> tuple[str, Numbers]:
    """A file, and its numbers; none if it cannot be read or has no pitch, which is said."""
    torch.set_num_threads(1)
    try:
        audio = played(read_audio(path, CLIP, duration_s=LONGEST_READ_S, channel="mix"))
        pitch = TRACKERS[0]().track(audio, CLIP)
    except (UnusableAudio, NoPitch) as problem:
        print(f"left out: {path}: {problem}", file=sys.stderr, flush=True)
        return path, {}
    kinds = [kind for kind in descriptor_kinds() if kind.name in wanted]
    numbers = describe(torch.from_numpy(audio), torch.from_numpy(pitch.f0_hz), CLIP, kinds).numbers
    known = {name: number for name, number in numbers.items() if number is not None}
    return path, {PITCH: float(np.median(pitch.f0_hz[pitch.confidence >= VOICED])), **known}


def gather(files: Sequence[str], wanted: Sequence[str], cache: Path | None, processes: int) -> list[Numbers]:
    """The numbers of all notes that have them: from the cache, or measured and added to it."""
    known = read_cache(cache) if cache else {}
    missing = [path for path in files if not set(wanted) <= set(known.get(path, {}))]
    if missing:
        with get_context("spawn").Pool(processes) as pool:
            for path, numbers in pool.imap_unordered(partial(measure, wanted=wanted), missing):
                known[path] = numbers
                if cache:
                    append(cache, path, numbers)
    return [known[path] for path in files if set(wanted) <= set(known[path])]


def read_cache(cache: Path) -> dict[str, Numbers]:
    """File -> its numbers, the latest if it was measured more than once."""
    known: dict[str, Numbers] = {}
    if cache.exists():
        with cache.open(newline="") as file:
            for path, name, value in csv.reader(file):
                known.setdefault(path, {})[name] = float(value)
    return known


def append(cache: Path, path: str, numbers: Numbers) -> None:
    """Append a note's numbers at once: an interrupted measurement resumes with the next note."""
    with cache.open("a", newline="") as file:
        csv.writer(file).writerows((path, name, value) for name, value in numbers.items())
