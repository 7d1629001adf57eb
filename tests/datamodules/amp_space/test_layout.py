"""settings.yaml and data.csv, as the generators write them, tell the same pairs; what is wrong in them is named."""

import shutil

import numpy as np
import pytest
import soundfile

from datamodules.amp_space.layout import read_layout
from tests.datamodules.amp_space.layout_writer import RATE, Sweep, distortion, tone, write_table

GAINS = [{"Gain": 0.1}, {"Gain": 0.5}, {"Gain": 0.0}]


@pytest.fixture
def di(tmp_path):
    path = tmp_path / "dis" / "000_riff.wav"
    path.parent.mkdir()
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(RATE // 2), RATE)
    return path


@pytest.fixture
def root(tmp_path, di):
    Sweep(distortion, GAINS, di, defaults={"Master": 0.5, "----": 1.0}).write(tmp_path / "data")
    Sweep(tone, [{"Tone": 0.2}, {"Tone": 1.0}], di, None, "Forge", "5150", "dull", "Amplifier", "Real").write(
        tmp_path / "data"
    )
    return tmp_path / "data"


def test_settings_of_both_generators(root):
    pairs = read_layout(root)
    assert [pair.problem for pair in pairs] == [""] * 5
    first, last = pairs[0], pairs[-1]
    assert first.id == first.target == "Acme/Suite/Box/sweep/000_riff/00000000.wav"
    assert first.source == "Acme/Suite/Box/sweep/000_riff/000_riff.wav" and first.di_id == "000_riff"
    assert (first.full_device, first.device_type, first.data_type) == ("Acme/Box", "pedal", "simulation")
    assert first.knobs == {"Gain": 0.1, "Master": 0.5}
    assert last.target == "Forge/5150/dull/000_riff/00000001.wav" and last.knobs == {"Tone": 1.0}
    assert (last.full_device, last.device_type, last.data_type) == ("Forge/5150 dull", "amplifier", "real")


def test_tables_tell_what_settings_told(root):
    before = read_layout(root)
    for seed, brand in enumerate(("Acme", "Forge")):
        write_table(root / brand, seed)
    after = read_layout(root)
    assert [(pair.target, pair.source, pair.full_device, pair.device_type, pair.data_type) for pair in after] == [
        (pair.target, pair.source, pair.full_device, pair.device_type, pair.data_type) for pair in before
    ]
    assert [pair.knobs for pair in after] == [pair.knobs for pair in before]


def test_nought_in_a_table_is_not_known_and_nought_point_nought_is(root):
    """One table for both devices: each lacks the knobs of the other."""
    write_table(root)
    knobs = {pair.target.split("/")[0]: pair.knobs for pair in read_layout(root)}
    assert knobs == {"Acme": {"Gain": 0.0, "Master": 0.5}, "Forge": {"Tone": 1.0}}


def test_a_table_in_a_folder_of_another_name_now(root):
    write_table(root / "Acme")
    (root / "Acme").rename(root / "unpacked")
    pair = read_layout(root)[-1]
    assert pair.target == "unpacked/Suite/Box/sweep/000_riff/00000002.wav" and (root / pair.source).is_file()


def test_settings_come_before_tables(root):
    table = write_table(root / "Acme", keep_settings=True)
    table.write_text(table.read_text().replace("0.5", "0.9"))
    assert [pair.knobs["Gain"] for pair in read_layout(root)[:3]] == [0.1, 0.5, 0.0] and len(read_layout(root)) == 5


def test_a_comma_in_a_table_is_named(root):
    table = write_table(root / "Acme")
    table.write_text(table.read_text().replace("Pedal", "Pedal, loud", 1))
    pairs = read_layout(root)
    assert len(pairs) == 5 and sum(bool(pair.problem) for pair in pairs) == 1
    assert any("data.csv line 2 has 11 fields where the header has 10" in pair.problem for pair in pairs)


@pytest.mark.parametrize(
    "old, new, n_wrong, words",
    [
        ("device: Box\n", "", 3, "entry 1 gives no device"),
        ("di_file: 000_riff.wav\n", "di_file:\n", 3, "gives no di_file"),
        ("  - filename: 00000001.wav\n    settings:", "  - settings:", 1, "entry 2 gives no filename"),
        ('"Gain": 0.5', '"Gain": 5.0', 1, "entry 2: Gain is 5.0, not a number from 0 to 1"),
        ('"Gain": 0.5', '"Gain": half', 1, "Gain is 'half'"),
        ('"Master": 0.5', '"Master": -1', 3, "Master is -1"),
        ('    - "Gain": 0.5\n', "    - Gain\n", 1, "settings and defaults should be lists"),
        ("device: Box", "device: Box: red", 1, "cannot be read as YAML"),
        ("files:", "outputs:", 1, "lists no files"),
        ("files:", "more: " + "[" * 5000 + "]" * 5000 + "\nfiles:", 1, "cannot be read as YAML"),
    ],
)
def test_what_is_wrong_in_settings_is_named_and_the_rest_is_used(root, old, new, n_wrong, words):
    path = root / "Acme/Suite/Box/sweep/000_riff/settings.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    problems = [pair.problem for pair in read_layout(root) if pair.problem]
    assert len(problems) == n_wrong and words in problems[0] and "settings.yaml" in problems[0]
    assert not any(pair.problem for pair in read_layout(root) if pair.brand == "Forge")


def test_words_stay_what_they_are(root):
    path = root / "Acme/Suite/Box/sweep/000_riff/settings.yaml"
    path.write_text(path.read_text().replace("device: Box", "device: 0042").replace("brand: Acme", "brand: Off"))
    assert read_layout(root)[0].full_device == "Off/0042"


def test_hidden_folders_are_not_looked_into(root):
    shutil.copytree(root / "Acme", root / ".old" / "Acme")
    assert len(read_layout(root)) == 5
