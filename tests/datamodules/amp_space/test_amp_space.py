"""Pairs of clips at the same musical position, from folders as Amp-Space's generators leave them."""

import json
import math
import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import soxr

from datamodules import Heard
from datamodules.amp_space.amp_space import AmpSpace
from sounds.offset import without_offset
from synths.clip import ClipFormat
from tests.datamodules.amp_space.layout_writer import RATE, Sweep, distortion, inverting_fuzz, plucked, tone

CLIP = ClipFormat(sample_rate=16000, n_samples=16000, hop=160)
SPLITS = ("train", "valid", "test")
MELODY = [220.0, 277.2, 329.6, 440.0, 392.0]


def louder(playing, knobs):
    """Keeps the shape of the wave: what comes out can be compared with what went in, sample by sample."""
    return knobs["Level"] * playing


@pytest.fixture
def di(tmp_path):
    return write_di(tmp_path / "dis")


@pytest.fixture
def root(tmp_path, di):
    return write_sweeps(tmp_path / "data", di)


def write_di(folder):
    """A stereo DI."""
    path = folder / "000_riff.wav"
    path.parent.mkdir()
    melody = plucked(MELODY)
    soundfile.write(path, np.stack([melody, melody[::-1]], axis=1), RATE)
    return path


def write_sweeps(root, di):
    """Four devices, both generators."""
    levels = [{"Level": 0.5}, {"Level": 1.0}]
    Sweep(louder, levels, di, lag=33).write(root)
    Sweep(distortion, [{"Gain": 0.2}, {"Gain": 1.0}], di, name="Amp", device_type="Amplifier", lag=-40).write(root)
    Sweep(inverting_fuzz, [{"Fuzz": 0.5}], di, None, "Forge", "FM3", "fuzz", data_type="Real", lag=1500).write(root)
    tones = Sweep(tone, [{"Tone": 0.8}], di, None, "Forge", "FM3", "tone", data_type="Synthetic", lag=700, noise=0.001)
    replace(tones, defaults={"Level": 0.5}).write(root)
    return root


def prepared(root, **options) -> AmpSpace:
    data = AmpSpace(CLIP, str(root), **options)
    data.prepare_data()
    data.setup()
    return data


def every_source(data):
    return [source for split in SPLITS for source in data.sources(split)]


def skipped(data):
    return {name: why for summary in data.summary().values() if summary for name, why in summary.skipped.items()}


def likeness(audio, untouched):
    """Correlation of two waves without a lag, whatever their level: 1 for the same."""
    return abs(audio @ untouched) / math.sqrt((audio @ audio) * (untouched @ untouched))


def test_clips_are_pairs_at_one_musical_position(root, di):
    data = prepared(root)
    clips = [clip for split in SPLITS for clip in data.datasets[split]]
    assert len(clips) == 6 * 3
    alike = {clip.name: likeness(clip.audio.double(), clip.untouched.double()) for clip in clips}
    lowest = {"Suite/Box": 0.999, "Suite/Amp": 0.5, "FM3/fuzz": 0.5, "FM3/tone": 0.8}
    assert all(value > lowest["/".join(name.split("/")[1:3])] for name, value in alike.items())
    # Plucked notes that begin at once leave something below hearing, which reading takes out.
    played = np.concatenate(list(without_offset([soundfile.read(di, dtype="float32")[0][:, 0]], RATE)))
    first_channel = soxr.resample(played, RATE, 16000)
    first = next(clip for clip in clips if clip.name.endswith("Suite/Box/sweep/000_riff/00000000.wav#0"))
    assert np.abs(first.untouched.numpy() - first_channel[:16000]).max() < 0.01


def test_the_pitch_is_that_of_the_untouched_sound(root):
    data = prepared(root)
    fuzz, box = (
        next(
            clip for split in SPLITS for clip in data.datasets[split] if name in clip.name and clip.name.endswith("#1")
        )
        for name in ("FM3/fuzz", "Suite/Box")
    )
    assert (12 * (fuzz.f0_hz / box.f0_hz).log2().abs()).median() < 0.1


