"""The help of an experiment names options that there are."""

import pytest

from studies.run_folder import flat
from timbre.configured import ModelAlone
from timbre.experiment_help import experiment_names, experiments_folder, sections

EXPERIMENT = experiments_folder() / "demo.yaml"


@pytest.mark.parametrize("verb", ["fit", "predict", "prepare"])
def test_every_option_is_one_of_the_parser(verb):
    """Beside those that are words of their own: the file, and trust."""
    configuration = ModelAlone(verb, ["-c", str(EXPERIMENT)]).config.as_dict()
    known = {key.replace(".init_args", "").removesuffix(".class_path") for key in flat(configuration)}
    listed = [option.split()[0].removeprefix("--") for rows in sections(verb).values() for option in rows]
    assert {*listed} - known <= {"-c,", "trust"}
    assert len(listed) > 15


def test_every_experiment_is_listed():
    assert "demo" in experiment_names() and len(experiment_names()) == len([*experiments_folder().glob("*.yaml")])
