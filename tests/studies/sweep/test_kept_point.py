"""point.json: written once, read ever after."""

import threading
import time

import pytest

import studies.sweep.kept_point as kept_point
from studies.sweep import KeptPoint, keep, point, read_kept, wait_for_kept


def test_comes_back_bit_for_bit_and_in_order(drawn, tmp_path):
    for index in range(20):
        kept = KeptPoint(index, point(drawn, index))
        keep(tmp_path / str(index), kept)
        found = read_kept(tmp_path / str(index), drawn)
        assert found == kept and list(found.values) == list(kept.values)


def test_nothing_is_kept_before(grid, tmp_path):
    assert read_kept(tmp_path, grid) is None


def test_a_file_that_now_gives_another_point_is_refused(grid, write_sweep, tmp_path):
    keep(tmp_path, KeptPoint(1, point(grid, 1)))
    other = write_sweep(parameters={"model.a": {"values": [1, 2]}, "model.b": {"values": ["u", "x", "w"]}})
    with pytest.raises(ValueError, match=r"question\.yaml no longer gives point 1 as .*point\.json"):
        read_kept(tmp_path, other)


@pytest.mark.parametrize("parameters", [{"a": {"values": [1, 2]}}, {"a": {"values": [1, 3]}}, {"b": {"values": [2]}}])
def test_a_trial_is_refused_only_if_its_values_are_impossible(parameters, write_sweep, tmp_path):
    keep(tmp_path, KeptPoint(9, {"a": 2}, trial=4))
    sweep = write_sweep(method="bayes", parameters=parameters)
    if parameters != {"a": {"values": [1, 2]}}:
        with pytest.raises(ValueError, match="no longer gives point 9"):
            read_kept(tmp_path, sweep)
    else:
        assert read_kept(tmp_path, sweep) == KeptPoint(9, {"a": 2}, 4)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"point": 1}', '{"point": "x", "values": {}, "trial": null}'])
def test_what_cannot_be_read_is_named(text, grid, tmp_path):
    (tmp_path / "point.json").write_text(text)
    with pytest.raises(ValueError, match=r"point\.json cannot be read"):
        read_kept(tmp_path, grid)


def test_other_processes_wait_for_the_first(grid, tmp_path):
    kept = KeptPoint(2, point(grid, 2))
    writer = threading.Thread(target=lambda: (time.sleep(0.3), keep(tmp_path, kept)))
    writer.start()
    assert wait_for_kept(tmp_path, grid) == kept
    writer.join()


def test_nobody_waits_for_ever(grid, tmp_path, monkeypatch):
    monkeypatch.setattr(kept_point, "WAIT_S", 0.2)
    with pytest.raises(TimeoutError, match=r"point\.json"):
        wait_for_kept(tmp_path, grid)
