"""timbre turn: what was asked arrives, the rest holds, the file stays itself; wrong uses end in one sentence."""

import re

import numpy as np
import pytest
import soundfile

from timbre import main

RATE = 16000


def tone(f0_hz=220.0, seconds=0.8, rate=RATE, noise=2e-3, seed=0):
    """(n,) harmonics of 0.3 / k in noise."""
    random = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * rate)) / rate
    numbers = np.arange(1, int(0.45 * rate / f0_hz) + 1)
    phases = 2 * np.pi * f0_hz * numbers * time_s[:, None] + random.uniform(0, 2 * np.pi, len(numbers))
    return (0.1 / numbers * np.cos(phases)).sum(1) + noise * random.standard_normal(len(time_s))


@pytest.fixture
def note(tmp_path):
    soundfile.write(tmp_path / "note.wav", tone(), RATE, "PCM_16")
    return tmp_path / "note.wav"


def table(said):
    """Knob -> (was, asked, got) as printed, and JNDs off."""
    rows = {}
    for line in said.splitlines():
        parts = line.split()
        if len(parts) >= 6 and parts[-1] == "JND":
            rows[parts[0]] = (*parts[1:4], float(parts[-2]))
    return rows


def stop_of(args, capsys):
    """The sentence with which a command ends."""
    with pytest.raises(SystemExit) as stopped:
        main([str(arg) for arg in args])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and said.startswith("timbre: ")
    return said


