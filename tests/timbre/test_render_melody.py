"""render of notes: whole files with what is to be said, and every wrong use in one sentence, nothing half-written."""

import mido
import numpy as np
import pytest
import soundfile

from timbre import main


@pytest.fixture
def write_score(tmp_path):
    """Name, tracks of (beats, message) -> the path; a beat is half a second."""

    def write(name, *tracks):
        file = mido.MidiFile(type=1, ticks_per_beat=96)
        for events in tracks:
            track, now = mido.MidiTrack(), 0
            for beat, message in sorted(events, key=lambda event: event[0]):
                track.append(message.copy(time=round(96 * beat) - now))
                now = round(96 * beat)
            file.tracks.append(track)
        file.save(tmp_path / name)
        return tmp_path / name

    return write


def played(*pitches, channel=0, name="", velocity=100, start=0.0):
    """A beat for each pitch, one after the other."""
    events = [(0.0, mido.MetaMessage("track_name", name=name))] if name else []
    for number, pitch in enumerate(pitches):
        events.append((start + number, mido.Message("note_on", note=pitch, velocity=velocity, channel=channel)))
        events.append((start + number + 0.6, mido.Message("note_off", note=pitch, channel=channel)))
    return events


def refused(capsys, *args):
    """What a command says before it stops with exit code 2."""
    with pytest.raises(SystemExit) as stopped:
        main(["render", *map(str, args)])
    assert stopped.value.code == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    return said.err


def test_a_melody_becomes_a_file_and_a_table(trained, write_score, tmp_path, capsys):
    out = tmp_path / "out.wav"
    main(
        ["render", str(trained), str(write_score("x.mid", played(60, 64))), str(out), "--plot", str(tmp_path / "x.png")]
    )
    lines = capsys.readouterr().out.splitlines()
    audio, rate = soundfile.read(out)
    assert rate == 16000 and lines[0] == f"{out}: {len(audio) / rate:.2f} s at 16000 Hz"
    assert [line.split()[0] for line in lines[-6:]] == ["knob", "level", "sharpness", "fundamental_share",
        "odd_even_balance", "noisiness"]  # fmt: skip
    assert all(len(line) <= 80 for line in lines[1:]) and np.abs(audio).max() > 1e-3
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_twice_and_another_seed_differs(trained, write_score, tmp_path):
    score = write_score("x.mid", played(60))
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        main(["render", str(trained), str(score), str(tmp_path / f"{name}.wav"), "--open", "--seed", str(seed)])
    a, b, c = (soundfile.read(tmp_path / f"{name}.wav")[0] for name in "abc")
    assert np.array_equal(a, b) and not np.array_equal(a, c)


def test_stems_add_up_to_the_mix(trained, write_score, tmp_path):
    """A track plays the default model, another the voice `synth` at its own rate: the file has the higher one."""
    score = write_score("x.mid", played(60, 62, name="low"), played(72, 74, channel=1, name="high/er"))
    out, stems = tmp_path / "out.wav", tmp_path / "stems"
    options = ["--open", "--voice", "high/er=synth", "--stems", str(stems), "--peak", "keep"]
    main(["render", str(trained), str(score), str(out), *options])
    names = sorted(path.name for path in stems.iterdir())
    assert names == ["01 low.wav", "02 high-er.wav"]
    mix, rate = soundfile.read(out, dtype="float32")
    each = [soundfile.read(stems / name, dtype="float32")[0] for name in names]
    total = np.zeros(len(mix), np.float32)
    for stem in each:
        total[: len(stem)] += stem
    assert rate == 44100 and np.array_equal(total, mix) and min(np.abs(stem).max() for stem in each) > 1e-3


def test_a_mix_does_not_clip(trained, write_score, tmp_path, capsys):
    """24 loud notes at once: the file is lowered, and says so."""
    together = [event for pitch in range(48, 72) for event in played(pitch, velocity=127)]
    out = tmp_path / "out.wav"
    main(["render", str(trained), str(write_score("x.mid", together)), str(out), "--open", "--nudge", "level=+0.3"])
    assert "lowered by" in " ".join(capsys.readouterr().out.split())
    assert np.abs(soundfile.read(out)[0]).max() <= 0.9991


