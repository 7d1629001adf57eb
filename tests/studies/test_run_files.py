"""JSON files of a run: a number of their format, null for what JSON does not have, and files of before and after."""

import json
import math

import numpy as np
import pytest

from studies.run_files import FORMAT, NewerFormat, read_json, write_json


def test_is_strict_json_with_its_format(tmp_path):
    path = tmp_path / "made" / "report.json"
    write_json(path, {"a": (1.5, math.nan), "b": np.array([[np.inf, 2.0]]), "c": {"d": None, "e": "text", "f": True}})
    content = json.loads(path.read_text(), parse_constant=pytest.fail)
    expected = {"format": FORMAT, "a": [1.5, None], "b": [[None, 2.0]], "c": {"d": None, "e": "text", "f": True}}
    assert content == expected == read_json(path) and [path] == list(path.parent.iterdir())


@pytest.mark.parametrize("content", [{"n": 1}, [{"n": 1}], {"format": FORMAT, "n": 1}])
def test_reads_what_earlier_versions_wrote(content, tmp_path):
    (tmp_path / "report.json").write_text(json.dumps(content))
    assert read_json(tmp_path / "report.json") == content


@pytest.mark.parametrize("number", [FORMAT + 1, "new", None])
def test_refuses_what_a_later_version_wrote(number, tmp_path):
    (tmp_path / "report.json").write_text(json.dumps({"format": number}))
    with pytest.raises(NewerFormat, match=rf"report\.json is of format {number} .* reads up to {FORMAT}: use a newer"):
        read_json(tmp_path / "report.json")
