"""Shards on a disk of the machine itself: reading rows at random over a network is slow."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from output.replaced import remove_leftovers, replaced


def copy_files(paths: Iterable[Path], folder: Path) -> None:
    """Copy files into a folder, those that are not there yet with the same size and date, each whole or not at all.

    Raises:
        OSError: if there is no room or the folder cannot be written
    """
    missing = [path for path in paths if not _is_same(path, folder / path.name)]
    n_bytes = sum(path.stat().st_size for path in missing)
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    remove_leftovers(folder)
    free = shutil.disk_usage(folder).free
    if n_bytes > free:
        raise OSError(
            f"{folder} has room for {free / 1e9:.1f} GB, and the shards take {n_bytes / 1e9:.1f}: "
            "ask for more local disk, or leave out --data.copy_to."
        )
    with tqdm(total=n_bytes, desc=f"copying to {folder}", unit="B", unit_scale=True) as progress:
        for path in missing:
            with replaced(folder / path.name) as temporary:
                shutil.copy2(path, temporary)
            progress.update(path.stat().st_size)


def _is_same(path: Path, copy: Path) -> bool:
    if not copy.is_file():
        return False
    one, other = path.stat(), copy.stat()
    return (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)
