"""Which clips a run uses comes back as it was saved, or not at all."""

import numpy as np
import pytest

from datamodules.preparation.selection import Selection, label_table

NAN = float("nan")


def selection(names=("a", "schön\n♪", "\udcff")) -> Selection:
    n_clips = len(names)
    return Selection(
        names=list(names),
        rows=np.arange(2 * n_clips, dtype=np.int32).reshape(-1, 2),
        scales=np.full((n_clips, 2), 0.5, np.float32),
        labels=np.full((n_clips, 1), np.nan, np.float32),
        label_names=["pitch"],
        skipped={"torn": "torn.wav is torn."},
        remarks={"an octave off": 3},
        listing="stamp",
    )


def assert_same(one: Selection | None, other: Selection) -> None:
    assert one is not None
    for field in Selection._fields:
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))
    assert all(getattr(one, field).dtype == getattr(other, field).dtype for field in ("rows", "scales", "labels"))


@pytest.mark.parametrize("names", [(), ("one",), ("a", "schön\n♪", "\udcff")])
def test_a_selection_comes_back_as_it_was(tmp_path, names):
    selection(names).save(tmp_path / "selection.npz")
    assert_same(Selection.load(tmp_path / "selection.npz"), selection(names))
    assert [path.name for path in tmp_path.iterdir()] == ["selection.npz"]


def test_what_is_there_already_is_not_written(tmp_path):
    path = tmp_path / "selection.npz"
    selection().save(path)
    before = path.stat().st_ino, tmp_path.stat().st_mtime_ns
    selection().save(path)
    assert (path.stat().st_ino, tmp_path.stat().st_mtime_ns) == before
    selection(["other"]).save(path)
    assert_same(Selection.load(path), selection(["other"]))


def test_one_that_is_not_there_is_none(tmp_path):
    assert Selection.load(tmp_path / "selection.npz") is None
    assert Selection.load(tmp_path) is None


def test_one_that_was_cut_short_is_none(tmp_path):
    path = tmp_path / "selection.npz"
    selection().save(path)
    content = path.read_bytes()
    for n_bytes in range(0, len(content), 7):
        path.write_bytes(content[:n_bytes])
        assert Selection.load(path) is None
    path.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
    assert Selection.load(path) is None, "one bit has changed"


def test_one_with_other_fields_is_none(tmp_path):
    np.savez(tmp_path / "selection.npz", text=np.frombuffer(b'{"names": []}', np.uint8), rows=1, scales=1, labels=1)
    assert Selection.load(tmp_path / "selection.npz") is None


def test_a_label_that_a_clip_lacks_is_not_a_number():
    names, table = label_table([{"pitch": 60.0}, {}, {"drive": 0.5, "pitch": 0.0}, {"drive": NAN}])
    assert names == ["pitch", "drive"] and table.dtype == np.float32
    np.testing.assert_array_equal(table, [[60, NAN], [NAN, NAN], [0, 0.5], [NAN, NAN]])


def test_no_clips_and_no_labels_have_empty_tables():
    assert label_table([])[1].shape == (0, 0)
    assert label_table([{}, {}])[1].shape == (2, 0)


def test_its_shards_are_those_of_its_rows():
    rows = np.array([[7, 0], [2, 5], [7, 1]], dtype=np.int32)
    assert selection()._replace(rows=rows).shards() == [2, 7]
