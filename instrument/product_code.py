"""The page's product of a vector and a matrix in WebAssembly.

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
        (br_if $panel ($panels -= 1))))

A matrix lies in panels of 16 columns, one behind the other: rows are 64 bytes apart, and there is no jump. For a
convolution the "matrix" is the sound itself: each row begins one sample (4 bytes) after the last. Addresses are in
bytes.
"""

from instrument import webassembly as wasm
from instrument.webassembly import Function, added, constant, floats, get, memory, put, put_and_keep

X, W, Y, INNER, PANELS, ROW_BYTES, JUMP_BYTES, AT, END, V, A = range(11)


def product() -> Function:
    """`multiply`, see above."""
    sums = range(A, A + 4)
    clear = b"".join(floats(0.0) + put(each) for each in sums)
    inner_bytes = get(INNER) + constant(2) + wasm.I32_SHIFT
    begin = get(X) + put(AT) + get(X) + inner_bytes + wasm.I32_ADD + put(END)
    row = get(AT) + wasm.LOAD_SPLAT + memory(2, 0) + put(V)
    for place, each in enumerate(sums):
        row += get(each) + get(V) + get(W) + wasm.LOAD + memory(4, 16 * place)
        row += wasm.F32X4_MULTIPLY + wasm.F32X4_ADD + put(each)
    row += added(W, get(ROW_BYTES)) + added(AT, constant(4))
    row += get(AT) + get(END) + wasm.I32_LESS + wasm.BRANCH_IF + b"\x00"
    store = b"".join(get(Y) + get(each) + wasm.STORE + memory(4, 16 * place) for place, each in enumerate(sums))
    store += added(Y, constant(64)) + added(W, get(JUMP_BYTES))
    count = get(PANELS) + constant(1) + wasm.I32_SUB + put_and_keep(PANELS) + wasm.BRANCH_IF + b"\x00"
    panel = clear + begin + wasm.LOOP + row + wasm.END_OF_BLOCK + store + count
    return Function("multiply", [wasm.I32] * 7, 2, 5, wasm.LOOP + panel + wasm.END_OF_BLOCK)
