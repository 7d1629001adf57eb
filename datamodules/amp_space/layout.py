"""Pairs from the files that Amp-Space's own generators write: settings.yaml beside the sounds, data.csv in archives."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from datamodules.amp_space.manifest import DevicePair, broken, numbered

SETTINGS, TABLE = "settings.yaml", "data.csv"
REQUIRED = ("device", "di_file", "filename")
NOT_KNOBS = ("brand", "vst_name", "device", "device_type", "data_type", "di_file", "filename")
MISSING = "0"
# Every scalar stays the text it is: a device called 5150 or On is neither a number nor true.
Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def visible_files(root: Path) -> Iterator[Path]:
    """Every file below a folder, in a fixed order, but for hidden files and folders."""
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        yield from (Path(folder) / name for name in sorted(names) if not name.startswith("."))


def read_layout(root: Path) -> list[DevicePair]:
    """The pairs of every settings.yaml below the root, then those that only a data.csv knows.

    An id is the path of the output below the root. What is wrong with an entry is its problem; no sound is looked at.
    """
    listings = [path for path in visible_files(root) if path.name in (SETTINGS, TABLE)]
    pairs = [pair for path in listings if path.name == SETTINGS for pair in _settings_pairs(path, root)]
    described = {pair.target for pair in pairs if pair.target}
    tabled = [pair for path in listings if path.name == TABLE for pair in _table_pairs(path, root)]
    return pairs + [pair for pair in tabled if pair.target not in described]


def _settings_pairs(path: Path, root: Path) -> Iterator[DevicePair]:
    name = path.relative_to(root).as_posix()
    try:
        listing = yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)
    except (yaml.YAMLError, UnicodeDecodeError, OSError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        yield broken(name, f"{path} cannot be read as YAML ({reason}): mend or remove it.")
        return
    if not isinstance(listing, dict) or not isinstance(listing.get("files"), list):
        yield broken(name, f"{path} lists no files: generate the folder again or remove it.")
        return
    for number, entry in enumerate(listing["files"], 1):
        yield _settings_pair(listing, entry, path.parent, root, f"{name} entry {number}")


def _settings_pair(listing: dict[str, Any], entry: Any, folder: Path, root: Path, name: str) -> DevicePair:
    fields = {**listing, **entry} if isinstance(entry, dict) else listing
    try:
        params, wrong_params = numbered(_merged(fields.get("settings")), str(root / name))
        defaults, wrong_defaults = numbered(_merged(fields.get("defaults")), str(root / name))
    except (TypeError, ValueError):
        return broken(name, f'{root / name}: settings and defaults should be lists like [{{"Gain": 0.3}}]: mend them.')
    pair = _pair(fields, folder, root, name)
    return replace(pair, params=params, defaults=defaults, problem=pair.problem or wrong_params or wrong_defaults)


def _merged(settings: Any) -> dict[str, Any]:
    """A list of maps of one knob each -> one map; nothing is an empty one."""
    return {name: value for knob in settings or () for name, value in dict(knob).items()}


def _table_pairs(path: Path, root: Path) -> Iterator[DevicePair]:
    """Rows of a table whose fields are never quoted, in whatever order its columns are."""
    header, *rows = path.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
    columns = header.split(",")
    for number, row in enumerate(rows, 2):
        values, name = row.split(","), f"{path.relative_to(root).as_posix()} line {number}"
        if len(values) == len(columns):
            yield _table_pair(dict(zip(columns, values, strict=True)), path.parent, root, name)
        elif row.strip():
            yield broken(
                name,
                f"{root / name} has {len(values)} fields where the header has {len(columns)}, as if a name held a "
                f"comma: restore the {SETTINGS} of that folder.",
            )


def _table_pair(row: dict[str, str], folder: Path, root: Path, name: str) -> DevicePair:
    # "0" is written where a device has no such knob; a knob that stands at nought is written "0.0".
    fields = {key: value for key, value in row.items() if value not in ("", MISSING)}
    knobs, wrong = numbered({key: value for key, value in fields.items() if key not in NOT_KNOBS}, str(root / name))
    # Paths start with the name that the folder of the table had when the table was written.
    output, played = (folder.joinpath(*Path(fields.get(key, "")).parts[1:]) for key in ("filename", "di_file"))
    if "filename" in fields and "di_file" in fields:
        fields |= {"filename": output.name, "di_file": os.path.relpath(played, output.parent)}
    pair = _pair(fields, output.parent, root, name)
    return replace(pair, params=knobs, problem=pair.problem or wrong)


def _pair(fields: dict[str, Any], folder: Path, root: Path, name: str) -> DevicePair:
    """The pair that fields tell of, the paths among them relative to `folder`."""
    if missing := [key for key in REQUIRED if not fields.get(key) or not isinstance(fields[key], str)]:
        return broken(name, f"{root / name} gives no {' or '.join(missing)}: mend or remove it.")
    source, target = ((folder.relative_to(root) / fields[key]).as_posix() for key in ("di_file", "filename"))
    return DevicePair(
        id=target,
        source=source,
        target=target,
        device=_device(fields, folder),
        brand=str(fields.get("brand") or "unknown"),
        device_type=str(fields.get("device_type") or "unknown").lower(),
        data_type=str(fields.get("data_type") or "unknown").lower(),
        di_id=Path(source).stem,
    )


def _device(fields: dict[str, Any], folder: Path) -> str:
    """Recorded hardware that models many devices has one name for all; the folder of the sweep tells them apart."""
    return fields["device"] if fields.get("vst_name") else f"{fields['device']} {folder.parent.name}"
