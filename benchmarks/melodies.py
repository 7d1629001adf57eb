"""A melody whose every note asks for another timbre: what was asked, and what is measured of each note.

    python -m benchmarks.melodies [MODEL] [--preset NAME] [--picture docs/melody.png] [--minutes 1] [--heard FOLDER ...]

The tune is "Ah, vous dirai-je, maman" (18th century), 14 notes by hand. Controllers ask each note for another place of
sharpness, odd/even balance and noisiness, drawn from what notes of the pitch reach (seed 0). Printed of every note, in
the mean over what a window hears of it alone: cents off, ms from its time to a tenth of its peak, and each knob's error
in least audible differences, of the voice as it is played and of the file as it is delivered, with the room and what
still rings of the notes before. Then CPU seconds (one thread) for a minute of the tune, open and exact.

--heard: rows of eight recorded notes of a folder, whose names tell their pitch (bassoon_A3_1_forte_normal.mp3), 0.1 s
of silence between them, as the score (`--notes`): how many are heard, how many of those written at the pitch of the
name, and how far their begin is from where the recording's was put.
"""

import argparse
import random
import re
import tempfile
import time
from pathlib import Path

import mido
import numpy as np
import torch
from torch import Tensor

from instrument.listening import listen
from instrument.samples import InMemory
from melodies.heard_notes import heard_notes
from melodies.melody_player import MelodyPlayer
from melodies.part_sound import PartSettings, PlayedVoice, dry_stretches, in_room
from melodies.player_hand import PlayerHand, note_name
from melodies.score import perform, read_score
from melodies.sounding_voice import VoiceCurves
from projection import Target
from sounds.audio import read_audio
from synths import ClipFormat
from timbre.asked import AskedKnobs
from timbre.melody_instrument import MelodyInstrument, controller_map, melody_instrument, player_settings
from timbre.tracked_pitch import tracked_pitch

TUNE = (60, 60, 67, 67, 69, 69, 67, 65, 65, 64, 64, 62, 62, 60)
BEAT_S, HELD = 0.5, 0.9
CONTROLLERS = {74: "sharpness", 70: "odd_even_balance", 71: "noisiness"}
NOTHING = AskedKnobs([], [])
NAMED = re.compile(r"_([A-G])(s|#)?(\d)_")


def tune_file(path: Path, n_times: int = 1) -> Path:
    """The tune as MIDI, again and again, other timbres each time."""
    drawn = np.random.default_rng(0)
    file, track = mido.MidiFile(ticks_per_beat=480), mido.MidiTrack()
    file.tracks.append(track)
    for number, pitch in enumerate(TUNE * n_times):
        for controller in CONTROLLERS:
            value = int(drawn.integers(8, 120))
            track.append(mido.Message("control_change", control=controller, value=value))
        track.append(mido.Message("note_on", note=pitch, velocity=70 + 8 * (number % 4)))
        track.append(mido.Message("note_off", note=pitch, time=round(480 * HELD)))
        track.append(mido.Message("control_change", control=3, value=0, time=round(480 * (1 - HELD))))
    file.save(path)
    return path


def curves_of(path: Path, instrument: MelodyInstrument, preset: str | None) -> list[VoiceCurves]:
    """The tune made curves."""
    settings = player_settings(instrument, instrument.preset(preset), NOTHING, False, 32)
    hand = PlayerHand(MelodyPlayer(instrument.played, settings))
    names = {knob.name for knob in instrument.played.knobs}
    mapped = {number: name for number, name in CONTROLLERS.items() if name in names}
    perform(read_score(path).parts[0], hand, controller_map(instrument, mapped, NOTHING))
    return hand.player.finished


def note_table(voices: list[VoiceCurves], instrument: MelodyInstrument, preset: str | None) -> list[str]:
    """A line for every note, then means and largest."""
    model, played = instrument.model, list[PlayedVoice]()
    settings = PartSettings(model, instrument.preset(preset))
    audio = torch.cat(list(in_room(model, dry_stretches(voices, settings, played.append))))
    target = Target(list(model.encoder.each_descriptor()))
    names = [knob.name for knob in target.knobs]
    lines = ["| note | cents | onset, ms | " + " | ".join(names) + " | delivered: " + " | ".join(names) + " |"]
    lines.append("|---" * (3 + 2 * len(names)) + "|")
    rows = []
    for each in played:
        asked = each.asked[each.steady][:, : len(names)]
        off = ((each.positions[each.steady] - asked) / target.tolerance(asked)).mean(0)
        wet = ((_delivered(each, audio, instrument, target) - asked) / target.tolerance(asked)).mean(0)
        cents, onset_ms = _cents(each, instrument), _onset_ms(each, audio, instrument)
        rows.append([cents, onset_ms, *off.tolist(), *wet.tolist()])
        lines.append(f"| {note_name(each.voice.notes[0].midi)} | " + " | ".join(_cells(rows[-1])) + " |")
    sizes = np.abs(np.array(rows))
    lines.append("| mean size | " + " | ".join(_cells(sizes.mean(0))) + " |")
    lines.append("| largest | " + " | ".join(_cells(sizes.max(0))) + " |")
    return lines


