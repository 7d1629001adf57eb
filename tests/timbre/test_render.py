"""render: any recording through a model; every wrong use in one sentence, and nothing half-written."""

import re
from zipfile import ZipFile

import numpy as np
import pytest
import soundfile
import torch

from instrument.render import render_to
from synths import ClipFormat, Level
from timbre import main


@pytest.fixture
def note(tmp_path, write_tone):
    return write_tone(tmp_path / "note.wav", 330.0)


@pytest.mark.parametrize("sample_rate", [8000, 22050, 44100, 48000])
def test_any_rate_and_length_comes_out_as_long(trained, tmp_path, write_tone, sample_rate):
    """But for the room's tail."""
    source = write_tone(tmp_path / "in.wav", 330.0, duration_s=2.345, sample_rate=sample_rate)
    main(["render", str(trained), str(source), str(tmp_path / "out.wav"), "--dry"])
    audio, rate = soundfile.read(tmp_path / "out.wav")
    assert rate == 16000 and abs(len(audio) - round(2.345 * 16000)) <= 1
    assert np.isfinite(audio).all()


def test_the_same_twice_and_another_seed_differs(trained, note, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        main(["render", str(trained), str(note), str(tmp_path / f"{name}.wav"), "--seed", str(seed)])
    a, b, c = (soundfile.read(tmp_path / f"{name}.wav")[0] for name in "abc")
    assert np.array_equal(a, b) and not np.array_equal(a, c)


def told(printed):
    """Knob to what its line says: was, asked, got as text."""
    lines = [line.split() for line in printed.splitlines()]
    return {words[0]: words[1:4] for words in lines if len(words) > 4 and words[-1] in ("JND", "range")}


def test_a_turned_knob_changes_the_sound_and_says_so(trained, note, tmp_path, capsys):
    main(["render", str(trained), str(note), str(tmp_path / "plain.wav")])
    plain = told(capsys.readouterr().out)
    main(["render", str(trained), str(note), str(tmp_path / "turned.flac"), "--set", "level=-30dB"])
    turned = told(capsys.readouterr().out)
    assert turned["level"][1] == "-30.0" and turned["sharpness"][1] == "held"
    assert {asked for _, asked, _ in plain.values()} == {"held"} and len(plain) == len(turned) == 5
    assert [was for was, _, _ in plain.values()] == [was for was, _, _ in turned.values()]
    a, b = (soundfile.read(tmp_path / name, frames=16000)[0] for name in ("plain.wav", "turned.flac"))
    assert np.abs(a - b).max() > 1e-3


def test_a_request_beyond_what_training_had_is_marked(trained, note, tmp_path, capsys, monkeypatch):
    reach = "synths.descriptors.knob_range.KnobRange.reach"
    monkeypatch.setattr(reach, lambda self, f0_hz: (torch.tensor(0.3), torch.tensor(0.6)))
    options = ["--open", "--set", "sharpness=0.9", "--set", "level=0.5"]
    main(["render", str(trained), str(note), str(tmp_path / "x.wav"), *options])
    printed = " ".join(capsys.readouterr().out.split())
    assert "sharpness: training notes of this pitch have" in printed
    assert printed.count("training notes") == 1


def test_a_dry_rendering_leaves_out_the_room(trained, note, tmp_path):
    main(["render", str(trained), str(note), str(tmp_path / "wet.wav")])
    main(["render", str(trained), str(note), str(tmp_path / "dry.wav"), "--dry"])
    wet, dry = (soundfile.read(tmp_path / f"{name}.wav")[0] for name in ("wet", "dry"))
    assert not np.array_equal(wet, dry)


def write(path, audio, sample_rate=16000):
    soundfile.write(path, audio, sample_rate, subtype="FLOAT")
    return path


def text_file(path):
    path.write_text("not a sound")
    return path


TONE = 0.1 * np.sin(2 * np.pi * 330 * np.arange(16000) / 16000)
WRONG_SOUNDS = {
    "text": (lambda folder: text_file(folder / "in.wav"), "cannot be read as sound"),
    "cancelling": (lambda folder: write(folder / "in.wav", np.stack([TONE, -TONE], 1)), "cancel each other"),
    "integers": (lambda folder: write(folder / "in.wav", 32767 * TONE), "in the scale of 16 bits"),
    "rate": (lambda folder: write(folder / "in.wav", TONE, 7), "samples a second"),
    "folder": (lambda folder: (folder / "in.wav").mkdir() or folder / "in.wav", "no sound in"),
    "silence": (lambda folder: write(folder / "in.wav", np.zeros(16000)), "silent"),
    "nan": (lambda folder: write(folder / "in.wav", np.where(np.arange(16000) == 5, np.nan, TONE)), "not finite"),
    "short": (lambda folder: write(folder / "in.wav", TONE[:100]), "less than one control frame"),
    "empty": (lambda folder: write(folder / "in.wav", TONE[:0]), "empty"),
    "missing": (lambda folder: folder / "in.wav", "does not exist"),
    "noise": (lambda folder: write(folder / "in.wav", np.random.default_rng(0).normal(0, 0.1, 16000)), "pitch"),
}


@pytest.mark.parametrize("kind", WRONG_SOUNDS)
def test_a_sound_that_cannot_be_rendered_is_named(kind, trained, tmp_path, refuses):
    make, why = WRONG_SOUNDS[kind]
    sentence = refuses("render", trained, make(tmp_path), tmp_path / "out.wav")
    assert "in.wav" in sentence and why in sentence
    assert not list(tmp_path.glob("out*"))


def test_a_stereo_sound_is_mixed_and_it_is_said(trained, tmp_path, capsys):
    stereo = write(tmp_path / "in.wav", np.stack([TONE, TONE], 1))
    main(["render", str(trained), str(stereo), str(tmp_path / "out.wav")])
    assert "2 channels was rendered (--channel 0" in capsys.readouterr().out


def test_one_channel_of_a_stereo_sound_can_be_chosen(trained, tmp_path):
    stereo = write(tmp_path / "in.wav", np.stack([TONE, 0 * TONE], 1))
    main(["render", str(trained), str(stereo), str(tmp_path / "out.wav"), "--channel", "0"])
    assert (tmp_path / "out.wav").is_file()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--set", "warmth=0.5"], "there is no knob 'warmth'"),
        (["--set", "sharpness=7"], "out of range"),
        (["--set", "sharpness=nan"], "KNOB=NUMBER"),
        (["--set", "sharpness"], "KNOB=NUMBER"),
        (["--nudge", "sharpness=+7"], "out of range"),
        (["--channel", "left"], "channel"),
    ],
)
def test_a_knob_that_cannot_be_turned_is_named(options, why, trained, note, tmp_path, refuses):
    assert why in refuses("render", trained, note, tmp_path / "out.wav", *options)
    assert not (tmp_path / "out.wav").exists()


