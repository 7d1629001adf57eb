"""What a test has found so far, kept as it comes: a test that was killed goes on from there."""

import base64
import binascii
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

FORMAT = 1
"""The number in the first line of a file. Lines of another format are not read: the test begins afresh."""


class Journal:
    """One JSON line per note and part of a test, in the run's folder until the test is complete.

    Each process of a test writes its own file, and reads all of them. A line that a kill cut off is dropped. What
    was kept under another fingerprint is not read.

    Attributes:
        added: is called with the part after a line was added
    """

    def __init__(self) -> None:
        self.folder: Path | None = None  # until it has a place, all is kept in memory alone
        self.path = Path()
        self.fingerprint: dict[str, str] = {}
        self.found: dict[tuple[str, str], Any] = {}
        self.added: Callable[[str], None] = lambda part: None

    def place(self, folder: Path, rank: int = 0) -> None:
        """Say where the files are, and the number of this process."""
        self.folder, self.path = folder, folder / f"process-{rank}.jsonl"

    def open(self, fingerprint: Mapping[str, str]) -> str:
        """Read what all processes kept, and get ready to add -> why some of it does not count; empty if all does.

        Args:
            fingerprint: what the results hang on, in words: what it is -> a digest of it
        """
        self.fingerprint = dict(fingerprint)
        remark = self.read()
        whole = self.path.read_bytes() if self.path.is_file() else b""
        if not whole.startswith(self._header()):
            self._begin()
        elif not whole.endswith(b"\n"):
            os.truncate(self.path, whole.rindex(b"\n") + 1)
        return remark

    def read(self) -> str:
        """Read what all processes kept until now -> why some of it does not count; empty if all does."""
        if self.folder is None:
            return ""
        self.found, changed = {}, []
        for path in sorted(self.folder.glob("process-*.jsonl")):
            # What stands behind the last end of a line was cut off.
            header, *lines = [_read_line(line) for line in path.read_bytes().split(b"\n")[:-1]] or [None]
            header = header or {}
            if header.get("format") != FORMAT or not isinstance(header.get("fingerprint"), dict):
                changed.append("format")
            elif header["fingerprint"] != self.fingerprint:
                was = header["fingerprint"]
                changed += [what for what, digest in self.fingerprint.items() if was.get(what) != digest] or ["format"]
            else:
                self.found |= {
                    (line["part"], line["key"]): unpacked(line["what"]) for line in lines if line and "part" in line
                }
        if not changed:
            return ""
        return (
            f"What an earlier test kept in {self.folder} does not count, because something else is tested now "
            f"({', '.join(dict.fromkeys(changed))}): this test begins afresh."
        )

    def __contains__(self, place: tuple[str, str]) -> bool:
        """Whether a part has found something of a note."""
        return place in self.found

    def add(self, part: str, key: str, what: Any) -> None:
        """Keep what a part found of a note: numbers, texts, arrays and tensors, in lists and by name."""
        if self.folder is not None:
            if not self.path.is_file():  # another test of the same run was complete first
                self._begin()
            with self.path.open("ab") as file:
                file.write(_line({"part": part, "key": key, "what": packed(what)}))
        self.found[part, key] = what
        self.added(part)

    def of(self, part: str) -> dict[str, Any]:
        """What a part has found, by note or batch."""
        return {key: what for (of_part, key), what in self.found.items() if of_part == part}

    def _header(self) -> bytes:
        return _line({"format": FORMAT, "fingerprint": self.fingerprint})

    def _begin(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(self._header())

    def discard(self) -> None:
        """Remove all files: the test is complete."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def packed(what: Any) -> Any:
    """Numbers, texts, arrays and tensors, in lists and by name -> what JSON can hold, to the last bit."""
    if isinstance(what, torch.Tensor):
        what = what.detach().cpu().numpy()
    if isinstance(what, np.ndarray):
        data = base64.b64encode(np.ascontiguousarray(what).tobytes()).decode("ascii")
        return {"dtype": what.dtype.str, "shape": list(what.shape), "base64": data}
    if isinstance(what, Mapping):
        return {name: packed(inner) for name, inner in what.items()}
    return [packed(inner) for inner in what] if isinstance(what, (list, tuple)) else what


def unpacked(what: Any) -> Any:
    """The same backwards; arrays are tensors."""
    if isinstance(what, dict) and what.keys() == {"dtype", "shape", "base64"}:
        flat = np.frombuffer(base64.b64decode(what["base64"]), what["dtype"])
        return torch.from_numpy(flat.reshape(what["shape"]).copy())
    if isinstance(what, dict):
        return {name: unpacked(inner) for name, inner in what.items()}
    return [unpacked(inner) for inner in what] if isinstance(what, list) else what


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=True).encode("ascii") + b"\n"


def _read_line(line: bytes) -> dict[str, Any] | None:
    """What a line holds, None if it is empty or was cut off."""
    try:
        content = json.loads(line)
        if "part" in content:
            unpacked(content["what"])
        return content if isinstance(content, dict) else None
    except (ValueError, KeyError, TypeError, binascii.Error):
        return None
