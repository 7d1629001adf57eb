"""Recordings of one instrument played by a model of another: inside the model's range, or not.

    python -m benchmarks.range_matching RUN FOLDER FOLDER ... [--phrases 4] [--own FOLDER] [--render 2]

Each FOLDER holds notes of one instrument. Every instrument in turn is what the model is said to know: pitches and
quantiles of the knobs are learnt from its notes, as calibration does, and phrases of all others are matched to it
(--own: to this one only, such as the one that the model was trained on). A phrase is four notes with pauses of noise.

"At home" are the shares of the sounding frames whose pitch lies between the 2nd and 98th percentile of the training
frames, and whose knobs lie between the 1st and 99th, the mean over knobs: as recorded, by Tone Transfer's rule (whole
octaves from the means of the pitch, upwards unless they are more than 1.5; a quantile map for the level alone; Engel
et al. 2020, magenta/ddsp timbre_transfer.ipynb), and by ours. "Off" is how far the mean pitch played lies from the
training's, in semitones. Of the first phrases of each pair what was rendered with knobs met is measured: distance of
the knobs' distribution from the training's (Wasserstein, in least audible differences, the mean over knobs), pauses
against the recording's, and how the melody's contour correlates with the recording's.
"""

import argparse
import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from scipy.stats import wasserstein_distance
from torch import Tensor

from benchmarks.render_level import phrase
from instrument.listening import listen, positions_of
from instrument.matching import NOTHING, Matching
from instrument.playing import Wish
from instrument.range_matching import KnobMap, knob_maps, octaves_to, share_at_home, shares_within
from instrument.render import render_wish
from instrument.samples import InMemory
from lightning_modules.checkpoint import load_model
from lightning_modules.encoders.training_frames import TrainingFrames
from lightning_modules.timbre_model import TimbreModel
from projection import Target
from sounds.audio import read_audio
from sounds.pitch import NoPitch
from sounds.sound_file import sound_files
from sounds.yin import Yin
from studies.run_folder import checkpoint_in
from synths.signal import hz_to_midi

MATCHED = Wish(matching=Matching(True, True, None))
BEFORE = Wish(matching=NOTHING)


class Note(NamedTuple):
    """Audio (N,), pitch (F,) in Hz, and of what sounds: knob positions (n, C) and pitches (n,)."""

    audio: np.ndarray
    f0_hz: np.ndarray
    positions: Tensor
    heard_hz: Tensor


class AtHome(NamedTuple):
    """Shares of the frames inside the training range, and semitones between mean pitches."""

    pitch: float
    knobs: float
    off: float


class PhraseSound(NamedTuple):
    """What was rendered: Wasserstein distance in JNDs, dB of pauses above the recording's, correlation of melodies."""

    apart: float
    pauses_db: float
    melody: float


def heard(model: TimbreModel, audio: np.ndarray) -> Note:
    """What a model hears of (N,) audio; raises NoPitch where there is none."""
    f0_hz = Yin().track(audio, model.clip).f0_hz
    listened = listen(model, InMemory(torch.from_numpy(audio)), torch.from_numpy(f0_hz))
    sounds = listened.sounding[0].bool()
    pitch = torch.from_numpy(f0_hz)[:: model.encoder.judged_every][sounds]
    return Note(audio, f0_hz, listened.positions[0][sounds], pitch)


def notes_of(model: TimbreModel, folder: Path, n: int) -> list[Note]:
    """Notes evenly spread over a folder, at most three seconds of each."""
    paths, notes = sound_files(str(folder)), []
    for place in np.linspace(0, len(paths) - 1, min(n, len(paths))).round().astype(int):
        try:
            notes.append(heard(model, read_audio(str(paths[place]), model.clip, duration_s=3.0)))
        except (NoPitch, ValueError):
            continue
    return notes


def known(model: TimbreModel, notes: Sequence[Note]) -> TrainingFrames:
    """What calibration would keep of notes."""
    own, frames = list(model.encoder.each_descriptor()), TrainingFrames(len(model.encoder.knobs))
    positions = torch.cat([note.positions for note in notes])
    frames.learn([d.value_at(positions[:, i]) for i, d in enumerate(own)], torch.cat([n.heard_hz for n in notes]))
    return frames


def tone_transfer_octaves(mean_semitone: float, training_mean: float) -> int:
    """Engel et al.'s rule: up to the next octave, down from 1.5 on."""
    n_octaves = (training_mean - mean_semitone) / 12.0
    return math.floor(n_octaves) if n_octaves > 1.5 else math.ceil(n_octaves)


def at_home(
    model: TimbreModel, training: TrainingFrames, note: Note, octaves: int, maps: Sequence[KnobMap | None]
) -> AtHome:
    """Shares of a phrase that is played so many octaves higher, its knobs mapped."""
    own = list(model.encoder.each_descriptor())
    columns = [
        note.positions[:, i] if knob_map is None else knob_map(note.positions[:, i]) for i, knob_map in enumerate(maps)
    ]
    within = shares_within(training, own, torch.stack(columns, dim=-1)).mean()
    off = abs(float(hz_to_midi(note.heard_hz).mean()) + 12.0 * octaves - mean_pitch(training))
    return AtHome(share_at_home(training, note.heard_hz, octaves), float(within), off)


def mean_pitch(training: TrainingFrames) -> float:
    """Mean MIDI number of the training frames."""
    return float((training.pitches * torch.arange(len(training.pitches))).sum())


