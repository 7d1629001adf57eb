"""Ids are found once, are always the same, and keep to the authors' split."""

import json
from itertools import islice

import pytest

from datamodules.synth1b1 import scan as synth1b1_scan
from datamodules.synth1b1.notes import CLEAN, PITCHED
from datamodules.synth1b1.scan import Scan, split_groups
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=32000, hop=160)


@pytest.fixture
def every_third(monkeypatch):
    """Looks at a group without the synthesiser, and says which groups it was asked for."""
    asked = []

    def look(pitched, rule, clip, group):
        asked.append(group)
        return list(range(group * 1024, (group + 1) * 1024, 3))

    class NoProcesses:
        def __init__(self, *_, **__):
            self.map = map

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(synth1b1_scan, "wanted_in_group", look)
    monkeypatch.setattr(synth1b1_scan, "ProcessPoolExecutor", NoProcesses)
    return asked


def test_splits_follow_the_rule_of_the_authors():
    train, valid, test = (list(islice(split_groups(split), 40)) for split in ("train", "valid", "test"))
    assert train[:12] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12]
    assert valid[:3] == [9, 29, 49] and test[:3] == [19, 39, 59]
    assert next(split_groups("train", 99)) == 100


def test_ids_are_the_first_that_are_wanted(tmp_path, every_third):
    scan = Scan(str(tmp_path), True, PITCHED, CLIP)
    assert scan.ids("train", 3) == [0, 3, 6]
    assert scan.ids("train", 3, first_id=1000) == [1002, 1005, 1008]
    assert scan.ids("train", 400)[-1] > 1024
    assert scan.ids("valid", 2) == [9 * 1024, 9 * 1024 + 3]
    assert scan.ids("train", 0) == []


def test_a_group_is_looked_at_once(tmp_path, every_third):
    few = Scan(str(tmp_path), True, PITCHED, CLIP).ids("train", 5)
    many = Scan(str(tmp_path), True, PITCHED, CLIP).ids("train", 2000)
    assert many[:5] == few and len(set(many)) == 2000
    assert Scan(str(tmp_path), True, PITCHED, CLIP).ids("train", 2000) == many
    assert len(every_third) == len(set(every_third))
    assert len(list(tmp_path.iterdir())) == 1


def test_another_question_has_another_answer(tmp_path):
    scans = [
        Scan(str(tmp_path), *of)
        for of in (
            (True, PITCHED, CLIP),
            (False, PITCHED, CLIP),
            (True, CLEAN, CLIP),
            (True, PITCHED, ClipFormat(16000, 16000, 160)),
            (True, PITCHED, ClipFormat(22050, 44100, 210)),
        )
    ]
    assert len({scan.path for scan in scans}) == len({scan.stamp() for scan in scans}) == 5
    assert Scan(str(tmp_path), True, PITCHED, ClipFormat(16000, 32000, 80)).path == scans[0].path


def test_an_interruption_loses_little_and_damage_nothing(tmp_path, every_third, monkeypatch):
    monkeypatch.setattr(synth1b1_scan, "SAVED_EVERY_S", 0)
    scan = Scan(str(tmp_path), True, PITCHED, CLIP)
    groups = scan._wanted(split_groups("train"))
    next(groups)
    assert list(json.loads(scan.path.read_text())["groups"]) == ["0"]
    groups.close()
    scan.path.write_text('{"groups": {"0": [1, ')
    assert scan.ids("train", 2) == [0, 3]


def test_several_processes_find_what_one_does(tmp_path):
    scan = Scan(str(tmp_path), True, PITCHED, CLIP)
    alone = [synth1b1_scan.wanted_in_group(True, PITCHED, CLIP, group) for group in (0, 1)]
    assert scan.ids("train", len(alone[0]) + 20) == [*alone[0], *alone[1][:20]]
