"""What a `.wandb` file holds, as far as it was written: LevelDB's log format over the messages of wandb's protocol.

Blocks of 32 KiB hold pieces, each with a header of its checksum, length and kind; a message is one whole piece, or a
first, middle ones and a last. https://github.com/google/leveldb/blob/main/doc/log_format.md
"""

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wandb.proto.wandb_internal_pb2 import Record  # type: ignore[attr-defined]

BLOCK = 32768
HEADER = struct.Struct("<IHB")
FILE_HEADER = 7
WHOLE, FIRST, MIDDLE, LAST = 1, 2, 3, 4


def messages(path: Path) -> Iterator[bytes]:
    """Every whole message of a file; what was cut off at its end is left out."""
    content = path.read_bytes()
    start, begun = FILE_HEADER, b""
    while start + HEADER.size <= len(content):
        if BLOCK - start % BLOCK < HEADER.size:  # too little room for a header: padding
            start += BLOCK - start % BLOCK
            continue
        _, length, kind = HEADER.unpack_from(content, start)
        end = start + HEADER.size + length
        if kind not in (WHOLE, FIRST, MIDDLE, LAST) or end > len(content):
            return
        begun = (b"" if kind in (WHOLE, FIRST) else begun) + content[start + HEADER.size : end]
        if kind in (WHOLE, LAST):
            yield begun
        start = end


def records(path: Path) -> Iterator[Any]:
    """Every record of a file, in order."""
    for message in messages(path):
        record = Record()
        record.ParseFromString(message)
        yield record


def history(path: Path) -> list[dict[str, Any]]:
    """The rows that were logged."""
    rows = [record.history.item for record in records(path) if record.WhichOneof("record_type") == "history"]
    return [{"/".join(item.nested_key) or item.key: json.loads(item.value_json) for item in row} for row in rows]
