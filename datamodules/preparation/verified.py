"""Which files were read through and held what was written: once is enough, and not at every start."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from output.replaced import replaced


class Verified:
    """A file of names and of what the files were when they were found to be right: checksum, size, date and number.

    It lies beside the folder, which holds the same bytes wherever it was made. Whoever changes a file changes its size,
    date or number, and it is read through again; what a disk loses without a word only `timbre prepare --verify true`
    finds.

    Args:
        folder: of the files
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder.with_name(f"{folder.name}.verified.json")

    def holds(self, path: Path, sha256: str) -> bool:
        """Whether a file was found to have this checksum, and is the same still."""
        return self._known().get(path.name) == _stamp(path, sha256)

    def note(self, files: Mapping[Path, str]) -> None:
        """Files that have their checksums; where nothing can be written they are read through at every start."""
        stamps = {path.name: _stamp(path, sha256) for path, sha256 in files.items()}
        known = self._known()
        if known | stamps != known:
            with suppress(OSError), replaced(self.path) as temporary:
                temporary.write_text(json.dumps(known | stamps, indent=1) + "\n", encoding="utf-8")

    def _known(self) -> dict[str, str]:
        with suppress(OSError, ValueError, TypeError, RecursionError):
            return dict(json.loads(self.path.read_text(encoding="utf-8")))
        return {}


def _stamp(path: Path, sha256: str) -> str:
    try:
        status = path.stat()
    except OSError:
        return ""
    return f"{sha256} {status.st_size} {status.st_mtime_ns} {status.st_ino}"
