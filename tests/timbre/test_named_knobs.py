"""Names of knobs by a run's configuration are those of its model."""

import pytest
import yaml

from synths.descriptors.describe import descriptor_kinds
from timbre.named_knobs import knob_names


def written(folder, settings):
    (folder / "config.yaml").write_text(yaml.safe_dump({"model": {"encoder": {"init_args": settings}}}))
    return folder


def test_each_descriptor_is_named_after_its_class(tmp_path):
    kinds = descriptor_kinds()
    descriptors = [{"class_path": f"synths.{kind.__name__}"} for kind in kinds]
    assert knob_names(written(tmp_path, {"descriptors": descriptors})) == [kind.name for kind in kinds]


def test_labelled_factors_are_controls_too(tmp_path):
    settings = {"descriptors": [{"class_path": "synths.Level"}], "factors": ["pedal"]}
    assert knob_names(written(tmp_path, settings)) == ["level", "pedal"]


@pytest.mark.parametrize("settings", [{}, {"descriptors": None}, {"descriptors": ["Level"]}, {"descriptors": [{}]}])
def test_a_configuration_that_does_not_say_them_names_none(tmp_path, settings):
    assert knob_names(written(tmp_path, settings)) == []


def test_neither_does_a_file_that_is_no_configuration(tmp_path):
    (tmp_path / "config.yaml").write_text("[")
    assert knob_names(tmp_path) == [] and knob_names(tmp_path / "nosuch.ckpt") == []
