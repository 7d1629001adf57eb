"""Sounds of a folder, and what is said where there is none."""

import pytest

from sounds.sound_file import SUFFIXES
from timbre.describe.files import endings, sound_files


def test_a_folder_without_sound_is_one_short_sentence_that_says_where_the_list_is(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ValueError, match=r"no sound in .*\.wav or another .*timbre describe --help") as error:
        sound_files(tmp_path)
    assert len(str(error.value).replace(str(tmp_path), "")) < 140


def test_the_list_has_every_ending_in_lines_of_a_terminal():
    assert set(SUFFIXES) <= set(endings().replace(",", "").split())
    assert max(map(len, endings().splitlines())) <= 100