def three_ways(model: TimbreModel, training: TrainingFrames, note: Note) -> list[AtHome]:
    """As recorded, by Tone Transfer's rule, by ours."""
    own = list(model.encoder.each_descriptor())
    maps = knob_maps(training, own, note.positions)
    quantiles = torch.linspace(0.0, 1.0, 101, dtype=torch.float64)
    whole = [
        KnobMap(torch.quantile(note.positions[:, i].double(), quantiles), d.position_of(training.quantiles[i]).double())
        if d.is_level
        else None
        for i, d in enumerate(own)
    ]
    rule = tone_transfer_octaves(float(hz_to_midi(note.heard_hz).mean()), mean_pitch(training))
    return [
        at_home(model, training, note, 0, [None] * len(own)),
        at_home(model, training, note, rule, whole),
        at_home(model, training, note, octaves_to(training, note.heard_hz), maps),
    ]


def measured(model: TimbreModel, training: TrainingFrames, note: Note, wish: Wish) -> PhraseSound:
    """Render a phrase and hear what came of it."""
    torch.manual_seed(0)
    model.encoder.training_frames.load_state_dict(training.state_dict())
    audio, pitch = torch.from_numpy(note.audio), torch.from_numpy(note.f0_hz)
    made = render_wish(model, audio, pitch, wish)
    played = made.audio[: len(audio)]
    sounds = made.sounding[0].bool()
    positions = positions_of(model, InMemory(played), made.f0_hz)[0][sounds]
    target = Target(list(model.encoder.each_descriptor()))
    goals = torch.stack([d.position_of(training.quantiles[i]) for i, d in enumerate(target.knobs)], dim=-1)
    step = target.tolerance(goals.median(0).values)
    apart = [wasserstein_distance(positions[:, i], goals[:, i]) / float(step[i]) for i in range(len(target.knobs))]
    levels = [model.encoder.level_db(_whole(model, sound), model.encoder.judged_every)[0] for sound in (audio, played)]
    pauses_db = float((levels[1] - levels[0])[~sounds].mean())
    followed = Yin().track(played.numpy(), model.clip)
    frames = sounds.repeat_interleave(model.encoder.judged_every)[: len(pitch)].numpy() & (followed.confidence > 0.8)
    melody = np.corrcoef(np.log(followed.f0_hz[frames]), np.log(note.f0_hz[frames]))[0, 1]
    return PhraseSound(float(np.mean(apart)), pauses_db, float(melody))


def _whole(model: TimbreModel, audio: Tensor) -> Tensor:
    return torch.nn.functional.pad(audio, (0, -len(audio) % model.clip.hop))[None]


def phrases_of(model: TimbreModel, notes: Sequence[Note], n: int) -> list[Note]:
    """Phrases of four notes drawn at random, at most 1.5 s of each."""
    draws, longest = np.random.default_rng(0), round(1.5 * model.clip.sample_rate)
    chosen = [draws.choice(len(notes), min(4, len(notes)), replace=False) for _ in range(n)]
    return [heard(model, phrase([notes[i].audio[:longest] for i in each], model.clip.sample_rate)) for each in chosen]


def row(name: str, homes: Sequence[AtHome], sounds: Sequence[PhraseSound]) -> str:
    """One line of the table: means over phrases."""
    pitch, knobs, off = np.mean(homes, axis=0)
    line = f"| {name} | {len(homes)} | {100 * pitch:.0f} % | {100 * knobs:.0f} % | {off:.1f} |"
    if not sounds:
        return f"{line} | | |"
    apart, pauses_db, _ = np.mean(sounds, axis=0)
    melodies = [each.melody for each in sounds]
    return f"{line} {apart:.1f} | {pauses_db:+.1f} | {np.median(melodies):.3f} ({min(melodies):.2f}) |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--own", type=Path, help="the only instrument that the model is said to know")
    parser.add_argument("--notes", type=int, default=40, help="of each instrument")
    parser.add_argument("--phrases", type=int, default=4, help="of each pair")
    parser.add_argument("--render", type=int, default=1, help="so many of them are rendered")
    given = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(checkpoint_in(given.run))
    notes = {folder: notes_of(model, folder, given.notes) for folder in given.folders}
    training = {
        folder: known(model, notes_of(model, folder, given.notes)) for folder in [given.own or given.folders[0]]
    }
    if not given.own:
        training = {folder: known(model, notes[folder]) for folder in given.folders}
    phrases = {folder: phrases_of(model, notes[folder], given.phrases) for folder in given.folders}
    homes: list[list[AtHome]] = []
    sounds: list[list[PhraseSound]] = []
    pairs = [(a, b) for a, b in itertools.product(given.folders, training) if a != b]
    for source, goal in pairs:
        homes += [three_ways(model, training[goal], each) for each in phrases[source]]
        for each in phrases[source][: given.render]:
            sounds.append([measured(model, training[goal], each, wish) for wish in (BEFORE, MATCHED)])
        print(f"{source.name} played by {goal.name}", flush=True)
    print(f"\n{given.run.name}, {len(pairs)} pairs, {given.phrases} phrases each, {given.render} of them rendered\n")
    print(
        "| | phrases | pitch at home | knobs at home | off, semitones | apart, JND | pauses, dB | melody, r (least) |"
    )
    print("|---" * 8 + "|")
    ways = [list(each) for each in zip(*homes, strict=True)]
    heard_ways = [list(each) for each in zip(*sounds, strict=True)] or [[], []]
    print(row("as recorded", ways[0], heard_ways[0]))
    print(row("Tone Transfer's rule", ways[1], []))
    print(row("matched", ways[2], heard_ways[1]))


if __name__ == "__main__":
    main()
