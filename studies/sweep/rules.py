"""What a sweep's file must be: W&B's rules, and what a SLURM array and a study need besides.

The rules for keys and types are the part of W&B's published sweep schema that the project uses, as a JSON schema.
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError, best_match

TEXT, NUMBER, WHOLE = {"type": "string"}, {"type": "number"}, {"type": "integer"}
POSITIVE = {"type": "number", "exclusiveMinimum": 0}
VALUE = {"type": ["number", "string", "boolean"]}
VALUES = {"type": "array", "minItems": 1, "uniqueItems": True, "items": VALUE}


def _object(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> dict[str, Any]:
    properties = {**required, **(optional or {})}
    return {"type": "object", "required": [*required], "properties": properties, "additionalProperties": False}


SWEEP = _object(
    {
        "method": {"enum": ["grid", "random", "bayes"]},
        "metric": _object({"name": TEXT, "goal": {"enum": ["minimize", "maximize"]}}),
        "command": {"type": "array", "items": TEXT},
        "parameters": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_.-]*$"},
            "additionalProperties": {"type": "object"},
        },
        "run_cap": {"type": "integer", "minimum": 1},
    },
    {
        **{"name": TEXT, "description": TEXT, "project": TEXT, "entity": TEXT},
        "early_terminate": _object(
            {"type": {"enum": ["hyperband"]}, "min_iter": {"type": "integer", "minimum": 1}},
            {"eta": {"type": "integer", "minimum": 2}},
        ),
    },
)
ETA = 3
"""W&B's own choice."""
_ENDS = {"distribution": TEXT, "min": NUMBER, "max": NUMBER}
RANGES = {
    "uniform": _object(_ENDS),
    "q_uniform": _object(_ENDS | {"q": POSITIVE}),
    "int_uniform": _object(_ENDS | {"min": WHOLE, "max": WHOLE}),
    "log_uniform_values": _object(_ENDS | {"min": POSITIVE, "max": POSITIVE}),
}
CHOICES = {
    "value": _object({"value": VALUE}, {"distribution": {"enum": ["constant"]}}),
    "values": _object({"values": VALUES}, {"distribution": {"enum": ["categorical"]}}),
}
TAKEN = ("config", "name", "runs", "resume", "test", "ckpt_path")
"""Options that every point has of its own or in common with all others."""


def refuse_broken(path: Path, content: Any) -> None:
    """Check the content of a sweep's file.

    Raises:
        ValueError: it breaks a rule; the sentence names file and key
    """
    problem = next(_problems(content), None)
    if problem is not None:
        raise ValueError(f"{path}: {problem}.")


def _problems(content: Any) -> Iterator[str]:
    """What is wrong, the most telling first; what follows the first may not hold."""
    yield from (f"{place} is null, which would arrive as the word None: give it a value" for place in _nulls(content))
    yield from _broken(content, SWEEP)
    for name, parameter in content["parameters"].items():
        yield from _parameter_problems(name, parameter)
    yield from _command_problems(content["command"])
    yield from _count_problems(content)
    metric = content["metric"]["name"]
    if "early_terminate" in content and not metric.startswith("validation/"):
        yield (
            f"metric.name {metric} is not known while training, when early_terminate compares it: name a figure of the "
            "validation, such as validation/reconstruction"
        )
    names = list(content["parameters"])
    for name in names:
        inside = next((other for other in names if plain(other).startswith(f"{plain(name)}.")), None)
        if inside is not None:
            yield f"parameters.{inside} lies within {name}: which of them comes last cannot be told, sweep one"


def plain(name: str) -> str:
    """A key without its init_args, which may be written or left out."""
    return name.replace(".init_args", "")


def _nulls(content: Any, place: str = "") -> Iterator[str]:
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    if content is None:
        yield place or "the file"
    for key, value in items:
        yield from _nulls(value, f"{place}.{key}" if place else str(key))


def _broken(content: Any, schema: Mapping[str, Any], place: str = "") -> Iterator[str]:
    error = best_match(Draft7Validator(schema).iter_errors(content))
    if error is not None:
        yield f"{'.'.join([place, *map(str, error.path)]).strip('.')} {_sentence(error)}".strip()


def _sentence(error: ValidationError) -> str:
    """What a schema's error says, in words."""
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        unknown = ", ".join(str(key) for key in error.instance if key not in known)
        return f"has the unknown key {unknown}: choose among {', '.join(known)}"
    if error.validator == "required":
        return f"has no {', '.join(key for key in error.validator_value if key not in error.instance)}"
    return f"is not as it should be: {error.message}"


def _parameter_problems(name: str, parameter: Mapping[str, Any]) -> Iterator[str]:
    place, kinds = f"parameters.{name}", [kind for kind in CHOICES if kind in parameter]
    if plain(name) in TAKEN:
        yield f"{place} is an option that each point sets itself: leave it out"
    if len(kinds) == 2:
        yield f"{place} has value and values: choose one"
    if not kinds and parameter.get("distribution") not in RANGES:
        found = parameter.get("distribution", "no distribution")
        yield f"{place} has neither values nor a known range ({found}): choose among {', '.join(RANGES)}"
    yield from _broken(parameter, CHOICES[kinds[0]] if kinds else RANGES[parameter["distribution"]], place)
    for value in parameter.get("values", []):
        if isinstance(value, str) and _is_number(value):
            yield f"{place} has {value}, which YAML takes for text: write {float(value)!r}"
    if not kinds and not -math.inf < parameter["min"] < parameter["max"] < math.inf:
        yield f"{place} goes from min {parameter['min']} to max {parameter['max']}: min must be less, both finite"


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _command_problems(command: list[str]) -> Iterator[str]:
    if command[:3] != ["${env}", "timbre", "fit"] or command[-1] != "${args}":
        yield 'command must begin with ["${env}", timbre, fit and end with "${args}"]'
    options = " ".join(command)
    if "--test true" not in options and "--test=true" not in options:
        yield 'command lacks --test, "true": without a test there is nothing to compare'


def _count_problems(content: Mapping[str, Any]) -> Iterator[str]:
    """A grid and its cap must have as many points; a grid has no ranges."""
    if content["method"] != "grid":
        return
    ranges = [name for name, parameter in content["parameters"].items() if parameter.get("distribution") in RANGES]
    if ranges:
        yield f"parameters.{ranges[0]} is a range, of which a grid has no points: give values, or choose method random"
    n_points = math.prod(len(parameter.get("values", [0])) for parameter in content["parameters"].values())
    if content["run_cap"] != n_points:
        yield f"run_cap is {content['run_cap']}, but the grid has {n_points} points: write {n_points}"