def test_another_models_checkpoint_is_refused(note, tmp_path, refuses):
    torch.save({"state_dict": {}}, tmp_path / "other.ckpt")
    assert "another model" in refuses("render", tmp_path / "other.ckpt", note, tmp_path / "out.wav")


def test_pickled_code_is_refused(note, tmp_path, refuses):
    torch.save({"interpretsynth": write}, tmp_path / "code.ckpt")
    assert "weights only" in refuses("render", tmp_path / "code.ckpt", note, tmp_path / "out.wav")


def test_an_output_that_cannot_be_written_is_named(trained, note, tmp_path, refuses):
    assert "nowhere" in refuses("render", trained, note, tmp_path / "nowhere" / "out.wav")
    assert ".mp9" in refuses("render", trained, note, tmp_path / "out.mp9")
    (tmp_path / "full.wav").mkdir()  # stands for any place that cannot be written, for root too
    assert "full.wav" in refuses("render", trained, note, tmp_path / "full.wav")
    assert not [*(tmp_path / "full.wav").iterdir(), *tmp_path.glob(".*.tmp")]


def trained_with(trained, folder, identity):
    """The run's best checkpoint, as another tracker would have left it."""
    checkpoint = torch.load(trained / "checkpoints" / "best.ckpt", weights_only=True)
    checkpoint["interpretsynth"]["f0_tracker"] = identity
    torch.save(checkpoint, folder / "other.ckpt")
    return folder / "other.ckpt"


