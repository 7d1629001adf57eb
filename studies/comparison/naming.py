"""What models are called: after their runs, or after what they differ in where the runs' names do not say it."""

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from studies.comparison.settings import NONE_SUCH, settings_that_differ, text_of
from studies.tested_run import Run

SEED_SUFFIX = re.compile(r"[-_.](s|seed)?[-_.]?\d*$")
MOST_SETTINGS, MOST_LETTERS = 3, 40
"""A name that says more is no name."""


def model_names(groups: Sequence[Sequence[Run]]) -> list[str]:
    """The runs of each model -> its name, never two alike.

    Models keep the name of their runs, without the mark of the seed. Where several would be called the same, as the
    points of a sweep are, each is called by what they differ in: `share 0.5`. A point that is alone with runs of
    another kind, and what would still be called the same, has both.
    """
    stems = [_stem([run.name for run in runs]) for runs in groups]
    said = [_set_apart(index, stems, groups) for index in range(len(stems))]
    return [
        text if text and stems.count(stem) > 1 and said.count(text) == 1 else _both(stem, text, stems, runs)
        for stem, text, runs in zip(stems, said, groups, strict=True)
    ]


def _both(stem: str, said: str, stems: Sequence[str], runs: Sequence[Run]) -> str:
    if stems.count(stem) > 1:
        stem = runs[0].name if len(runs) == 1 else f"{runs[0].name} …"
    return f"{stem} ({said})" if said else stem


def _stem(names: Sequence[str]) -> str:
    """What the runs' names begin with in common, without the mark of the seed."""
    letters = takewhile(lambda column: len(set(column)) == 1, zip(*names, strict=False))
    start = "".join(column[0] for column in letters) or names[0]
    return SEED_SUFFIX.sub("", start) or start


def _set_apart(index: int, stems: Sequence[str], groups: Sequence[Sequence[Run]]) -> str:
    """The settings that tell a model from those of its stem; of a point without any such, those of the sweep."""
    alike = [place for place, stem in enumerate(stems) if stem == stems[index]]
    if len(alike) == 1:
        return _of_point(groups[index][0].point)
    settings = settings_that_differ([groups[place][0].config for place in alike])
    place = alike.index(index)
    found = {setting.name: setting.texts[place] for setting in settings if setting.texts[place] != NONE_SUCH}
    return _in_words(found)


def _of_point(values: Mapping[str, Any]) -> str:
    return _in_words({name: text_of(value) for name, value in values.items() if "seed" not in name.rsplit(".", 1)[-1]})


def _in_words(texts: Mapping[str, str]) -> str:
    """Dotted names and values -> the last words of the names with the values; nothing where that is too long."""
    ends = [name.rsplit(".", 1)[-1] for name in texts]
    words = [end if ends.count(end) == 1 else name for name, end in zip(texts, ends, strict=True)]
    said = ", ".join(f"{word} {text}" for word, text in zip(words, texts.values(), strict=True))
    return said if len(texts) <= MOST_SETTINGS and len(said) <= MOST_LETTERS else ""
