"""The settings in which models differ: what an ablation varies, read back from the runs' configurations."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

CLASS = re.compile(r"[\w.]+\.([A-Z]\w*)")
GIVEN = "given"
"""Stands for a section that another model has set to null."""
NONE_SUCH = "–"


class Setting(NamedTuple):
    """One setting: a short name, and each model's value, as it is and as text; None and a dash where it has none."""

    name: str
    values: tuple[Any, ...]
    texts: tuple[str, ...]


def settings_that_differ(configs: Sequence[Mapping[str, Any]]) -> list[Setting]:
    """Configurations of models -> the settings in which those that have them differ.

    A component counts by its class; what only one class knows is no difference between it and another. That a section
    is null in some is said by what differs inside it, if anything does.
    """
    flat = [dict(_leaves(config)) for config in configs]
    differing: dict[tuple[str, str], str] = {}
    for key in sorted(dict.fromkeys(key for leaves in flat for key in leaves), key=lambda key: key.count(".")):
        values = [_exact(leaves[key]) for leaves in flat if key in leaves]
        if len(set(values)) > 1:  # the clip format stands in several places: the first says it all
            differing.setdefault((key.rsplit(".", 1)[-1], " ".join(values)), key)
    order = list(dict.fromkeys(key for leaves in flat for key in leaves))
    found = sorted(differing.values(), key=order.index)
    inside = {key.rpartition(".")[0] for key in found}
    chosen = [key for key in found if key not in inside or any(leaves.get(key) not in (None, GIVEN) for leaves in flat)]
    return [_setting(name, [leaves.get(key, ...) for leaves in flat]) for key, name in short_names(chosen).items()]


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """Dotted keys -> the last two words of each without its section, more where two would be alike."""
    names: dict[str, str] = {}
    for key in keys:
        words = [_ending(key, n_words) for n_words in range(2, key.count(".") + 2)]
        rivals = [other for other in keys if other != key]
        unlike = (word for n, word in enumerate(words, 2) if all(_ending(other, n) != word for other in rivals))
        names[key] = next(unlike, key)
    return names


def _ending(key: str, n_words: int) -> str:
    words = key.split(".")
    return ".".join((words[1:] or words)[-n_words:])


def _leaves(section: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Dotted keys without `class_path` and `init_args`, and their values; lists are values."""
    for key, value in section.items():
        if key == "class_path":
            yield ".".join(path), value
        elif key == "init_args":
            yield from _leaves(value or {}, path)
        elif isinstance(value, Mapping):
            if "class_path" not in value:
                yield ".".join((*path, key)), GIVEN
            yield from _leaves(value, (*path, key))
        elif not key.startswith("__"):
            yield ".".join((*path, key)), value


def _setting(name: str, values: Sequence[Any]) -> Setting:
    """Values, ... for none -> a setting whose texts tell them apart."""
    known = [value for value in values if value is not ...]
    alike = len({text_of(value) for value in known}) < len({_exact(value) for value in known})
    text = _exact if alike else text_of
    texts = tuple(NONE_SUCH if value is ... else text(value) for value in values)
    return Setting(name, tuple(None if value is ... else value for value in values), texts)


def _exact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def text_of(value: Any) -> str:
    """A value in few letters: numbers without zeros, components by their class."""
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        return text_of(value.get("class_path", _exact(value)))
    if isinstance(value, list):
        return ", ".join(map(text_of, value)) or "none"
    found = CLASS.fullmatch(str(value))
    return found[1] if found else str(value)