def test_a_checkpoint_of_the_former_tracker_renders_with_one_remark(trained, note, tmp_path, capsys):
    former = trained_with(trained, tmp_path, "yin librosa 0.11.0 32.7-4200 Hz")
    main(["render", str(former), str(note), str(tmp_path / "out.wav")])
    assert capsys.readouterr().out.count("trained on pitch from 'yin librosa 0.11.0 32.7-4200 Hz'") == 1
    assert (tmp_path / "out.wav").is_file()


def test_a_checkpoint_of_an_unknown_kind_of_tracker_is_refused_unless_the_pitch_is_given(
    trained, note, tmp_path, refuses
):
    other = trained_with(trained, tmp_path, "crepe 1.0")
    assert "crepe 1.0" in refuses("render", other, note, tmp_path / "out.wav")
    main(["render", str(other), str(note), str(tmp_path / "out.wav"), "--f0", "330"])
    assert (tmp_path / "out.wav").is_file()


def test_a_pitch_that_is_given_is_the_one_that_is_rendered(trained, note, tmp_path, monkeypatch):
    (tmp_path / "pitch.csv").write_text("time_s,f0_hz\n0,330\n0.4,330\n0.41,495\n1,495\n")
    asked = []

    def spying(model, sound, f0_hz, *others):
        asked.append(f0_hz)
        return render_to(model, sound, f0_hz, *others)

    monkeypatch.setattr("timbre.render_recording.render_to", spying)
    for f0 in ("165", str(tmp_path / "pitch.csv")):
        main(["render", str(trained), str(note), str(tmp_path / "out.wav"), "--f0", f0])
    held, curve = asked
    assert held.shape == curve.shape == (100,) and torch.allclose(held, torch.tensor(165.0))
    assert torch.allclose(curve[:41], torch.tensor(330.0)) and torch.allclose(curve[41:], torch.tensor(495.0))


def test_noise_is_rendered_at_a_pitch_that_is_given(trained, tmp_path):
    source = write(tmp_path / "in.wav", np.random.default_rng(0).normal(0, 0.1, 16000))
    main(["render", str(trained), str(source), str(tmp_path / "out.wav"), "--f0", "220"])
    assert np.isfinite(soundfile.read(tmp_path / "out.wav")[0]).all()


@pytest.mark.parametrize("f0", ["nan", "20000", "nowhere.csv"])
def test_a_pitch_that_is_none_is_refused_in_a_sentence(trained, note, tmp_path, refuses, f0):
    assert f"--f0 {f0}" in refuses("render", trained, note, tmp_path / "out.wav", "--f0", f0)
    assert not (tmp_path / "out.wav").exists()


def test_knobs_are_met_unless_the_open_sound_is_wanted(trained, note, tmp_path, capsys):
    misses = {}
    for name, options in (("exact", []), ("open", ["--open"])):
        main(["render", str(trained), str(note), str(tmp_path / f"{name}.wav"), "--nudge", "level=-2jnd", *options])
        found = re.findall(r"([0-9.]+) JND$", capsys.readouterr().out, re.MULTILINE)
        assert len(found) == 5
        misses[name] = max(map(float, found))
    assert misses["exact"] < 0.5 * misses["open"], "the worst of all knobs, the held ones too"
    a, b = (soundfile.read(tmp_path / f"{name}.wav", frames=16000)[0] for name in misses)
    assert np.abs(a - b).max() > 1e-4


