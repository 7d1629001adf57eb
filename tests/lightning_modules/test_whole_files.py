"""A file is there whole, or as it was."""

import pytest
import soundfile

from lightning_modules.whole_files import written_whole


def test_a_file_is_replaced_when_all_went_well(tmp_path):
    path = tmp_path / "new" / "file.txt"
    with written_whole(path) as partial:
        partial.write_text("all")
        assert not path.exists()
    assert path.read_text() == "all" and list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [RuntimeError("half"), KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_what_was_there_survives_a_failure(tmp_path, error):
    path = tmp_path / "file.txt"
    path.write_text("before")
    with pytest.raises(type(error)), written_whole(path) as partial:
        partial.write_text("hal")
        raise error
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), soundfile.LibsndfileError(2)])
def test_the_message_names_the_file(tmp_path, error):
    with pytest.raises(OSError) as raised, written_whole(tmp_path / "file.wav"):
        raise error
    assert raised.value.filename == str(tmp_path / "file.wav") and raised.value.strerror
