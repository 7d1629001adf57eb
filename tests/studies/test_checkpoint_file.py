"""What is no checkpoint is refused without torch."""

from zipfile import ZipFile

import pytest

from studies.checkpoint_file import refuse_no_checkpoint


def saved(path, member="archive/data.pkl"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(path, "w") as archive:
        archive.writestr(member, b"x")
    return path


def test_a_checkpoint_and_the_folder_of_a_run_pass(tmp_path):
    refuse_no_checkpoint(saved(tmp_path / "x.ckpt"))
    saved(tmp_path / "run" / "checkpoints" / "best.ckpt")
    refuse_no_checkpoint(tmp_path / "run")


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 cut off"])
def test_another_file_is_none(tmp_path, content):
    path = tmp_path / "x.ckpt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.ckpt is not a checkpoint"):
        refuse_no_checkpoint(path)


def test_an_archive_of_something_else_is_none(tmp_path):
    with pytest.raises(ValueError, match="is not a checkpoint"):
        refuse_no_checkpoint(saved(tmp_path / "x.zip", "readme.txt"))


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint .*nosuch"):
        refuse_no_checkpoint(tmp_path / "nosuch")
    with pytest.raises(ValueError, match=r"is not a run: it has no config\.yaml"):
        refuse_no_checkpoint(tmp_path)
    (tmp_path / "config.yaml").touch()
    with pytest.raises(FileNotFoundError, match=r"best\.ckpt"):
        refuse_no_checkpoint(tmp_path)
