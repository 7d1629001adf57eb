"""describe: any sound in numbers; every wrong use in one sentence, and nothing half-written."""

import json

import numpy as np
import pytest
import soundfile

from lightning_modules.encoders import DescriptorEncoder
from synths import ClipFormat
from synths.descriptors.describe import descriptor_kinds
from timbre import main

QUICK = ["--only", "level,sharpness,noisiness,temporal_centroid"]


@pytest.fixture
def note(tmp_path, write_tone):
    return write_tone(tmp_path / "note.wav", 330.0)


@pytest.fixture
def folder(tmp_path, write_tone):
    """Three sounds, one of them without pitch and one in stereo; three that cannot be used; two to pass over."""
    root = tmp_path / "sounds"
    tone = soundfile.read(write_tone(root / "deep" / "tone [a].wav", 220.0))[0]
    write_tone(root / ".hidden" / "tone.wav", 220.0)
    soundfile.write(root / "stereo.flac", np.stack([tone, 0 * tone], 1), 16000)
    soundfile.write(root / "noise.aif", np.random.default_rng(0).uniform(-0.1, 0.1, 16000), 16000, format="AIFF")
    soundfile.write(root / "silent.wav", 0 * tone, 16000)
    soundfile.write(root / "empty.wav", tone[:0], 16000)
    (root / "text.mp3").write_text("not a sound")
    (root / "notes.txt").write_text("not meant to be one")
    return root


def described(*args, capsys):
    """What `--json -` prints."""
    main(["describe", *map(str, args), "--json", "-"])
    return json.loads(capsys.readouterr().out)


def test_one_file_is_a_table_with_every_descriptor(note, capsys):
    main(["describe", str(note)])
    printed = capsys.readouterr().out
    assert all(f" {kind.name} " in printed and kind.summary in printed for kind in descriptor_kinds())
    assert "note.wav: 1.00 s at 16000 Hz, pitch 330" in printed and "100 dB SPL" in printed
    assert printed.index("moving with the sound") < printed.index("of the whole note") < printed.index("read-outs")


def test_json_has_a_number_per_descriptor_and_frames(note, tmp_path):
    """{file: {descriptor: number, ..., frames: {time_s: [...], descriptor: [...], ...}}}, seven digits, no more."""
    main(["describe", str(note), "--json", str(tmp_path / "out.json")])
    report = json.loads((tmp_path / "out.json").read_text())
    assert list(report) == ["note.wav"]
    entry = report["note.wav"]
    frames = entry.pop("frames")
    assert list(entry) == [kind.name for kind in descriptor_kinds()]
    assert all(isinstance(number, float) and number == float(f"{number:.7g}") for number in entry.values())
    assert set(frames) == {"time_s", "f0_hz", *(kind.name for kind in descriptor_kinds() if kind.rate != "note")}
    assert {len(course) for course in frames.values()} == {100}
    assert frames["time_s"][:3] == [0.0, 0.01, 0.02] and frames["f0_hz"][50] == pytest.approx(330.0, rel=0.01)
    assert not list(tmp_path.glob("*.partial"))


def test_json_on_standard_output_is_all_there_is(note, capsys):
    report = described(note, *QUICK, capsys=capsys)
    assert list(report["note.wav"]) == ["level", "sharpness", "noisiness", "temporal_centroid", "frames"]
    assert set(report["note.wav"]["frames"]) == {"time_s", "f0_hz", "level", "sharpness", "noisiness"}


@pytest.mark.parametrize(("file_rate", "rate"), [(8000, 16000), (22050, 22050), (44100, 44100), (96000, 48000)])
def test_any_rate_is_measured_near_its_own(file_rate, rate, note, tmp_path, write_tone, capsys):
    """The same sound has the same numbers, and frames every 10 ms."""
    source = write_tone(tmp_path / "in.wav", 330.0, sample_rate=file_rate)
    main(["describe", str(source), *QUICK])
    assert f"at {rate} Hz" in capsys.readouterr().out
    entry = described(source, *QUICK, capsys=capsys)["in.wav"]
    known = described(note, *QUICK, capsys=capsys)["note.wav"]
    assert entry["level"] == pytest.approx(known["level"], abs=0.1)
    assert entry["sharpness"] == pytest.approx(known["sharpness"], abs=0.03)
    assert np.diff(entry["frames"]["time_s"]) == pytest.approx(0.01, rel=3e-3)