@pytest.mark.parametrize(
    ("also", "message"),
    [
        ("hardness=50", "--also hardness=50: it cannot be turned: it jumps"),
        ("sharpness=1", "--also sharpness=1: sharpness is a knob of this model: --set or --nudge turns it."),
        ("spectral_spread=wide", "--also spectral_spread=wide: write --also spectral_spread=NUMBER"),
        ("spectral_spread=", "or spectral_spread=+NUMBER, in Hz."),
        ("spectral_spread=2kHz", "spectral_spread is not measured in 'kHz': give it in Hz."),
    ],
)
def test_what_cannot_be_turned_after_training_is_refused(trained, note, tmp_path, refuses, also, message):
    assert message in refuses("render", trained, note, tmp_path / "out.wav", "--also", also)


@pytest.mark.parametrize("turn", ["plain", "nudged"])
def test_a_faithful_sound_is_nearer_to_the_recording_and_says_what_it_is(turn, trained, note, tmp_path, capsys):
    """And its knobs are met: within what can be heard, after a few steps of training."""
    options = {"plain": [], "nudged": ["--nudge", "level=-2jnd", "--also", "spectral_spread=+20Hz"]}
    misses, apart, recorded = {}, {}, soundfile.read(note)[0]
    for name, more in (("exact", []), ("faithful", ["--faithful"])):
        main(["render", str(trained), str(note), str(tmp_path / f"{name}.wav"), *options[turn], *more])
        printed = capsys.readouterr().out
        assert ("this sound is a fit of the recording" in " ".join(printed.split())) == (name == "faithful")
        assert max(map(len, printed.splitlines()[1:])) <= 80, "but for the name of the file"
        misses[name] = max(map(float, re.findall(r"([0-9.]+) JND$", printed, re.MULTILINE)))
        audio = soundfile.read(tmp_path / f"{name}.wav")[0]
        spectra = [np.abs(np.fft.rfft(sound[4096:8192] * np.hanning(4096))) for sound in (audio, recorded)]
        apart[name] = np.abs(spectra[0] / spectra[0].max() - spectra[1] / spectra[1].max()).sum()
    assert apart["faithful"] < apart["exact"]
    assert misses["faithful"] < 0.5


def test_a_faithful_sound_follows_a_curve(trained, note, tmp_path, capsys):
    """Nearer to the recording than the same curve without a fit, and half of the time as near to what is asked."""
    (tmp_path / "knobs.csv").write_text("time_s,level_dB\n0,-24\n1,-30\n")
    followed = {}
    for name, more in (("exact", []), ("faithful", ["--faithful"])):
        options = ["--curve", str(tmp_path / "knobs.csv"), *more]
        main(["render", str(trained), str(note), str(tmp_path / f"{name}.wav"), *options])
        printed = " ".join(capsys.readouterr().out.split())
        followed[name] = float(re.search(r"half of the time within ([0-9.]+)", printed)[1])
    assert followed["faithful"] < max(0.5, 1.2 * followed["exact"])


def test_a_model_that_cannot_be_fitted_says_so_and_goes_on(trained, note, tmp_path, capsys, monkeypatch):
    why = "Odd of the synth cannot say what it plays"
    for module in ("timbre.render_recording", "instrument.playing"):
        monkeypatch.setattr(f"{module}.obstacle_of", lambda model: why)
    main(["render", str(trained), str(note), str(tmp_path / "out.wav"), "--faithful"])
    printed = " ".join(capsys.readouterr().out.split())
    assert f"{why}: the recording is not fitted, and the knobs are not corrected." in printed
    assert "is a fit of the recording" not in printed and (tmp_path / "out.wav").exists()