def test_a_missing_knob_is_not_nought_and_words_are_numbers(root):
    data = AmpSpace(CLIP, str(root))
    by_device = {data.label_names["device"][int(source.labels["device"])]: source for source in every_source(data)}
    assert set(by_device) == {"Acme/Box", "Acme/Amp", "Forge/FM3 fuzz", "Forge/FM3 tone"}
    tone_labels = by_device["Forge/FM3 tone"].labels
    assert tone_labels["knob_Tone"] == 0.8 and tone_labels["knob_Level"] == 0.5
    assert math.isnan(tone_labels["knob_Gain"]) and math.isnan(tone_labels["knob_Fuzz"])
    assert data.label_names["device_type"][int(by_device["Acme/Amp"].labels["device_type"])] == "amplifier"
    assert data.label_names["data_type"][int(by_device["Forge/FM3 fuzz"].labels["data_type"])] == "real"
    assert len({tuple(source.labels) for source in every_source(data)}) == 1


def test_no_device_is_in_two_splits(root):
    data = AmpSpace(CLIP, str(root))
    devices = [{source.labels["device"] for source in data.sources(split)} for split in SPLITS]
    assert all(devices) and sum(map(len, devices)) == 4 == len(set.union(*devices))


@pytest.mark.parametrize(
    "filters, n_devices",
    [
        ({"device_types": ["pedal"]}, 3),
        ({"device_types": ["pedal", "amplifier"], "data_types": ["real", "synthetic", "simulation"]}, 4),
        ({"devices": ["Acme/Box", "Acme/Amp", "Forge/FM3 fuzz"]}, 3),
        ({"dis": ["000_riff"]}, 4),
    ],
)
def test_filters(root, filters, n_devices):
    assert len({source.labels["device"] for source in every_source(AmpSpace(CLIP, str(root), **filters))}) == n_devices


def test_a_filter_for_what_is_not_there_is_an_error(root):
    with pytest.raises(ValueError, match=r"data\.devices asks for Big Muff, but here is only Acme/Amp"):
        AmpSpace(CLIP, str(root), devices=["Big Muff"]).sources("train")
    with pytest.raises(ValueError, match="cannot be split three ways"):
        AmpSpace(CLIP, str(root), data_types=["real"]).sources("train")


def test_the_start_of_an_output_is_left_out(root):
    """What the renderer left of the setting before ends before the first clip starts."""
    data = AmpSpace(CLIP, str(root), skip_s=0.15)
    start_s = {
        source.name.split("/")[2]: source.sound.start_s for source in every_source(data) if source.name[-1] == "0"
    }
    assert start_s["Box"] == pytest.approx(0.15, abs=1e-4)
    assert start_s["fuzz"] == pytest.approx(0.15, abs=1e-4)
    late = AmpSpace(CLIP, str(root), skip_s=0.0)
    untouched = {source.name.split("/")[2]: source.untouched for source in every_source(late) if source.name[-1] == "0"}
    assert untouched["Box"].start_s == untouched["fuzz"].start_s == 0


def test_lags_are_found_once(root, monkeypatch):
    before = [source.sound for source in every_source(AmpSpace(CLIP, str(root)))]
    monkeypatch.setattr("datamodules.amp_space.lags.find_lag", lambda *_: pytest.fail("listened again"))
    assert [source.sound for source in every_source(AmpSpace(CLIP, str(root)))] == before
    (root / ".timbre" / "amp-space-lags.json").write_text('{"torn')
    monkeypatch.undo()
    assert [source.sound for source in every_source(AmpSpace(CLIP, str(root)))] == before