def test_a_folder_is_a_row_per_file_and_names_what_cannot_be_used(folder, tmp_path, capsys):
    """Relative names, the default knobs as columns, a dash where there is no pitch; the rest is done all the same."""
    main(["describe", str(folder), "--json", str(tmp_path / "out.json")])
    captured = capsys.readouterr()
    names = ["deep/tone [a].wav", "noise.aif", "stereo.flac"]
    assert list(json.loads((tmp_path / "out.json").read_text())) == names
    assert all(name in captured.out for name in names) and "–" in captured.out
    for knob in DescriptorEncoder(ClipFormat(16000, 160, 160)).knobs:
        assert all(word in captured.out for word in knob.split("_"))
    assert "3 of 6 sounds described; 3 cannot be used" in captured.out
    assert "No clear pitch in 1 of 3" in captured.out and "Several channels in 1 of 3" in captured.out
    assert all(name in captured.err for name in ("silent.wav", "empty.wav", "text.mp3")) and "tone" not in captured.err


def test_without_a_pitch_what_needs_one_is_null(folder, capsys):
    entry = described(folder / "noise.aif", *QUICK, capsys=capsys)["noise.aif"]
    assert entry["noisiness"] is None and "noisiness" not in entry["frames"] and entry["sharpness"] > 1.0
    main(["describe", str(folder / "noise.aif"), *QUICK])
    assert "No clear pitch" in capsys.readouterr().out


def test_a_known_pitch_is_taken(folder, capsys):
    entry = described(folder / "noise.aif", *QUICK, "--f0", "200", capsys=capsys)["noise.aif"]
    assert set(entry["frames"]["f0_hz"]) == {200.0} and entry["noisiness"] > 0.0


def test_channels_are_mixed_or_chosen(folder, capsys):
    """One of two channels is silent: its mean is 6 dB softer."""
    stereo = folder / "stereo.flac"
    mean, first = (
        described(stereo, *QUICK, *option, capsys=capsys)["stereo.flac"]["level"] for option in ([], ["--channel", "0"])
    )
    assert first - mean == pytest.approx(6.02, abs=0.01)


def test_calibration_changes_what_is_heard_and_not_the_signal(note, capsys):
    """10 dB more are about twice the sones."""
    only = ["--only", "loudness,level"]
    soft, loud = (
        described(note, *only, "--full-scale-db-spl", str(level), capsys=capsys)["note.wav"] for level in (80, 90)
    )
    assert 1.7 < loud["loudness"] / soft["loudness"] < 2.3 and loud["level"] == soft["level"]


def test_the_picture_is_a_png(note, tmp_path, capsys):
    main(["describe", str(note), *QUICK, "--plot", str(tmp_path / "out.png")])
    written = (tmp_path / "out.png").read_bytes()
    assert written.startswith(b"\x89PNG\r\n\x1a\n") and 20_000 < len(written) < 1_000_000
    assert "out.png" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--f0", "0"], "--f0 0"),
        (["--f0", "nan"], "--f0 nan"),
        (["--only", "level,brigtness"], "brigtness"),
        (["--channel", "1"], "--channel"),
        (["--channel", "left"], "left"),
        (["--full-scale-db-spl", "inf"], "--full-scale-db-spl"),
        (["--plot", "out.jpg"], ".jpg"),
        (["--plot", "nowhere/out.png"], "nowhere"),
        (["--json", "nowhere/out.json"], "nowhere"),
    ],
)
def test_a_wrong_option_is_named(options, named, note, tmp_path, refuses, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if options[0] == "--channel" and options[1] == "1":
        named = "note.wav has 1 channel"
    assert named in refuses("describe", note, "--json", "out.json", *options)
    assert {path.name for path in tmp_path.iterdir()} == {"note.wav"}


@pytest.mark.parametrize("name", ["silent.wav", "empty.wav", "text.mp3", "notes.txt", "missing.wav"])
def test_a_sound_that_cannot_be_used_is_named(name, folder, tmp_path, refuses):
    assert name in refuses("describe", folder / name, "--json", tmp_path / "out.json")
    assert not (tmp_path / "out.json").exists()


def test_a_folder_without_sound_is_named(tmp_path, refuses):
    (tmp_path / "quiet").mkdir()
    assert "quiet" in refuses("describe", tmp_path / "quiet")
    soundfile.write(tmp_path / "quiet" / "silent.wav", np.zeros(16000), 16000)
    assert "none of the 1 sound files" in refuses("describe", tmp_path / "quiet")


def test_a_folder_is_not_drawn(folder, refuses, tmp_path):
    assert "folder" in refuses("describe", folder, "--plot", tmp_path / "out.png")


def test_an_output_that_cannot_be_written_is_named(note, tmp_path, refuses):
    (tmp_path / "full.json").mkdir()  # stands for any place that cannot be written, for root too
    assert "full.json" in refuses("describe", note, *QUICK, "--json", tmp_path / "full.json")
    assert not [*(tmp_path / "full.json").iterdir(), *tmp_path.glob(".*.tmp")]
