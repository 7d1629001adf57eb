"""The page's product of a vector and a matrix, as the bytes of a WebAssembly module.

    (module
      (memory (export "memory") 1)
      (func (export "multiply") (param $x i32) (param $w i32) (param $y i32) (param $inner i32) (param $panels i32)
          (param $row_bytes i32) (param $jump_bytes i32)
        (local $at i32) (local $end i32) (local $v v128) (local $a v128) (local $b v128) (local $c v128) (local $d v128)
        (loop $panel                       ;; 16 columns, in four registers of four
          $a = $b = $c = $d = 0; $at = $x; $end = $x + 4 * $inner
          (loop $row                       ;; one number of the vector times its row of the panel
            $v = splat($at)
            $a += $v * load($w); $b += $v * load($w + 16); $c += $v * load($w + 32); $d += $v * load($w + 48)
            $w += $row_bytes; $at += 4
            (br_if $row ($at < $end)))
          store $a, $b, $c, $d at $y; $y += 64; $w += $jump_bytes
          (br_if $panel ($panels -= 1)))))

A matrix lies in panels of 16 columns, one behind the other: rows are 64 bytes apart, and there is no jump. For a
convolution the "matrix" is the sound itself: each row begins one sample (4 bytes) after the last.

The module is assembled here because the assembler of the WebAssembly project is one more program to install. Opcodes:
WebAssembly specification 2.0, appendix "Index of Instructions".
"""

from functools import cache

I32, V128 = 0x7F, 0x7B
X, W, Y, INNER, PANELS, ROW_BYTES, JUMP_BYTES, AT, END, V, A = range(11)
LOOP, END_OF_BLOCK, BRANCH_IF = b"\x03\x40", b"\x0b", b"\x0d"
I32_LESS, I32_ADD, I32_SUB, I32_SHIFT = b"\x49", b"\x6a", b"\x6b", b"\x74"
LOAD, LOAD_SPLAT, STORE, ZEROS = b"\xfd\x00", b"\xfd\x09", b"\xfd\x0b", b"\xfd\x0c" + bytes(16)
F32X4_ADD, F32X4_MULTIPLY = b"\xfd\xe4\x01", b"\xfd\xe6\x01"


@cache
def product_code() -> bytes:
    """The module: exports `memory` and `multiply` (see above; addresses are in bytes)."""
    signature = b"\x60" + _listed([bytes([I32])] * 7) + b"\x00"
    exports = [_named("memory") + b"\x02\x00", _named("multiply") + b"\x00\x00"]
    sections = {1: [signature], 3: [b"\x00"], 5: [b"\x00\x01"], 7: exports, 10: [_sized(_body())]}
    written = b"".join(bytes([number]) + _sized(_listed(entries)) for number, entries in sections.items())
    return b"\x00asm\x01\x00\x00\x00" + written


def _body() -> bytes:
    sums = range(A, A + 4)
    clear = b"".join(ZEROS + _set(each) for each in sums)
    begin = _get(X) + _set(AT) + _get(X) + _get(INNER) + _constant(2) + I32_SHIFT + I32_ADD + _set(END)
    row = _get(AT) + LOAD_SPLAT + _memory(2, 0) + _set(V)
    for place, each in enumerate(sums):
        row += _get(each) + _get(V) + _get(W) + LOAD + _memory(4, 16 * place) + F32X4_MULTIPLY + F32X4_ADD + _set(each)
    row += _added(W, _get(ROW_BYTES)) + _added(AT, _constant(4)) + _get(AT) + _get(END) + I32_LESS + BRANCH_IF + b"\x00"
    store = b"".join(_get(Y) + _get(each) + STORE + _memory(4, 16 * place) for place, each in enumerate(sums))
    count = _get(PANELS) + _constant(1) + I32_SUB + b"\x22" + _number(PANELS) + BRANCH_IF + b"\x00"
    panel = (
        clear
        + begin
        + LOOP
        + row
        + END_OF_BLOCK
        + store
        + _added(Y, _constant(64))
        + _added(W, _get(JUMP_BYTES))
        + count
    )
    return _listed([b"\x02" + bytes([I32]), b"\x05" + bytes([V128])]) + LOOP + panel + END_OF_BLOCK + END_OF_BLOCK


def _added(local: int, amount: bytes) -> bytes:
    return _get(local) + amount + I32_ADD + _set(local)


def _get(local: int) -> bytes:
    return b"\x20" + _number(local)


def _set(local: int) -> bytes:
    return b"\x21" + _number(local)


def _constant(value: int) -> bytes:
    """i32.const, whose number is signed: from 64 on it takes two bytes."""
    return b"\x41" + (bytes([value]) if value < 64 else bytes([value & 0x7F | 0x80, value >> 7]))


def _memory(alignment: int, offset: int) -> bytes:
    return _number(alignment) + _number(offset)


def _number(value: int) -> bytes:
    """LEB128, unsigned."""
    return bytes([value]) if value < 128 else bytes([value & 0x7F | 0x80]) + _number(value >> 7)


def _sized(content: bytes) -> bytes:
    return _number(len(content)) + content


def _listed(entries: list[bytes]) -> bytes:
    return _number(len(entries)) + b"".join(entries)


def _named(name: str) -> bytes:
    return _sized(name.encode())