def cpu_table(instrument: MelodyInstrument, preset: str | None, minutes: float) -> list[str]:
    """CPU seconds per minute of the tune: curves, open, exact; the least of two rounds."""
    lines = ["| | CPU s per minute |", "|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        n_times = max(1, round(60 * minutes / (BEAT_S * len(TUNE))))
        path = tune_file(Path(folder) / "tune.mid", n_times)
        length_min = n_times * BEAT_S * len(TUNE) / 60
        for name in ("curves", "open", "exact"):
            taken = []
            for _ in range(2):
                start = time.process_time()
                voices = curves_of(path, instrument, preset)
                if name != "curves":
                    settings = PartSettings(instrument.model, instrument.preset(preset), name == "exact")
                    for _block in in_room(instrument.model, dry_stretches(voices, settings, id)):
                        pass
                taken.append(time.process_time() - start)
            lines.append(f"| {name} | {min(taken) / length_min:.2f} |")
    return lines


def heard_table(folders: list[Path], instrument: MelodyInstrument, n_rows: int = 2) -> list[str]:
    """A line for each folder of recorded notes."""
    lines = [
        "| folder | notes | heard | right pitch | begin off, ms, median |",
        "|---" * 5 + "|",
    ]
    clip = instrument.model.clip
    for folder in folders:
        names = [path for path in sorted(folder.iterdir()) if NAMED.search(path.name)]
        chosen = random.Random(0).sample(names, min(len(names), 8 * n_rows))
        n_heard, right, off_s = 0, 0, list[float]()
        for row in range(0, len(chosen), 8):
            audio, written = _row(chosen[row : row + 8], clip)
            f0_hz = tracked_pitch(audio, instrument.model, folder)
            level_db = listen(instrument.model, InMemory(torch.from_numpy(audio)), torch.from_numpy(f0_hz)).level_db
            frames_db = np.repeat(level_db.numpy(), instrument.model.encoder.every)[: len(f0_hz)]
            notes = heard_notes(f0_hz, frames_db, clip.frame_rate_hz)
            n_heard += len(notes)
            for start_s, end_s, midi in written:
                near = [note for note in notes if start_s - 0.05 < note.start_s < end_s and abs(note.midi - midi) < 0.5]
                right += bool(near)
                if near:
                    off_s.append(abs(near[0].start_s - start_s))
        lines.append(f"| {folder.name} | {len(chosen)} | {n_heard} | {right} | {1000 * np.median(off_s):.0f} |")
    return lines


def _row(paths: list[Path], clip: ClipFormat) -> tuple[np.ndarray, list[tuple[float, float, int]]]:
    """(N,) notes one after the other, each from its first frame within 40 dB; begin, end in s and MIDI pitch."""
    sounds, written, at = [], [], 0
    for path in paths:
        audio = read_audio(str(path), clip)
        loud = np.flatnonzero(np.abs(audio) > 0.01 * np.abs(audio).max())
        part = audio[loud[0] : loud[-1] + 1]
        letter, sharp, octave = NAMED.search(path.name).groups()  # type: ignore[union-attr]
        midi = 12 * (int(octave) + 1) + "C.D.EF.G.A.B".index(letter) + bool(sharp)
        written.append((at / clip.sample_rate, (at + len(part)) / clip.sample_rate, midi))
        sounds += [part, np.zeros(round(0.1 * clip.sample_rate), np.float32)]
        at += len(part) + len(sounds[-1])
    return np.concatenate(sounds), written


def _delivered(each: PlayedVoice, audio: Tensor, instrument: MelodyInstrument, target: Target) -> Tensor:
    """(n, K) positions of the file where the voice is steady, its own clock kept."""
    clip = instrument.model.clip
    start = round(each.voice.start_s * clip.sample_rate)
    part = audio[start : start + len(each.audio)]
    part = torch.nn.functional.pad(part, (0, len(each.audio) - len(part)))
    f0_hz = torch.from_numpy(np.concatenate([each.voice.f0_hz[:1], each.voice.f0_hz])).float()
    positions = target.of_sound(part[None], f0_hz[None, : len(part) // clip.hop], each.every)[0]
    n_frames = len(each.steady)
    return torch.nn.functional.pad(positions, (0, 0, 0, n_frames - len(positions)))[each.steady]


def _cents(each: PlayedVoice, instrument: MelodyInstrument) -> float:
    """As the voice itself is played: in the file the next note sounds while it rings."""
    heard_hz = tracked_pitch(each.audio.numpy(), instrument.model, "a note")
    frames = np.flatnonzero(each.steady.numpy()) * each.every
    frames = frames[frames < len(heard_hz)]
    asked_hz = each.voice.f0_hz[np.maximum(frames - 1, 0)]
    return float(1200 * np.median(np.log2(heard_hz[frames] / asked_hz)))


def _onset_ms(each: PlayedVoice, audio: Tensor, instrument: MelodyInstrument) -> float:
    """From when the note is written to a tenth of its peak, of the voice as it is played."""
    rate = instrument.model.clip.sample_rate
    loud = each.audio.abs()
    return 1000.0 * int((loud > 0.1 * loud.max()).nonzero()[0]) / rate


def _cells(row: "list[float] | np.ndarray") -> list[str]:
    return [f"{value:.2f}" for value in row]


def main() -> None:
    """Print both tables, and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", default=Path("synth"))
    parser.add_argument("--preset")
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--heard", type=Path, nargs="*", default=[])
    parser.add_argument("--minutes", type=float, default=1.0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    instrument = melody_instrument(given.model)
    with tempfile.TemporaryDirectory() as folder:
        path = tune_file(Path(folder) / "tune.mid")
        print(*note_table(curves_of(path, instrument, given.preset), instrument, given.preset), sep="\n", flush=True)
        if given.picture:
            from timbre import main as timbre

            mapped = ",".join(f"{number}={name}" for number, name in CONTROLLERS.items())
            preset = ["--preset", given.preset] if given.preset else []
            options = ["--map", mapped, "--plot", str(given.picture), *preset]
            timbre(["render", str(given.model), str(path), str(Path(folder) / "tune.wav"), *options])
    if given.minutes:
        print(*cpu_table(instrument, given.preset, given.minutes), sep="\n", flush=True)
    if given.heard:
        print(*heard_table(given.heard, instrument), sep="\n")


if __name__ == "__main__":
    main()
