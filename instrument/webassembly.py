"""What the page's WebAssembly is written with, byte by byte.

It is assembled here because the assembler of the WebAssembly project is one more program to install. Opcodes and
encodings: WebAssembly specification 2.0, "Binary Format" and the appendix "Index of Instructions".
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

I32, F32, V128 = 0x7F, 0x7D, 0x7B
LOOP, END_OF_BLOCK, BRANCH_IF = b"\x03\x40", b"\x0b", b"\x0d"
I32_LESS, I32_ADD, I32_SUB, I32_SHIFT = b"\x49", b"\x6a", b"\x6b", b"\x74"
LOAD, LOAD_SPLAT, STORE, SPLAT = b"\xfd\x00", b"\xfd\x09", b"\xfd\x0b", b"\xfd\x13"
F32X4_ADD, F32X4_SUB, F32X4_MULTIPLY, F32X4_DIVIDE = (b"\xfd" + bytes([each]) + b"\x01" for each in range(0xE4, 0xE8))
F32X4_MIN, F32X4_MAX, F32X4_NEAREST = b"\xfd\xe8\x01", b"\xfd\xe9\x01", b"\xfd\x6a"
I32X4_FROM_F32X4, I32X4_ADD, I32X4_SHIFT = b"\xfd\xf8\x01", b"\xfd\xae\x01", b"\xfd\xab\x01"


class Function(NamedTuple):
    """A function that a module exports.

    Attributes:
        name: as the page calls it
        parameters: their types, which are its first locals
        n_integers: how many locals of 32 bits follow
        n_vectors: how many of 128 bits follow these
        body: its instructions, without the end
    """

    name: str
    parameters: Sequence[int]
    n_integers: int
    n_vectors: int
    body: bytes


def module(functions: Sequence[Function]) -> bytes:
    """A module that exports `memory`, of one page until it grows, and these functions."""
    signatures = [b"\x60" + listed([bytes([kind]) for kind in each.parameters]) + b"\x00" for each in functions]
    exports = [named("memory") + b"\x02\x00"]
    exports += [named(each.name) + b"\x00" + number(index) for index, each in enumerate(functions)]
    indices = [number(index) for index in range(len(functions))]
    bodies = [sized(_locals(each) + each.body + END_OF_BLOCK) for each in functions]
    sections = {1: signatures, 3: indices, 5: [b"\x00\x01"], 7: exports, 10: bodies}
    written = b"".join(bytes([place]) + sized(listed(entries)) for place, entries in sections.items())
    return b"\x00asm\x01\x00\x00\x00" + written


def _locals(function: Function) -> bytes:
    kinds = [(function.n_integers, I32), (function.n_vectors, V128)]
    return listed([number(count) + bytes([kind]) for count, kind in kinds if count])


def get(local: int) -> bytes:
    """Push a local."""
    return b"\x20" + number(local)


def put(local: int) -> bytes:
    """Pop into a local."""
    return b"\x21" + number(local)


def put_and_keep(local: int) -> bytes:
    """Copy the top into a local."""
    return b"\x22" + number(local)


def added(local: int, amount: bytes) -> bytes:
    """Add an amount of 32 bits to a local."""
    return get(local) + amount + I32_ADD + put(local)


def constant(value: int) -> bytes:
    """Push an integer; it is signed, and from 64 on takes more bytes."""
    return b"\x41" + _signed(value)


def floats(value: float) -> bytes:
    """Push four times this number."""
    return b"\xfd\x0c" + struct.pack("<4f", *[value] * 4)


def integers(value: int) -> bytes:
    """Push four times this integer."""
    return b"\xfd\x0c" + struct.pack("<4i", *[value] * 4)


def memory(alignment: int, offset: int) -> bytes:
    """Where a load or store looks: alignment as a power of two, offset in bytes."""
    return number(alignment) + number(offset)


def number(value: int) -> bytes:
    """LEB128, unsigned."""
    return bytes([value]) if value < 128 else bytes([value & 0x7F | 0x80]) + number(value >> 7)


def _signed(value: int) -> bytes:
    """LEB128, signed."""
    byte, rest = value & 0x7F, value >> 7
    if (rest == 0 and byte < 64) or (rest == -1 and byte >= 64):
        return bytes([byte])
    return bytes([byte | 0x80]) + _signed(rest)


def sized(content: bytes) -> bytes:
    """Bytes after their number."""
    return number(len(content)) + content


def listed(entries: Sequence[bytes]) -> bytes:
    """Entries after their number."""
    return number(len(entries)) + b"".join(entries)


def named(name: str) -> bytes:
    """A name after its length."""
    return sized(name.encode())
