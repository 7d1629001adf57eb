"use strict";
// The course of a note's level: a recorded one, held by its loop, or a plain one; and what an instrument's residual is
// at a pitch.

const BANK_HZ = 100;
const FALL_DB_PER_S = 400; // after the end of a recorded release

// Decibels below the top of a note, by its age.
function envelopeDb({ attack_s, decay_s, sustain_db }, age_s) {
  if (age_s < attack_s) return 20 * Math.log10(Math.max(1e-3, age_s / attack_s));
  return sustain_db * (1 - Math.exp(-(age_s - attack_s) / decay_s));
}

// The note of a bank that was played most alike: an octave counts as half the way from softest to loudest.
function cellOf({ cells }, midi, velocity) {
  let best = cells[0], least = Infinity;
  for (const cell of cells) {
    const away = Math.abs(cell.midi - midi) / 12 + 2 * Math.abs(cell.velocity - velocity);
    if (away < least) [best, least] = [cell, away];
  }
  return best;
}

function between(db, frame) {
  const last = db.length - 1;
  if (frame >= last) return db[last] - ((frame - last) / BANK_HZ) * FALL_DB_PER_S;
  const below = Math.floor(frame);
  return db[below] + (frame - below) * (db[below + 1] - db[below]);
}

// While the key is down: to the end of the loop, then back and forth in it. A note that dies away has none.
function cellDb({ db, loop }, age_s) {
  const frame = age_s * BANK_HZ;
  if (!loop || frame <= loop[1]) return between(db, frame);
  const [from, to] = loop;
  const way = (frame - to) % (2 * (to - from));
  return between(db, way < to - from ? to - way : from + way - (to - from));
}

// After the key: how far below where it was let go.
const releaseDb = ({ db, release }, released_s) => between(db, release + released_s * BANK_HZ) - db[release];

// Residual of an instrument at a pitch, semitone by semitone from `lowest_midi`, held beyond both ends; plus a change.
function presetResidual(preset, midi, change, into) {
  if (!preset) { into.set(change); return; }
  const { lowest_midi, residual } = preset;
  const place = Math.min(residual.length - 1, Math.max(0, midi - lowest_midi));
  const below = Math.min(Math.floor(place), Math.max(0, residual.length - 2));
  const above = Math.min(below + 1, residual.length - 1);
  for (let i = 0; i < into.length; i++) {
    into[i] = change[i] + residual[below][i] + (place - below) * (residual[above][i] - residual[below][i]);
  }
}

if (typeof module !== "undefined") module.exports = { BANK_HZ, envelopeDb, cellOf, cellDb, releaseDb, presetResidual };
