"""Training sounds of a run."""

from timbre.prepared_data import prepared_data


def test_a_checkpoint_without_its_run_has_none(tmp_path):
    assert prepared_data(tmp_path / "best.ckpt") is None