def test_what_is_asked_arrives_and_the_rest_holds(note, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main(["turn", "note.wav", "out.wav", "--nudge", "sharpness=+2jnd", "--set", "noisiness=-25dB"])
    said = capsys.readouterr().out
    rows = table(said)
    assert set(rows) == {"level", "sharpness", "fundamental_share", "odd_even_balance", "noisiness"}
    assert all(row[3] <= 0.05 for row in rows.values()) and max(map(len, said.splitlines())) <= 80
    assert float(rows["sharpness"][2]) == pytest.approx(float(rows["sharpness"][0]) + 0.16, abs=0.012)
    assert float(rows["noisiness"][2]) == pytest.approx(-25.0, abs=0.2)
    assert rows["level"][1] == "held"
    before, after = soundfile.info(note), soundfile.info(tmp_path / "out.wav")
    assert (after.samplerate, after.frames, after.subtype) == (before.samplerate, before.frames, "PCM_16")


def test_nothing_asked_is_the_same_file(note, tmp_path, capsys):
    main(["turn", str(note), str(tmp_path / "out.wav")])
    assert (tmp_path / "out.wav").read_bytes() == note.read_bytes()
    main(["turn", str(note), str(tmp_path / "still.wav"), "--nudge", "level=0dB", "--release", "noisiness"])
    assert np.array_equal(*(soundfile.read(path, dtype="int16")[0] for path in (note, tmp_path / "still.wav")))


@pytest.mark.parametrize("rate", [8000, 22050, 96000])
def test_any_rate_and_two_channels(tmp_path, capsys, rate):
    """Both channels are turned alike: what was the same in both still is, and their mean is where it was asked."""
    own = tone(rate=rate, seconds=0.5)
    soundfile.write(tmp_path / "in.flac", np.stack([own, 0.5 * own], axis=1), rate, "PCM_24")
    main(["turn", str(tmp_path / "in.flac"), str(tmp_path / "out.flac"), "--nudge", "odd_even_balance=+2jnd"])
    rows = table(capsys.readouterr().out)
    assert all(row[3] <= 0.05 for row in rows.values())
    turned, out_rate = soundfile.read(tmp_path / "out.flac")
    assert out_rate == rate and turned.shape == (len(own), 2)
    assert np.abs(turned[:, 0] - 2 * turned[:, 1]).max() < 1e-5 and np.abs(turned[:, 0] - own).max() > 1e-3


def test_a_released_knob_may_go(note, tmp_path, capsys):
    main(["turn", str(note), str(tmp_path / "out.wav"), "--nudge", "sharpness=+1jnd", "--release", "noisiness"])
    assert "noisiness" not in table(capsys.readouterr().out)


def test_brightness_lets_sharpness_go(note, tmp_path, capsys):
    main(["turn", str(note), str(tmp_path / "out.wav"), "--nudge", "brightness=+2points"])
    said = capsys.readouterr().out
    assert "sharpness" not in table(said) and re.search(r"brightness .* 0\.[01] % of range", said)
    assert all(row[3] <= 0.05 for row in table(said).values())


def test_without_a_pitch_few_knobs_are_offered(tmp_path, capsys):
    hiss = 0.1 * np.random.default_rng(0).standard_normal(12000)
    soundfile.write(tmp_path / "hiss.wav", hiss, RATE)
    said = stop_of(["turn", tmp_path / "hiss.wav", tmp_path / "x.wav", "--nudge", "noisiness=-1jnd"], capsys)
    assert "needs a sound with a pitch" in said and "--f0" in said and not (tmp_path / "x.wav").exists()
    main(["turn", str(tmp_path / "hiss.wav"), str(tmp_path / "x.wav"), "--nudge", "sharpness=-2jnd"])
    rows = table(capsys.readouterr().out)
    assert set(rows) == {"level", "sharpness"} and all(row[3] <= 0.1 for row in rows.values())


def test_like_another_recording(note, tmp_path, capsys):
    """Its knobs are taken, or those that are named."""
    random = np.random.default_rng(1)
    soundfile.write(tmp_path / "other.wav", 0.5 * tone(247.0, noise=0.0) + 1e-2 * random.standard_normal(12800), RATE)
    main(["turn", str(note), str(tmp_path / "a.wav"), "--like", str(tmp_path / "other.wav")])
    rows = table(capsys.readouterr().out)
    assert all(row[1] != "held" and row[3] <= 0.05 for row in rows.values())
    main(["turn", str(note), str(tmp_path / "b.wav"), "--like", str(tmp_path / "other.wav"), "--match", "noisiness"])
    some = table(capsys.readouterr().out)
    assert some["noisiness"][1] == rows["noisiness"][1] and some["level"][1] == "held"


def test_a_curve_turns_over_time(note, tmp_path, capsys):
    (tmp_path / "knobs.csv").write_text("time_s,sharpness_jnd\n0,-1\n0.8,1\n")
    main(["turn", str(note), str(tmp_path / "out.wav"), "--curve", str(tmp_path / "knobs.csv")])
    said = capsys.readouterr().out
    assert "sharpness follows its curve" in said and table(said)["sharpness"][3] <= 0.05


def test_the_shape_of_a_note_is_a_knob(tmp_path, capsys):
    """The column "off by" counts JNDs where there is one, and says what is off."""
    swelling = tone() * np.clip(np.arange(12800) / 1600, 0.0, 1.0)
    soundfile.write(tmp_path / "in.wav", swelling, RATE)
    paths = ["turn", str(tmp_path / "in.wav"), str(tmp_path / "out.wav")]
    main([*paths, "--nudge", "attack_time=-20ms"])
    said = capsys.readouterr().out
    (line,) = [line.split() for line in said.splitlines() if "attack_time" in line]
    assert line[4] == "ms" and float(line[3]) == pytest.approx(float(line[1]) - 20.0, abs=0.4)
    assert len(table(said)) == 5 and all(row[3] <= 0.05 for row in table(said).values())
    main([*paths, "--nudge", "log_attack_time=+1jnd"])
    assert table(capsys.readouterr().out)["log_attack_time"][3] <= 0.06
    assert "5 ms of any shorter one" in stop_of([*paths, "--set", "attack_time=1ms"], capsys)
    both = ["--nudge", "attack_time=5ms", "--nudge", "sustain=0.1s"]
    assert "are turned one at a time" in stop_of([*paths, *both], capsys)


def test_a_sound_that_would_clip_is_lowered_or_kept(tmp_path, capsys):
    soundfile.write(tmp_path / "in.wav", 4.0 * tone(), RATE)
    main(["turn", str(tmp_path / "in.wav"), str(tmp_path / "low.wav"), "--nudge", "level=+12dB"])
    assert "the file is lowered by" in capsys.readouterr().out
    assert np.abs(soundfile.read(tmp_path / "low.wav")[0]).max() == pytest.approx(0.999, abs=1e-3)
    main(["turn", str(tmp_path / "in.wav"), str(tmp_path / "kept.wav"), "--nudge", "level=+12dB", "--peak", "keep"])
    assert table(capsys.readouterr().out)["level"][3] <= 0.05
    assert soundfile.info(tmp_path / "kept.wav").subtype == "FLOAT"


@pytest.mark.parametrize(
    ("args", "words"),
    {
        "no such knob": (["--nudge", "warm=+1"], "there is no knob 'warm': a recording has level"),
        "no number": (["--nudge", "level"], "write --nudge KNOB=NUMBER"),
        "a share beyond its end": (["--set", "fundamental_share=100%"], "it goes from 1% to 99%"),
        "too pure": (["--set", "noisiness=-49dB"], "cannot be told from what windows leave"),
        "released and turned": (["--nudge", "level=1dB", "--release", "level"], "leave one out"),
        "released nothing": (["--release", "warm"], "there is no such knob"),
        "match without like": (["--match", "level"], "add --like OTHER.wav"),
        "no channel": (["--channel", "left", "--nudge", "level=1dB"], "choose a number from 0, or mix"),
        "a channel too many": (["--channel", "3", "--nudge", "level=1dB"], "choose 0 to 0 or mix"),
        "kept in flac": (["--peak", "keep", "--nudge", "level=1dB"], ""),
        "pitch out of range": (["--f0", "9000", "--nudge", "level=1dB"], "out of range"),
    }.values(),
)
def test_wrong_options_end_in_a_sentence(note, tmp_path, capsys, args, words):
    out = tmp_path / ("x.flac" if "--peak" in args else "x.wav")
    said = stop_of(["turn", note, out, *args], capsys)
    assert words in said and [path.name for path in tmp_path.iterdir()] == ["note.wav"]


@pytest.mark.parametrize(
    ("audio", "words"),
    [
        (np.zeros(8000), "is silent"),
        (tone(seconds=0.05), "lasts 0.05 s"),
        (np.full(8000, np.nan), "not finite"),
    ],
    ids=["silence", "too short", "no numbers"],
)
def test_what_cannot_be_turned_is_refused(tmp_path, capsys, audio, words):
    soundfile.write(tmp_path / "in.wav", audio, RATE, "FLOAT")
    assert words in stop_of(["turn", tmp_path / "in.wav", tmp_path / "x.wav", "--nudge", "level=1dB"], capsys)
    assert not (tmp_path / "x.wav").exists()


def test_wrong_files_end_in_a_sentence(note, tmp_path, capsys):
    (tmp_path / "no.wav").write_text("no sound")
    nudge = ["--nudge", "level=1dB"]
    assert "cannot be read as sound" in stop_of(["turn", tmp_path / "no.wav", tmp_path / "x.wav", *nudge], capsys)
    assert "does not exist" in stop_of(["turn", tmp_path / "none.wav", tmp_path / "x.wav", *nudge], capsys)
    assert "does not exist" in stop_of(["turn", note, tmp_path / "none" / "x.wav", *nudge], capsys)
    assert "the recording itself" in stop_of(["turn", note, note, *nudge], capsys)
    assert "write one of" in stop_of(["turn", note, tmp_path / "x.txt", *nudge], capsys)


def test_what_no_sound_meets_is_said_with_the_nearest_place(tmp_path, capsys):
    """A near-sine has next to no overtones that could be moved: nothing that holds is moved for them."""
    sine = 0.2 * np.sin(2 * np.pi * 700.0 * np.arange(8000) / RATE) + tone(700.0, 0.5, noise=1e-3) * 1e-2
    soundfile.write(tmp_path / "sine.wav", sine, RATE, "PCM_24")
    main(["turn", str(tmp_path / "sine.wav"), str(tmp_path / "x.wav"), "--nudge", "sharpness=-6jnd"])
    said = capsys.readouterr().out
    rows = table(said)
    assert rows["sharpness"][3] > 0.25 and "was not reached with the others held; the nearest place" in said
    assert all(row[3] <= 0.25 for knob, row in rows.items() if knob != "sharpness")
