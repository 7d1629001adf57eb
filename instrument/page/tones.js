"use strict";
// Partials with a phase each, as a recording has them: cosines and sines of the harmonics of a pitch, hop by hop.

// Add a hop of them to `out` from `start` on. `near` and `far` hold count cosines and then as many sines, with lines
// between; turns: of the fundamental where the hop begins. -> its turns where the hop ends.
function addTones(out, start, hop, turns, cycles, step, near, far, count) {
  for (let j = 0; j < hop; j++) {
    const at = turns + j * cycles + ((j * (j - 1)) / (2 * hop)) * step;
    const angle = 2 * Math.PI * (at - Math.floor(at));
    const cosine = Math.cos(angle), twice = 2 * cosine, share = j / hop;
    let x0 = 0, x1 = 0, y0 = 0, y1 = 0;
    for (let k = count - 1; k >= 0; k--) {
      const x = near[k] + share * (far[k] - near[k]) + twice * x0 - x1;
      const y = near[count + k] + share * (far[count + k] - near[count + k]) + twice * y0 - y1;
      x1 = x0; x0 = x; y1 = y0; y0 = y;
    }
    out[start + j] += x0 * cosine - x1 + y0 * Math.sin(angle);
  }
  return turnsAfter(turns, hop, cycles, step);
}

function turnsAfter(turns, hop, cycles, step) {
  const after = turns + hop * cycles + ((hop - 1) / 2) * step;
  return after - Math.floor(after);
}

if (typeof module !== "undefined") module.exports = { addTones, turnsAfter };
