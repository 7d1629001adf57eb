"""timbre turn --steps and --design: sounds, table, picture and settings; wrong uses end in one sentence."""

import csv

import numpy as np
import pytest
import soundfile

from timbre import main

RATE = 16000


@pytest.fixture
def folder(tmp_path):
    """A tone that would clip when it gets sharper, and a hiss that has no pitch."""
    random = np.random.default_rng(0)
    time_s = np.arange(8000) / RATE
    phases = 2 * np.pi * 250.0 * np.arange(1, 20) * time_s[:, None]
    tone = (np.cos(phases + random.uniform(0, 6, 19)) / np.arange(1, 20) ** 1.5).sum(1)
    (tmp_path / "in").mkdir()
    tone = 0.97 * tone / np.abs(tone).max() + 2e-3 * random.standard_normal(8000)
    soundfile.write(tmp_path / "in" / "tone.flac", tone, RATE)
    soundfile.write(tmp_path / "in" / "hiss.wav", 0.1 * random.standard_normal(8000), RATE)
    return tmp_path / "in"


def test_a_series_of_equal_loudness(folder, tmp_path, capsys):
    out = tmp_path / "out"
    steps = ["--steps", "-2:2:2jnd", "--knob", "odd_even_balance", "--equal-loudness"]
    main(["turn", str(folder), str(out), *steps])
    said = capsys.readouterr().out
    assert "left out" in said and "hiss.wav" in said and "3 sounds of 1 recordings" in said
    assert max(map(len, said.splitlines()[-2:])) < 200
    rows = list(csv.DictReader((out / "table.csv").open()))
    names = [f"tone_odd_even_balance{step}jnd.flac" for step in ("-2", "+2")]
    assert sorted(row["file"] for row in rows) == sorted([names[0], names[1], "tone_as-recorded.flac"])
    assert all((out / row["file"]).is_file() for row in rows)
    by_file = {row["file"]: row for row in rows}
    loudness = [float(row["loudness_got"]) for row in rows]
    assert max(loudness) - min(loudness) < 0.1  # sone
    for name, step in zip(names, (-2, 2), strict=True):
        assert float(by_file[name]["odd_even_balance_moved_jnd"]) == pytest.approx(step, abs=0.05)
        assert abs(float(by_file[name]["noisiness_off_jnd"])) < 0.05
    assert len({row["lowered_db"] for row in rows}) == 1
    assert "--steps" in (out / "settings.txt").read_text() and (out / "series.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--steps", "-1:1:1jnd"], "--steps and --knob go together"),
        (["--steps", "1:0:1jnd", "--knob", "level"], "write FIRST:LAST:STEP"),
        (["--steps", "0:1:1jnd", "--knob", "warm"], "there is no knob 'warm'"),
        (["--steps", "0:1:1jnd", "--knob", "level", "--nudge", "level=1dB"], "--nudge is for one sound"),
        (["--design", "none.yaml"], "cannot be read as YAML"),
    ],
)
def test_wrong_uses_end_in_a_sentence(folder, tmp_path, capsys, args, words):
    with pytest.raises(SystemExit) as stopped:
        main(["turn", str(folder), str(tmp_path / "out"), *args])
    said = capsys.readouterr().err
    assert stopped.value.code == 2 and words in said and said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_is_not_written_into(folder, capsys):
    with pytest.raises(SystemExit):
        main(["turn", str(folder), str(folder), "--steps", "0:1:1jnd", "--knob", "level"])
    assert "not an empty folder" in capsys.readouterr().err
    assert len(list(folder.iterdir())) == 2


def test_a_sound_that_is_not_met_is_made_and_remarked(folder, tmp_path, capsys):
    (folder / "hiss.wav").unlink()
    main(["turn", str(folder), str(tmp_path / "out"), "--steps", "-20:0:20jnd", "--knob", "sharpness"])
    assert "1 of them were not met in all" in capsys.readouterr().out
    remarks = {row["condition"]: row["remark"] for row in csv.DictReader((tmp_path / "out" / "table.csv").open())}
    assert "was not reached with the others held" in remarks["sharpness-20jnd"] and not remarks["as-recorded"]