def test_digital_silence_stays_silent(trained, tmp_path):
    """Ahead of a tone and behind it, from 10 ms of it on; the tone is heard, and so is the open sound's room."""
    source = write(tmp_path / "in.wav", np.concatenate([np.zeros(4800), TONE[:9600], np.zeros(4800)]))
    for more in ([], ["--faithful"]):
        main(["render", str(trained), str(source), str(tmp_path / "out.wav"), "--f0", "330", *more])
        audio = soundfile.read(tmp_path / "out.wav")[0]
        assert (audio[: 4800 - 160] == 0.0).all() and (audio[14400 + 160 :] == 0.0).all()
        assert np.abs(audio[4800:14400]).max() > 0.01
    main(["render", str(trained), str(source), str(tmp_path / "out.wav"), "--f0", "330", "--open"])
    assert np.abs(soundfile.read(tmp_path / "out.wav")[0][14400 + 160 :]).max() > 0.0


def test_a_few_frames_are_fitted_too(trained, tmp_path):
    source = write(tmp_path / "in.wav", TONE[:480])
    main(["render", str(trained), str(source), str(tmp_path / "out.wav"), "--faithful", "--f0", "330"])
    audio = soundfile.read(tmp_path / "out.wav")[0]
    assert len(audio) >= 480 and np.isfinite(audio).all() and np.abs(audio).max() > 0.01


@pytest.mark.parametrize("kind", ["silence", "noise", "short"])
def test_a_sound_that_cannot_be_fitted_is_named(kind, trained, tmp_path, refuses):
    make, why = WRONG_SOUNDS[kind]
    assert why in refuses("render", trained, make(tmp_path), tmp_path / "out.wav", "--faithful")
    assert not list(tmp_path.glob("out*"))


def test_the_open_sound_has_no_further_knobs(note, tmp_path, refuses):
    assert "leave out --open" in refuses(
        "render", "no_model", note, tmp_path / "out.wav", "--also", "spectral_spread=900", "--open"
    )


@pytest.mark.parametrize(("name", "move"), [("spectral_centroid", "100Hz"), ("spectral_flux", "10%")])
def test_a_descriptor_is_turned_after_training(name, move, trained, note, tmp_path, capsys):
    """From where it is judged to be: a flux depends on which frames are looked at."""
    main(["render", str(trained), str(note), str(tmp_path / "out.wav"), "--also", f"{name}=+{move}"])
    was, asked, _ = map(float, told(capsys.readouterr().out)[name])
    assert asked - was == pytest.approx(float(move.strip("Hz%")), rel=0.01)


def test_what_only_sound_tells_is_turned_and_what_is_not_met_is_said(trained, note, tmp_path, capsys):
    """The middle of a tone's energy moves by a tenth of a second; nothing is so rough as what is asked."""
    options = ["--also", "temporal_centroid=+0.02s", "--also", "roughness=9asper"]
    main(["render", str(trained), str(note), str(tmp_path / "out.wav"), *options])
    printed = capsys.readouterr().out
    was, asked, got = map(float, told(printed)["temporal_centroid"])
    assert asked - was == pytest.approx(0.02, abs=0.002) and got == pytest.approx(asked, abs=0.015)
    assert "roughness: 9.00 asper was not reached with the others held; the nearest place" in " ".join(printed.split())