def test_what_is_passed_over_is_said(trained, write_score, tmp_path, capsys):
    odd = [*played(60), *played(127, start=5.0)]
    for beat, kind, pitch in ((3.0, "note_on", 62), (3.0, "note_off", 62), (4.0, "note_on", 64)):
        odd.append((beat, mido.Message(kind, note=pitch)))
    main(
        [
            "render",
            str(trained),
            str(write_score("x.mid", odd, played(36, 38, channel=9))),
            str(tmp_path / "o.wav"),
            "--open",
        ]
    )
    said = " ".join(capsys.readouterr().out.split())
    assert "2 notes on channel 10, MIDI's drums, left out" in said
    assert "1 note without length: nothing sounds of it." in said and "1 note too high" in said
    assert "1 note never let go: ended with the last message." in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--also", "spectral_spread=+200Hz"], "--also is of recordings"),
        (["--f0", "440"], "--f0 is of recordings"),
        (["--faithful"], "--faithful is of recordings"),
        (["--map", "74-sharpness"], "is no CONTROLLER=KNOB, such as 74=sharpness"),
        (["--map", "74=level"], "--map 74=level: "),
        (["--map", "74=sharpness,74=noisiness"], "stands there twice"),
        (["--map", "74=sharpness", "--set", "sharpness=0.5"], "is put somewhere already"),
        (["--voice", "2=nobody"], "there is no model or preset nobody"),
        (["--voice", "7=synth"], "has no such part: it has 1"),
        (["--voice", "synth"], "write PART=MODEL"),
        (["--most", "0"], "--most 0: choose 1 to 256."),
        (["--plot", "x.svg"], "write a .png"),
        (["--set", "warmth=0.5"], "there is no knob 'warmth'"),
    ],
)
def test_wrong_options_are_told_in_one_sentence(trained, write_score, tmp_path, capsys, options, said):
    out = tmp_path / "out.wav"
    assert said in refused(capsys, trained, write_score("x.mid", played(60)), out, *options)
    assert not out.exists()


def test_files_without_notes_are_told_in_one_sentence(trained, write_score, tmp_path, capsys):
    out, empty = tmp_path / "out.wav", tmp_path / "empty.mid"
    empty.write_bytes(b"")
    silent = write_score("silent.mid", [(0.0, mido.Message("control_change", control=7, value=9))])
    for path, said in (
        (empty, "is empty"),
        (tmp_path / "none.mid", "No such file"),
        (silent, "has no notes"),
        (write_score("drums.mid", played(36, channel=9)), "channel 10 only"),
        (write_score("high.mid", played(127)), "has no note that sounds"),
    ):
        assert said in refused(capsys, trained, path, out)
    assert not list(tmp_path.glob("*.wav"))


def test_options_of_melodies_are_refused_for_sounds(trained, write_tone, tmp_path, capsys):
    sound = write_tone(tmp_path / "in.wav", 330.0)
    assert "--legato is of melodies" in refused(capsys, trained, sound, tmp_path / "out.wav", "--legato")


def test_a_recording_is_the_score(trained, write_score, write_tone, tmp_path, capsys):
    """Two tones of different pitch in a row become two notes."""
    low, high = (soundfile.read(write_tone(tmp_path / f"{hz}.wav", hz, 0.5))[0] for hz in (330.0, 440.0))
    soundfile.write(tmp_path / "phrase.wav", np.concatenate([low, high]), 16000)
    main(["render", str(trained), str(tmp_path / "phrase.wav"), str(tmp_path / "out.wav"), "--notes", "--open"])
    assert "2 notes were heard." in capsys.readouterr().out
    assert soundfile.info(tmp_path / "out.wav").duration > 1.0
    score = write_score("x.mid", played(60))
    assert "--notes hears the notes of one recording" in refused(capsys, trained, score, tmp_path / "o.wav", "--notes")
