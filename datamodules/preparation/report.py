"""What a preparation found, for people."""

import re
from collections.abc import Mapping
from typing import NamedTuple

N_EXAMPLES = 3


class SplitSummary(NamedTuple):
    """One split: how many clips can be used, why each of the others cannot, by name, and what was noticed how often."""

    n_usable: int
    skipped: dict[str, str]
    remarks: dict[str, int]


def report(summaries: Mapping[str, SplitSummary | None]) -> str:
    """A line per split, what was noticed, and the reasons clips were left out for, the most frequent first."""
    lines = []
    for split, summary in summaries.items():
        if summary is None:
            lines.append(f"{split}: no clips, or not all of them prepared yet")
            continue
        lines.append(f"{split}: {summary.n_usable} clips, {len(summary.skipped)} skipped")
        lines += [f"  {count} {remark}" for remark, count in sorted(summary.remarks.items(), key=lambda pair: -pair[1])]
        for names in _by_reason(summary.skipped):
            lines += [f"  skipped {name}: {summary.skipped[name]}" for name in names[:N_EXAMPLES]]
            if len(names) > N_EXAMPLES:
                lines.append(f"    and {len(names) - N_EXAMPLES} more for the same reason")
    return "\n".join(map(printable, lines))


def printable(line: str) -> str:
    """A line for a terminal: what a file name holds that is not text, or would command the terminal, is escaped."""
    text = line.encode("utf-8", "backslashreplace").decode()
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def _by_reason(skipped: dict[str, str]) -> list[list[str]]:
    """Names whose reasons differ in nothing but names, paths and numbers."""
    groups: dict[str, list[str]] = {}
    for name, reason in skipped.items():
        groups.setdefault(_kind(name, reason), []).append(name)
    return sorted(groups.values(), key=len, reverse=True)


def _kind(name: str, reason: str) -> str:
    for known in (name, name.rpartition("#")[0]):
        if known:
            reason = re.sub(rf"(?<!\w){re.escape(known)}(?!\w)", "…", reason)
    return re.sub(r"\S*[/\\]\S*|[-\d.]+", "…", reason)
