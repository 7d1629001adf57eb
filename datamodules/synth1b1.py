"""Synth1B1, a billion sounds of a synthesiser whose 78 parameters are known; some of them, rendered once to files."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile
import soxr
from tqdm import tqdm

from datamodules.clip_data_module import ClipDataModule
from datamodules.pitch import PitchTracker
from datamodules.source import FileSound, Source
from datamodules.torchsynth_voice import BLOCK, SAMPLE_RATE, Voice
from synths.clip import ClipFormat

GROUP = 1024 // BLOCK
LOWEST_PITCH, HIGHEST_PITCH = 36, 96
AUDIBLE = 10 ** (-50 / 20)
SHORTEST_AUDIBLE_S = 0.5


class Synth1B1(ClipDataModule):
    """Sounds of synth1B1 (Turian et al. 2021), rendered once with torchsynth into the root as 16-bit WAV files.

    Training sounds have ids the authors call train, validation and test sounds different ids they call test. Labels:
    the 78 parameters, 0 to 1, by module and name, such as `vco_2.shape`. "pitched" is a variant of the corpus, not the
    corpus: one harmonic oscillator of constant pitch (four parameters frozen), MIDI 36 to 96, audible for half a second
    or more.

    Args:
        clip: the format of the run
        root: folder to render into, made if it does not exist
        n_train: training sounds
        n_valid: validation sounds
        n_test: test sounds
        first_id: sounds of the corpus before this id are left out (rounded down to a multiple of 32)
        variant: pitched, or full for the corpus as it is, mostly inharmonic and partly without pitch
        batch_size: clips per batch
        num_workers: processes that read clips while the model trains
        tracker: what tracks pitch; None is Yin
        cache: folder of the pitch index; None is `.timbre` in the root
        seed: of the order of training clips
    """

    def __init__(
        self,
        clip: ClipFormat,
        root: str = "data/synth1b1",
        n_train: int = 400,
        n_valid: int = 40,
        n_test: int = 40,
        first_id: int = 0,
        variant: Literal["pitched", "full"] = "pitched",
        batch_size: int = 16,
        num_workers: int = 0,
        tracker: PitchTracker | None = None,
        cache: str | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(clip, root, batch_size, num_workers, tracker, cache, seed)
        self.n_sounds = {"train": n_train, "valid": n_valid, "test": n_test}
        self.first_id = first_id
        self.variant = variant
        # The name of a sound says which batch of 128 it is in and where, as the authors write it.
        self.corpus = "synth1B1" if variant == "full" else f"synth1B1-{variant}"
        self.folder = Path(root) / f"{variant}-{clip.sample_rate}hz-{clip.n_samples}"

    def prepare_data(self) -> None:
        """Renders the sounds that are not there yet, then indexes them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        voice = None
        for split in self.needed_splits():
            if len(self.sources(split)) < self.n_sounds[split]:
                voice = voice or Voice(self.variant == "pitched")
                self._render_split(voice, split)
        super().prepare_data()

    def sources(self, split: str) -> list[Source]:
        """The first sounds of the split, in order of id, as far as they are rendered."""
        lines = self._listing(split)
        names = lines[0]["parameters"] if lines else []
        sounds = [sound for line in lines[1:] for sound in line["sounds"]]
        return [
            Source(name, FileSound(str(self.folder / f"{name}.wav")), dict(zip(names, values, strict=True)))
            for name, values in sounds[: self.n_sounds[split]]
        ]

    def _render_split(self, voice: Voice, split: str) -> None:
        """Block after block, each noted in the listing once its files are complete: it can stop and go on anywhere."""
        # Written anew, because an interruption may have cut the last line short.
        lines = self._listing(split) or [{"parameters": voice.parameter_names}]
        self._listing_path(split).write_text("".join(json.dumps(line) + "\n" for line in lines))
        done = {line["block"] for line in lines[1:]}
        n_missing = self.n_sounds[split] - sum(len(line["sounds"]) for line in lines[1:])
        with tqdm(desc=f"Synth1B1 {split}: rendering", total=n_missing, unit="sound") as progress:
            for block in split_blocks(split, self.first_id // BLOCK):
                if progress.n >= n_missing:
                    break
                if block not in done:
                    sounds = self._render_block(voice, block)
                    self._note(split, {"block": block, "sounds": sounds})
                    progress.update(len(sounds))

    def _render_block(self, voice: Voice, block: int) -> list[tuple[str, list[float]]]:
        """Name and parameters of the sounds of a block that were kept, their files written."""
        audio, parameters = voice.render(block)
        pitch = 127 * parameters[:, voice.parameter_names.index("keyboard.midi_f0")]
        kept = []
        for row in range(BLOCK):
            sound = self._at_clip_rate(audio[row])
            if self.variant == "pitched" and not (
                LOWEST_PITCH <= pitch[row] <= HIGHEST_PITCH and self._is_audible(sound)
            ):
                continue
            sound_id = block * BLOCK + row
            name = f"{self.corpus}-{sound_id // 128}-{sound_id % 128}"
            _write(self.folder / f"{name}.wav", sound, self.clip.sample_rate)
            kept.append((name, [round(float(value), 7) for value in parameters[row]]))
        return kept

    def _at_clip_rate(self, sound: np.ndarray) -> np.ndarray:
        resampled = soxr.resample(sound, SAMPLE_RATE, self.clip.sample_rate)
        return np.asarray(resampled[: self.clip.n_samples], dtype=np.float32)

    def _is_audible(self, sound: np.ndarray) -> bool:
        frames = sound[: len(sound) // self.clip.hop * self.clip.hop].reshape(-1, self.clip.hop)
        loud = np.sqrt((frames**2).mean(axis=1)) > AUDIBLE
        return bool(loud.sum() / self.clip.frame_rate_hz >= SHORTEST_AUDIBLE_S)

    def _listing(self, split: str) -> list[dict[str, Any]]:
        """One line of parameter names, then one line per block; a line that an interruption cut short is not there."""
        path = self._listing_path(split)
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("}\n")]

    def _note(self, split: str, line: dict[str, Any]) -> None:
        with open(self._listing_path(split), "a") as file:
            file.write(json.dumps(line) + "\n")

    def _listing_path(self, split: str) -> Path:
        return self.folder / f"{split}-from-{self.first_id // BLOCK * BLOCK}.jsonl"


def split_blocks(split: str, first_block: int) -> Iterator[int]:
    """Blocks of 32 ids that belong to a split, without end.

    The authors' rule: of every ten groups of 1024 ids the last is test. Every other one of those we validate on.
    """
    block = first_block
    while True:
        ten, group = divmod(block // GROUP, 10)
        owner = "train" if group != 9 else "valid" if ten % 2 == 0 else "test"
        if owner == split:
            yield block
        block += 1


def _write(path: Path, audio: np.ndarray, sample_rate: int) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    soundfile.write(temporary, audio, sample_rate, subtype="PCM_16", format="WAV")
    os.replace(temporary, path)