def test_a_recorder_that_starts_anew_has_a_lag_for_each_output(root, di):
    folder = root / "Forge/FM3/fuzz/000_riff"
    sweep = Sweep(inverting_fuzz, [{"Fuzz": 0.1 * number} for number in range(5)], di, None, "Forge")
    (folder / "settings.yaml").write_text(sweep.settings_text())
    lags = {f"{number:08d}.wav": 900 + 300 * (number % 2) for number in range(5)}
    for name, output in zip(lags, sweep.outputs(), strict=True):
        soundfile.write(folder / name, np.roll(output, lags[name]), RATE)
    sources = [source for source in every_source(AmpSpace(CLIP, str(root), skip_s=0)) if "FM3/fuzz" in source.name]
    found = {
        source.name.split("/")[-1][:-2]: source.sound.start_s * RATE for source in sources if source.name[-1] == "0"
    }
    assert found == pytest.approx(lags, abs=1)


def test_an_output_of_something_else_is_named(root):
    rng = np.random.default_rng(0)
    soundfile.write(root / "Forge/FM3/fuzz/000_riff/00000000.wav", 0.1 * rng.standard_normal(3 * RATE), RATE)
    data = prepared(root)
    (why,) = skipped(data).values()
    assert why.startswith("The lag of ") and "could not be found" in why and "FM3/fuzz" in why


def test_bad_files_are_named_and_the_rest_is_used(root):
    box, amp = root / "Acme/Suite/Box/sweep/000_riff", root / "Acme/Suite/Amp/sweep/000_riff"
    (box / "00000000.wav").unlink()
    soundfile.write(box / "00000001.wav", soundfile.read(box / "00000001.wav")[0], 48000)
    (amp / "00000000.wav").write_text("no sound")
    (root / "Acme" / "settings.yaml").write_text("files: [")
    settings = root / "Forge/FM3/fuzz/000_riff/settings.yaml"
    settings.write_text(settings.read_text().replace("  - filename", "  - filename: 00000000.wav\n  - filename"))
    data = AmpSpace(CLIP, str(root))
    data.prepare_data()
    why = skipped(data)
    assert len(why) == 5
    assert "does not exist" in why["Acme/Suite/Box/sweep/000_riff/00000000.wav"]
    assert "48000 Hz and should be at 44100 Hz" in why["Acme/Suite/Box/sweep/000_riff/00000001.wav"]
    assert "cannot be read as sound" in why["Acme/Suite/Amp/sweep/000_riff/00000000.wav"]
    assert "cannot be read as YAML" in why["Acme/settings.yaml"]
    assert "is listed 2 times" in why["Forge/FM3/fuzz/000_riff/00000000.wav (2)"]
    assert sum(summary.n_usable for summary in data.summary().values()) == 3 * 3


def test_chords_are_left_out_by_what_is_heard(root):
    data = AmpSpace(CLIP, str(root), lowest_voiced=0.6)
    assert "Only 55%" in data.objection("a", {}, Heard(220.0, 0.55, 1.0))
    assert data.objection("a", {}, Heard(220.0, 0.6, 1.0)) == ""


def test_the_manifest_says_what_the_layout_said_and_comes_first(root):
    data = AmpSpace(CLIP, str(root))
    before = {
        split: [(source.name, source.sound, source.untouched) for source in data.sources(split)] for split in SPLITS
    }
    (root / "Acme/Suite/Amp/sweep/000_riff/00000000.wav").unlink()
    left_out = AmpSpace(CLIP, str(root)).write_manifest()
    assert list(left_out) == ["Acme/Suite/Amp/sweep/000_riff/00000000.wav"]
    rows = [json.loads(line) for line in (root / "ampspace.jsonl").read_text().splitlines()]
    lag = {row["device"]: row["lag_samples"] for row in rows}
    assert (lag["Box"], lag["Amp"], lag["FM3 fuzz"]) == (4410 + 33, 4410 - 40, 1500) and abs(lag["FM3 tone"] - 700) < 8
    for settings in root.rglob("settings.yaml"):
        settings.unlink()
    after = AmpSpace(CLIP, str(root))
    for split in SPLITS:
        assert [(source.name, source.sound, source.untouched) for source in after.sources(split)] == [
            each for each in before[split] if not each[0].startswith("Acme/Suite/Amp/sweep/000_riff/00000000")
        ]
    with pytest.raises(ValueError, match="is there already"):
        after.write_manifest()


