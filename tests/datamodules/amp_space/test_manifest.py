"""The manifest says of every pair what it is, and of every wrong line what is wrong."""

import json
from dataclasses import replace

import pytest

from datamodules.amp_space.manifest import DevicePair, read_manifest, without_twins, write_manifest

ROW = {"id": "a", "source": "di/a.wav", "target": "out/a.wav", "device": "Box"}
FULL = DevicePair(
    "b",
    "di.wav",
    "out.wav",
    "Box",
    "Acme",
    "pedal",
    "real",
    "solo",
    {"Gain": 0.3},
    {"Master": 0.0},
    "valid",
    source_start=10,
    target_start=20,
    num_frames=30,
    sample_rate=48000,
    channel=1,
    lag_samples=-5,
)


def read(tmp_path, *lines) -> list[DevicePair]:
    path = tmp_path / "ampspace.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return read_manifest(path)


def test_what_is_written_is_read_again(tmp_path):
    pairs = [FULL, DevicePair("c", "x.wav", "y.wav", "Gerät", di_id="x")]
    write_manifest(tmp_path / "ampspace.jsonl", pairs)
    assert read_manifest(tmp_path / "ampspace.jsonl") == pairs
    assert [path.name for path in tmp_path.iterdir()] == ["ampspace.jsonl"]


def test_little_suffices(tmp_path):
    assert read(tmp_path, ROW, "") == [DevicePair("a", "di/a.wav", "out/a.wav", "Box", di_id="a")]


def test_turned_knobs_come_before_defaults_and_the_rest_is_not_known():
    assert replace(FULL, defaults={"Gain": 1.0, "Tone": 0.0}).knobs == {"Gain": 0.3, "Tone": 0.0}


@pytest.mark.parametrize(
    "change, words",
    [
        ({"target": None}, "line 2 gives no target"),
        ({"device": "", "id": 3}, "no id or device"),
        ({"split": "training"}, "split is 'training'"),
        ({"lag_samples": 1.5}, "lag_samples is 1.5"),
        ({"num_frames": 0}, "num_frames is 0"),
        ({"source_start": 10**25}, "source_start is 1000"),
        ({"id": "../../b"}, "id is '../../b', which leads out"),
        ({"id": "/b"}, "id is '/b', which leads out"),
        ({"source": "/etc/passwd"}, "source is '/etc/passwd', which leads out"),
        ({"target": "out/../../a.wav"}, "which leads out"),
        ({"source": "..\\\\a.wav"}, "which leads out"),
        ({"target": "C:/a.wav"}, "which leads out"),
        ({"id": "b\0"}, "which no file can be called"),
        ({"source": "\ud800.wav"}, "which no file can be called"),
        ({"params": {"Gain": 10**400}}, "Gain is 1000"),
        ({"channel": True}, "channel is True"),
        ({"sample_rate": 8000}, "sample_rate is 8000"),
        ({"brand": 7}, "brand is 7"),
        ({"params": {"Gain": 5, "Tone": 0.5}}, "Gain is 5, not a number from 0 to 1"),
        ({"params": {"Gain": 1.001}}, "Gain is 1.001, not a number from 0 to 1"),
        ({"params": {"Gain": "loud"}}, "Gain is 'loud'"),
        ({"defaults": {"Gain": float("nan")}}, "Gain is nan"),
        ({"params": [0.3]}, "params is [0.3]"),
        ({"param_unit": "percent"}, "param_unit is 'percent'"),
    ],
)
def test_a_wrong_field_is_named(tmp_path, change, words):
    good, wrong = read(tmp_path, ROW, {**ROW, "id": "b", **change})
    assert not good.problem
    assert words in wrong.problem


@pytest.mark.parametrize("line", ['{"id": "b", "sour', "[1]", "b,c", "[" * 100_000, '{"a":' * 2000 + "1" + "}" * 2000])
def test_a_line_that_is_no_object_is_named(tmp_path, line):
    good, wrong = read(tmp_path, ROW, line)
    assert not good.problem and "ampspace.jsonl line 2 is not" in wrong.problem


@pytest.mark.parametrize("name", ["a", "a/b.wav", "a/../b.wav", "..a/b..wav", "a/..", "♪ [1].wav", " "])
def test_what_is_below_the_folder_does_not_lead_out(tmp_path, name):
    (pair,) = read(tmp_path, {**ROW, "id": name, "source": name})
    assert not pair.problem and pair.id == name


def test_the_second_of_one_id_has_a_name_of_its_own_and_a_problem():
    first, second, third = without_twins([FULL, FULL, replace(FULL, problem="bad")])
    assert first == FULL and len({first.id, second.id, third.id}) == 3
    assert "b is listed" in second.problem and third.problem == "bad"
