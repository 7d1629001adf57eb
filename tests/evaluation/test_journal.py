"""What a test keeps: every bit comes back, a line that was cut off does not count, another fingerprint neither."""

import json
import math

import numpy as np
import pytest
import torch

from evaluation.journal import Journal, packed, unpacked

OF_A_MODEL = {"checkpoint": "a1", "settings": "b2"}


def opened(folder, fingerprint=OF_A_MODEL, rank=0):
    """A journal in a folder, and what it said."""
    journal = Journal()
    journal.place(folder, rank)
    return journal, journal.open(fingerprint)


def test_every_bit_comes_back():
    """Numbers of any kind, through text, in lists and by name."""
    generator = torch.Generator().manual_seed(0)
    sound, odd = torch.randn(3, 2, generator=generator), torch.tensor([math.nan, math.inf, -0.0])
    what = {"a": [sound, odd], "b": [0.1, "é", None, True], "c": np.array([[1, 2]], np.int16), "d": torch.zeros(0, 4)}
    again = unpacked(json.loads(json.dumps(packed(what))))
    assert again["a"][0].equal(sound) and again["b"] == what["b"]
    assert again["a"][1].numpy().tobytes() == odd.numpy().tobytes()
    assert again["c"].dtype == torch.int16 and again["c"].tolist() == [[1, 2]] and again["d"].shape == (0, 4)


def test_a_later_process_reads_what_an_earlier_kept(tmp_path):
    """By part and note; a line of text each."""
    journal, said = opened(tmp_path / "kept")
    told = []
    journal.added = told.append
    journal.add("knobs", "3", {"x": torch.ones(2)})
    journal.add("knobs", "1", [0.5])
    journal.add("batch", "0", True)
    assert said == "" and told == ["knobs", "knobs", "batch"]
    later, said = opened(tmp_path / "kept")
    assert said == "" and ("knobs", "3") in later and ("knobs", "2") not in later
    assert later.of("knobs")["1"] == [0.5] and later.of("knobs")["3"]["x"].tolist() == [1.0, 1.0]
    lines = (tmp_path / "kept" / "process-0.jsonl").read_text().splitlines()
    assert [json.loads(line).get("key") for line in lines] == [None, "3", "1", "0"]
    later.discard()
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("n_lost", [1, 5, 40])
def test_a_line_that_was_cut_off_does_not_count(tmp_path, n_lost):
    """Nor does it spoil the next."""
    journal, _ = opened(tmp_path)
    journal.add("knobs", "0", [1.5])
    journal.add("knobs", "1", {"x": torch.arange(9.0)})
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole[:-n_lost])
    later, said = opened(tmp_path)
    assert said == "" and later.of("knobs") == {"0": [1.5]}
    later.add("knobs", "1", {"x": torch.arange(9.0)})
    assert later.path.read_bytes() == whole


def test_a_file_whose_first_line_was_cut_off_is_begun_again(tmp_path):
    journal, _ = opened(tmp_path)
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole[:10])
    later, _ = opened(tmp_path)
    assert later.found == {} and later.path.read_bytes() == whole


@pytest.mark.parametrize("damage", [b"\0" * 30 + b"\n", b"{}\n", b"[1]\n", b'{"part": "knobs", "key": "7"}\n', b"17\n"])
def test_what_is_no_line_is_passed_over(tmp_path, damage):
    """As a disk may leave it."""
    journal, _ = opened(tmp_path)
    journal.add("knobs", "0", 1)
    with journal.path.open("ab") as file:
        file.write(damage)
    journal.add("knobs", "1", 2)
    assert opened(tmp_path)[0].of("knobs") == {"0": 1, "1": 2}


def test_another_model_begins_afresh_and_says_why(tmp_path):
    """Naming what is another; what was kept is gone then."""
    opened(tmp_path)[0].add("knobs", "0", 1)
    journal, said = opened(tmp_path, {**OF_A_MODEL, "checkpoint": "a2"})
    assert journal.found == {} and "(checkpoint)" in said and "afresh" in said and said.count(". ") == 0
    assert opened(tmp_path, {**OF_A_MODEL, "checkpoint": "a2"})[1] == ""
    assert opened(tmp_path)[0].found == {}


def test_another_format_begins_afresh(tmp_path):
    journal, _ = opened(tmp_path)
    journal.add("knobs", "0", 1)
    journal.path.write_bytes(journal.path.read_bytes().replace(b'"format": 1', b'"format": 0'))
    later, said = opened(tmp_path)
    assert later.found == {} and "(format)" in said


def test_processes_read_each_others_files(tmp_path):
    """Whatever their number was and is; each writes to its own."""
    first, second = opened(tmp_path)[0], opened(tmp_path, rank=1)[0]
    first.add("knobs", "0", 1)
    second.add("knobs", "1", 2)
    assert first.of("knobs") == {"0": 1}
    first.read()
    assert first.of("knobs") == opened(tmp_path, rank=2)[0].of("knobs") == {"0": 1, "1": 2}


def test_without_a_place_all_is_kept_in_memory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    journal = Journal()
    journal.add("knobs", "0", 1)
    journal.read()
    assert journal.of("knobs") == {"0": 1} and not list(tmp_path.iterdir())
    journal.discard()


def test_another_test_of_the_run_may_clear_up(tmp_path):
    """Who comes second goes on."""
    journal, _ = opened(tmp_path / "kept")
    opened(tmp_path / "kept")[0].discard()
    journal.add("knobs", "0", 1)
    assert opened(tmp_path / "kept")[0].of("knobs") == {"0": 1}