def test_a_curve_is_followed_on_the_sound(trained, note, tmp_path, capsys):
    (tmp_path / "knobs.csv").write_text("time_s,level_dB,sharpness_jnd\n0.1,-30,0\n0.9,-42,0\n")
    main(["render", str(trained), str(note), str(tmp_path / "out.wav"), "--curve", str(tmp_path / "knobs.csv")])
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.count("follows its curve: half of the time within") == 2
    audio, rate = soundfile.read(tmp_path / "out.wav", frames=16000)
    clip = ClipFormat(rate, len(audio), rate // 100)
    level_db = Level(clip).measure(torch.from_numpy(audio).float()[None], torch.zeros(1, 100))[0]
    expected = torch.from_numpy(np.interp(np.arange(100) / 100, [0.1, 0.9], [-30.0, -42.0]))
    assert (level_db - expected)[15:85].abs().median() < 2.5  # a model of a few steps cannot do it in every frame


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--set", "sharpness=loud"], "KNOB=NUMBER"),
        (["--set", "sharpness=3sone"], "sharpness is not measured in 'sone'"),
        (["--set", "level=0.5", "--set", "level=0.6"], "ask the same knob twice"),
        (["--curve", "none.csv"], "none.csv cannot be read"),
        (["--set", "level=0.5", "--curve", "knobs.csv"], "column level_dB ask the same knob: leave one out."),
        (["--peak", "keep"], ".flac holds nothing above full scale"),
        (["--channel", "left"], "choose 0, 1 or mix"),
        (["--faithful", "--open"], "leave out --open"),
        (["--octave", "much"], "--octave much: write auto"),
        (["--faithful", "--match", "all"], "leave out --faithful"),
        (["--faithful", "--octave", "1"], "leave out --faithful"),
    ],
)
def test_wrong_options_are_refused_before_a_model_is_loaded(options, why, note, tmp_path, refuses, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "knobs.csv").write_text("time_s,level_dB\n0,-20\n")
    with ZipFile(tmp_path / "empty.ckpt", "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    assert why in refuses("render", "empty.ckpt", note, tmp_path / "out.flac", *options)


def test_a_curve_out_of_range_is_named_with_line_and_value(trained, note, tmp_path, refuses):
    (tmp_path / "knobs.csv").write_text("time_s,level_dB\n0,-20\n1,20\n")
    sentence = refuses("render", trained, note, tmp_path / "out.wav", "--curve", tmp_path / "knobs.csv")
    assert "knobs.csv, column level_dB, line 3: 20 is out of range: level goes from" in sentence


def test_a_sound_that_would_clip_is_lowered_or_kept_and_it_is_said(trained, tmp_path, capsys):
    source = write(tmp_path / "in.wav", 9.0 * TONE)
    for peak, name in (("lower", "a.wav"), ("keep", "b.wav")):
        options = ["--nudge", "level=+8dB", "--peak", peak]
        main(["render", str(trained), str(source), str(tmp_path / name), *options])
    lowered, kept = capsys.readouterr().out.split("b.wav")
    a, b = (soundfile.read(tmp_path / name)[0] for name in ("a.wav", "b.wav"))
    assert np.abs(a).max() < 1.0 < np.abs(b).max()
    gain_db = 20 * np.log10(np.abs(b).max() / np.abs(a).max())
    assert f"lowered by {gain_db:.1f} dB" in lowered and "above full scale" in kept
    levels = [float(told(said)["level"][2]) for said in (lowered, kept)]
    assert levels[1] - levels[0] == pytest.approx(gain_db, abs=0.1), "what is printed is what the file holds"


def test_nothing_that_is_printed_is_wider_than_80_columns(trained, note, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.csv").write_text("time_s,odd_even_balance\n0,0\n1,1\n")
    options = ["--set", "sharpness=1", "--also", "spectral_spread=+900Hz", "--nudge", "level=+20dB"]
    main(["render", str(trained), "note.wav", "o.wav", *options, "--curve", "k.csv"])
    printed = capsys.readouterr().out
    assert "the nearest place found is" in " ".join(printed.split())
    assert max(map(len, printed.splitlines())) <= 80


def test_a_folder_goes_into_a_folder(trained, tmp_path, write_tone, capsys, refuses):
    """What cannot be rendered is named, the rest is; a render of each alone is the same."""
    write_tone(tmp_path / "in" / "a.wav", 330.0)
    write_tone(tmp_path / "in" / "deep" / "b.flac", 440.0)
    write(tmp_path / "in" / "noise.wav", np.random.default_rng(0).normal(0, 0.1, 16000))
    sentence = refuses("render", trained, tmp_path / "in", tmp_path / "out")
    assert "1 of 3 sounds of" in sentence
    written = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*"))
    assert written == ["a.wav", "deep/b.wav"]
    main(["render", str(trained), str(tmp_path / "in" / "deep" / "b.flac"), str(tmp_path / "alone.wav")])
    alone, together = (soundfile.read(path)[0] for path in (tmp_path / "alone.wav", tmp_path / "out/deep/b.wav"))
    assert np.array_equal(alone, together)


@pytest.mark.parametrize(
    ("names", "out", "why"),
    [
        (["a.wav", "a.flac"], "out", "would both be written to"),
        (["a.wav"], "in/out", "whose sounds are rendered: write elsewhere"),
        ([], "out", "there is no sound in"),
        (["a.wav"], "file", "name a folder to write into"),
    ],
)
def test_folders_that_cannot_be_are_refused(names, out, why, tmp_path, refuses):
    (tmp_path / "in").mkdir()
    (tmp_path / "file").touch()
    for name in names:
        soundfile.write(tmp_path / "in" / name, TONE, 16000)
    with ZipFile(tmp_path / "empty.ckpt", "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    assert why in refuses("render", tmp_path / "empty.ckpt", tmp_path / "in", tmp_path / out)


def test_all_is_matched_to_the_training_notes_and_it_is_said(trained, tmp_path, write_tone, capsys, monkeypatch):
    """They lie from 220 to 415 Hz: a note of 1 kHz is played two octaves lower."""
    monkeypatch.chdir(tmp_path)
    write_tone(tmp_path / "high.wav", 1100.0)
    main(["render", str(trained), "high.wav", "low.wav", "--match", "all"])
    printed = capsys.readouterr().out
    assert "Played 2 octaves lower: 100 % of the pitch lies among" in " ".join(printed.split())
    assert max(map(len, printed.splitlines())) <= 80
    assert "held" not in {asked for _, asked, _ in told(printed).values()}
    spectrum = np.abs(np.fft.rfft(soundfile.read(tmp_path / "low.wav", frames=16000)[0]))
    assert abs(int(np.argmax(spectrum[200:300])) + 200 - 275) <= 3
    main(["render", str(trained), "high.wav", "same.wav"])
    assert "--octave -2 takes most of it there" in " ".join(capsys.readouterr().out.split())


def test_a_model_of_before_matches_no_knobs_and_says_so(trained, note, tmp_path, capsys):
    checkpoint = torch.load(trained / "checkpoints" / "best.ckpt", weights_only=True)
    kept = {key: value for key, value in checkpoint["state_dict"].items() if ".training_frames." not in key}
    assert len(kept) == len(checkpoint["state_dict"]) - 2
    torch.save({**checkpoint, "state_dict": kept}, tmp_path / "old.ckpt")
    main(["render", str(tmp_path / "old.ckpt"), str(note), str(tmp_path / "out.wav"), "--match", "all"])
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.count("This model was trained before checkpoints kept") == 1 and "held" in printed


def test_a_chord_is_said_to_be_one(trained, tmp_path, capsys):
    time_s = np.arange(16000) / 16000
    chord = sum(0.05 * np.sin(2 * np.pi * k * f0 * time_s) / k for k in range(1, 6) for f0 in (220.0, 277.2, 329.6))
    source = write(tmp_path / "in.wav", chord)
    main(["render", str(trained), str(source), str(tmp_path / "out.wav")])
    assert "More than one voice seems to sound" in " ".join(capsys.readouterr().out.split())


def test_an_open_sound_that_misses_says_so(trained, note, tmp_path, capsys):
    main(["render", str(trained), str(note), str(tmp_path / "out.wav"), "--open", "--set", "level=-20dB"])
    assert "level: -20.0 dB was asked; the decoder plays" in " ".join(capsys.readouterr().out.split())
