"""What a sweep's file must be: each broken rule is one sentence with file and key."""

import copy
from pathlib import Path

import pytest

from studies.sweep.rules import refuse_broken

RANGE = {"distribution": "uniform", "min": 0.0, "max": 1.0}
BROKEN = {
    "unknown key": ({"metod": "grid"}, "unknown key metod"),
    "no method": ({"method": ...}, "has no method"),
    "unknown method": ({"method": "gird"}, "method .*'gird'"),
    "no metric": ({"metric": ...}, "has no metric"),
    "unknown key of the metric": ({"metric": {"name": "a", "goal": "minimize", "aim": 1}}, "metric .*unknown key aim"),
    "unknown goal": ({"metric": {"name": "a", "goal": "max"}}, "metric.goal .*'max'"),
    "no parameters": ({"parameters": {}}, "parameters "),
    "a parameter that is not a mapping": ({"parameters": {"a": [1, 2]}}, r"parameters\.a"),
    "a name with a blank": ({"parameters": {"a b": {"value": 1}}}, "a b"),
    "null": ({"parameters": {"a": {"values": [1, None]}}}, r"parameters\.a\.values\.1 is null"),
    "null elsewhere": ({"run_cap": None}, "run_cap is null"),
    "value and values": ({"parameters": {"a": {"value": 1, "values": [1]}}}, r"parameters\.a has value and values"),
    "no values": ({"parameters": {"a": {"values": []}}}, r"parameters\.a"),
    "a value twice": ({"parameters": {"a": {"values": [1, 1]}}}, r"parameters\.a"),
    "a list as a value": ({"parameters": {"a": {"values": [[1], [2]]}}}, r"parameters\.a"),
    "a number that YAML takes for text": ({"parameters": {"a": {"values": ["1e-3"]}}}, r"parameters\.a .*write 0\.001"),
    "unknown distribution": ({"parameters": {"a": RANGE | {"distribution": "unifrom"}}}, r"parameters\.a .*unifrom"),
    "a distribution not drawn here": ({"parameters": {"a": {"distribution": "normal"}}}, r"parameters\.a .*normal"),
    "a range without a distribution": ({"parameters": {"a": {"min": 0, "max": 1}}}, r"parameters\.a .*distribution"),
    "min above max": ({"method": "random", "parameters": {"a": RANGE | {"min": 2.0}}}, r"parameters\.a .*min 2"),
    "no max": ({"parameters": {"a": {"distribution": "uniform", "min": 0.0}}}, r"parameters\.a has no max"),
    "an infinite range": ({"parameters": {"a": RANGE | {"max": float("inf")}}}, r"parameters\.a .*finite"),
    "a logarithm of 0": ({"parameters": {"a": RANGE | {"distribution": "log_uniform_values"}}}, r"parameters\.a.min"),
    "halves of whole numbers": (
        {"parameters": {"a": {"distribution": "int_uniform", "min": 0, "max": 1.5}}},
        r"parameters\.a\.max",
    ),
    "a step of 0": ({"parameters": {"a": RANGE | {"distribution": "q_uniform", "q": 0}}}, r"parameters\.a\.q"),
    "a range in a grid": ({"parameters": {"a": RANGE}}, r"parameters\.a is a range"),
    "a cap below the grid": ({"run_cap": 5}, "run_cap is 5, but the grid has 6 points"),
    "a cap above the grid": ({"run_cap": 7}, "run_cap is 7, but the grid has 6 points"),
    "no cap": ({"method": "random", "run_cap": ...}, "has no run_cap"),
    "a cap in words": ({"run_cap": "six"}, "run_cap"),
    "a metric that is text": ({"metric": "test/frave_score"}, "metric"),
    "a command that is text": ({"command": "timbre fit --test true"}, "command"),
    "a key that its kind has not": (
        {"parameters": {"a": {"values": [1], "min": 0}}},
        r"parameters\.a .*unknown key min",
    ),
    "a cap of 0": ({"method": "random", "run_cap": 0}, "run_cap"),
    "an axis within another": (
        {
            "run_cap": 1,
            "parameters": {"model.encoder": {"values": ["x"]}, "model.init_args.encoder.size": {"values": [1]}},
        },
        "lies within model.encoder",
    ),
    "an end by what only the test tells": (
        {"early_terminate": {"type": "hyperband", "min_iter": 2}},
        "metric.name test/frave_score is not known while training",
    ),
    "an end without a beginning": ({"early_terminate": {"type": "hyperband"}}, "early_terminate has no min_iter"),
    "an end of another kind": (
        {"early_terminate": {"type": "median", "min_iter": 2}},
        "early_terminate.type .*'median'",
    ),
    "an option of every point": ({"parameters": {"name": {"values": ["x"]}}}, "parameters.name"),
    "another program": ({"command": ["${env}", "python", "fit", "--test", "true", "${args}"]}, "command must begin"),
    "a command without the point": ({"command": ["${env}", "timbre", "fit", "--test", "true"]}, "command .*args"),
    "a command without a test": ({"command": ["${env}", "timbre", "fit", "${args}"]}, "command lacks --test"),
}


def changed(content, changes):
    """Content with some keys replaced, or (...) removed."""
    merged = copy.deepcopy(content) | changes
    return {key: value for key, value in merged.items() if value is not ...}


def test_a_sound_file_passes(content):
    refuse_broken(Path("a.yaml"), content)
    ranges = {"a": RANGE, "b": {"value": 3}, "c": {"distribution": "q_uniform", "min": 0, "max": 9, "q": 3}}
    for method in ("random", "bayes"):
        refuse_broken(Path("a.yaml"), content | {"method": method, "parameters": ranges, "name": "mine"})


@pytest.mark.parametrize(("changes", "named"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_is_named_in_one_sentence(changes, named, content):
    with pytest.raises(ValueError, match=rf"^dir/a\.yaml: .*{named}[^\n]*\.$"):
        refuse_broken(Path("dir/a.yaml"), changed(content, changes))


@pytest.mark.parametrize("content", [None, [], "text", 3])
def test_what_is_no_mapping_is_refused(content):
    with pytest.raises(ValueError, match=r"^a\.yaml: "):
        refuse_broken(Path("a.yaml"), content)
