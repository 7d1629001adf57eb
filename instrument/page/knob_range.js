"use strict";
// What positions 0 and 1 of a knob are, and what notes near a pitch reach: as synths/descriptors/knob_range.py.

const hertz = (midi) => 440 * 2 ** ((midi - 69) / 12);
const midiOf = (hz) => 69 + 12 * Math.log2(hz / 440);

const valueAt = ({ curve, low, high }, position) =>
  curve === "log" ? low * (high / low) ** position : low + position * (high - low);
const positionOf = ({ curve, low, high }, value) =>
  curve === "log" ? Math.log(Math.max(value, 1e-3 * low) / low) / Math.log(high / low) : (value - low) / (high - low);

// Lowest and highest position of training notes near a pitch, into two numbers.
function reachOf({ reach }, midi, into) {
  into[0] = 0;
  into[1] = 1;
  if (!reach.length) return into;
  let above = 1;
  while (above < reach.length - 1 && reach[above][0] < midi) above++;
  const [a, b] = [reach[above - 1], reach[above]];
  const share = Math.min(1, Math.max(0, (midi - a[0]) / (b[0] - a[0])));
  into[0] = a[1] + share * (b[1] - a[1]);
  into[1] = a[2] + share * (b[2] - a[2]);
  return into;
}

if (typeof module !== "undefined") module.exports = { hertz, midiOf, valueAt, positionOf, reachOf };
