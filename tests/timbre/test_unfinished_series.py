"""A series that was interrupted goes on where it stopped, by the same command only."""

import numpy as np
import pytest
import soundfile

from timbre import main, turn_series
from timbre.unfinished_series import UnfinishedSeries

RATE = 16000
SERIES = ["--steps", "0:2:2dB", "--knob", "level"]


@pytest.fixture
def folder(tmp_path):
    """Three hisses."""
    (tmp_path / "in").mkdir()
    for number in range(3):
        hiss = 0.1 * np.random.default_rng(number).standard_normal(4000)
        soundfile.write(tmp_path / "in" / f"{number}.wav", hiss, RATE)
    return tmp_path / "in"


def files(folder):
    """Name -> bytes."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_files_as_if_it_had_never_stopped(folder, tmp_path, monkeypatch):
    main(["turn", str(folder), str(tmp_path / "whole"), *SERIES])
    one_sound, sources = turn_series._one_sound, []

    def until_the_third(given, source, *rest):
        sources.append(source.name)
        if sources == ["0.wav", "1.wav", "2.wav"]:
            raise KeyboardInterrupt
        return one_sound(given, source, *rest)

    monkeypatch.setattr(turn_series, "_one_sound", until_the_third)
    with pytest.raises(SystemExit) as stopped:
        main(["turn", str(folder), str(tmp_path / "out"), *SERIES])
    assert stopped.value.code == 130 and "table.csv" not in files(tmp_path / "out")
    with (tmp_path / "out" / "unfinished.jsonl").open("a") as file:
        file.write('["half a li')  # as a process leaves it that is killed in the middle
    main(["turn", str(folder), str(tmp_path / "out"), *SERIES])
    assert sources == ["0.wav", "1.wav", "2.wav", "2.wav"]
    whole, resumed = files(tmp_path / "whole"), files(tmp_path / "out")
    for made in (whole, resumed):
        made["settings.txt"] = made["settings.txt"].split()[:2]  # it names the folder
    assert whole == resumed and len(whole) == 9


def test_another_command_is_refused(tmp_path):
    UnfinishedSeries(tmp_path / "out", ["one"])
    with pytest.raises(ValueError, match="out holds an unfinished series of another command: give that one again"):
        UnfinishedSeries(tmp_path / "out", ["two"])


def test_a_folder_of_other_things_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for place in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(ValueError, match="is there already and not an empty folder"):
            UnfinishedSeries(place, ["one"])
    assert files(tmp_path) == {"notes.txt": b"mine"}


def test_a_recording_that_was_changed_is_made_again(tmp_path):
    source = tmp_path / "a.wav"
    source.write_text("one")
    UnfinishedSeries(tmp_path / "out", ["one"]).keep(source, [{"off": 0.1}])
    assert UnfinishedSeries(tmp_path / "out", ["one"]).rows_of(source) == [{"off": 0.1}]
    source.write_text("other")
    assert UnfinishedSeries(tmp_path / "out", ["one"]).rows_of(source) is None