def test_a_manifest_of_what_cannot_be_split_or_aligned_is_for_a_person_to_fill_in(root):
    rng = np.random.default_rng(0)
    soundfile.write(root / "Forge/FM3/fuzz/000_riff/00000000.wav", 0.1 * rng.standard_normal(3 * RATE), RATE)
    assert AmpSpace(CLIP, str(root), devices=["Forge/FM3 fuzz"]).write_manifest() == {}
    row = json.loads((root / "ampspace.jsonl").read_text())
    assert row["split"] == "" and row["lag_samples"] is None and row["params"] == {"Fuzz": 0.5}


def test_a_changed_output_is_listened_to_again(root):
    """The file of an output changes after its lag was found: it starts elsewhere."""
    path = root / "Forge/FM3/fuzz/000_riff/00000000.wav"
    starts = []
    for n_later in (0, 500):
        soundfile.write(path, np.roll(soundfile.read(path)[0], n_later), RATE)
        starts += [
            source.sound.start_s
            for source in every_source(AmpSpace(CLIP, str(root), skip_s=0))
            if "fuzz" in source.name
        ]
    assert starts[3] - starts[0] == pytest.approx(500 / RATE)


def test_a_cache_that_cannot_be_written_is_named(root, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"--data\.cache"):
        AmpSpace(CLIP, str(root), cache=str(tmp_path / "file" / "below")).sources("train")


def test_a_lag_and_a_stretch_of_the_manifest_hold(root):
    AmpSpace(CLIP, str(root)).write_manifest()
    path = root / "ampspace.jsonl"
    row = next(json.loads(line) for line in path.read_text().splitlines() if "Suite/Box" in line)
    row |= {"lag_samples": 100, "source_start": RATE // 10, "target_start": RATE // 5, "num_frames": RATE // 2}
    path.write_text(json.dumps({**row, "split": "test"}))
    (source,) = AmpSpace(CLIP, str(root), skip_s=0).sources("test")
    assert source.untouched.start_s == 0.1 and source.sound.start_s == pytest.approx(0.2 + 100 / RATE)
    sound = source.sound.read(CLIP)
    assert np.abs(sound[7000:8000]).max() > 0.001 and np.abs(sound[8001:]).max() == 0
    assert pickle.loads(pickle.dumps(source)) == source


def test_words_keep_their_numbers(root):
    names = AmpSpace(CLIP, str(root))
    names.sources("train")
    shutil.copytree(root / "Acme", root / "Aardvark")
    settings = next((root / "Aardvark").rglob("Box/*/*/settings.yaml"))
    settings.write_text(settings.read_text().replace("Acme", "Aardvark"))
    grown = AmpSpace(CLIP, str(root))
    grown.sources("train")
    assert grown.label_names["device"] == [*names.label_names["device"], "Aardvark/Box"]
    assert AmpSpace(CLIP, str(root)).label_names == grown.label_names


def test_the_listing_is_known_until_a_file_comes_or_goes(root):
    stamps = [AmpSpace(CLIP, str(root)).listing_stamp("train")]
    prepared(root)
    assert AmpSpace(CLIP, str(root)).listing_stamp("train") == stamps[0]
    output = next(root.rglob("00000000.wav"))
    output.rename(output.with_name("moved.wav"))
    stamps.append(AmpSpace(CLIP, str(root)).listing_stamp("train"))
    settings = next(root.rglob("settings.yaml"))
    settings.write_text(settings.read_text() + "\n")
    stamps.append(AmpSpace(CLIP, str(root)).listing_stamp("train"))
    assert len(set(stamps)) == 3
