"use strict";
// What a player has set: kept, taken back, compared, written into the address.

const SETTINGS_OF_SOUND = ["shares", "residual", "preset", "envelope", "level_db", "keep", "exact"];
const VOLUME_DB = [-30, 12];
const RESIDUAL_RANGE = [-3, 3];

function firstSettings(about) {
  const preset = (about.presets || [])[0];
  const plain = {
    shares: about.knobs.map(() => 0.5), residual: new Array(about.residual_size).fill(0),
    preset: "", envelope: "", level_db: 0, keep: false, exact: true, mono: false, glide_ms: 30,
  };
  return preset ? { ...plain, ...presetSettings(about, preset) } : plain;
}

// A preset as settings: its residual comes from its table, so the sliders of the residual stand at no change.
function presetSettings(about, preset) {
  return {
    shares: about.knobs.map((knob, index) => within(preset.shares[index] ?? 0.5, 0, 1)),
    residual: new Array(about.residual_size).fill(0),
    preset: preset.name,
    envelope: (about.envelopes || []).some(({ name }) => name === preset.name) ? preset.name : "",
  };
}

const within = (value, low, high) => Math.min(high, Math.max(low, value));
const shortNumber = (value) => String(Number(value.toFixed(3)));

// Only what differs from the first settings: "sharpness=0.4&preset=flute".
function settingsToHash(about, settings) {
  const first = firstSettings(about);
  const words = new URLSearchParams();
  const preset = (about.presets || []).find(({ name }) => name === settings.preset);
  if (settings.preset !== first.preset) words.set("preset", settings.preset);
  const from = preset ? { ...first, ...presetSettings(about, preset) } : { ...first, envelope: "", shares: about.knobs.map(() => 0.5) };
  about.knobs.forEach(({ name }, index) => {
    if (index !== about.level && shortNumber(settings.shares[index]) !== shortNumber(from.shares[index])) {
      words.set(name, shortNumber(settings.shares[index]));
    }
  });
  if (settings.residual.some((value) => Math.abs(value) > 5e-4)) {
    words.set("residual", settings.residual.map(shortNumber).join(","));
  }
  for (const name of ["envelope", "level_db", "glide_ms"]) {
    if (settings[name] !== from[name]) words.set(name, String(settings[name]));
  }
  for (const name of ["keep", "exact", "mono"]) if (settings[name] !== first[name]) words.set(name, settings[name] ? "1" : "0");
  return words.toString().replace(/%2C/g, ",");
}

// What an address says, as far as this instrument knows it; numbers out of range come to its end.
function settingsFromHash(about, hash) {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const number = (name, low, high, otherwise) => {
    const value = Number(words.get(name));
    return words.get(name) && Number.isFinite(value) ? within(value, low, high) : otherwise;
  };
  let settings = firstSettings(about);
  if (words.has("preset")) {
    const preset = (about.presets || []).find(({ name }) => name === words.get("preset"));
    if (preset) settings = { ...settings, ...presetSettings(about, preset) };
    else if (!words.get("preset")) {
      settings = { ...settings, preset: "", envelope: "", shares: about.knobs.map(() => 0.5) };
    }
  }
  settings.shares = about.knobs.map(({ name }, index) => number(name, 0, 1, settings.shares[index]));
  const residual = (words.get("residual") || "").split(",").map(Number);
  if (residual.length === about.residual_size && residual.every(Number.isFinite)) {
    settings.residual = residual.map((value) => within(value, ...RESIDUAL_RANGE));
  }
  if (words.has("envelope")) settings.envelope = words.get("envelope");
  settings.level_db = number("level_db", ...VOLUME_DB, settings.level_db);
  settings.glide_ms = number("glide_ms", 1, 400, settings.glide_ms);
  for (const name of ["keep", "exact", "mono"]) if (words.has(name)) settings[name] = words.get(name) === "1";
  return settings;
}

// The settings of now, those before them, and two slots to compare.
class Desk {
  constructor(about, settings) {
    this.about = about;
    this.now = settings;
    this.past = [];
    this.future = [];
    this.slots = { A: settings, B: null };
    this.slot = "A";
    this.group = "";
    this.listeners = [];
  }

  // Changes of one group in a row, as while a slider is dragged, are one step to take back.
  change(changes, group = "") {
    if (!group || group !== this.group) {
      this.past.push(this.now);
      if (this.past.length > 200) this.past.shift();
    }
    this.group = group;
    this.future = [];
    this.become({ ...this.now, ...changes });
  }

  share(index, value) {
    this.change({ shares: this.now.shares.map((share, each) => (each === index ? value : share)) }, `share ${index}`);
  }

  // The end of a drag: the next change of the same slider is a step by itself.
  settle() { this.group = ""; }

  undo() { this.step(this.past, this.future); }

  redo() { this.step(this.future, this.past); }

  step(from, onto) {
    if (!from.length) return;
    onto.push(this.now);
    this.group = "";
    this.become(from.pop());
  }

  // The other slot begins as a copy. What is no sound, as mono or glide, stays.
  compare(slot) {
    if (slot === this.slot) return;
    this.slots[this.slot] = this.now;
    this.slot = slot;
    const other = this.slots[slot] || this.now;
    const sound = Object.fromEntries(SETTINGS_OF_SOUND.map((name) => [name, other[name]]));
    this.change(sound);
  }

  become(settings) {
    const before = this.now;
    this.now = settings;
    for (const listener of this.listeners) listener(settings, before);
  }
}

// A bank's curves as numbers: it holds a byte for each half decibel below the top.
function openedBank(bank) {
  if (!bank) return null;
  const opened = (text) => Float32Array.from(atob(text), (letter) => -letter.charCodeAt(0) / 2);
  return { cells: bank.cells.map((cell) => ({ ...cell, db: opened(cell.db) })) };
}

// What the audio thread is told when settings become others; everything where there were none before.
function settingMessages(about, settings, before = null) {
  const messages = [];
  settings.shares.forEach((share, index) => {
    if (index !== about.level && (!before || share !== before.shares[index])) messages.push({ do: "knob", index, share });
  });
  const preset = (about.presets || []).find(({ name }) => name === settings.preset) || null;
  if (about.residual_size && (!before || settings.preset !== before.preset)) {
    messages.push({ do: "preset", preset: preset && { lowest_midi: preset.lowest_midi, residual: preset.residual } });
  }
  if (about.residual_size && (!before || settings.residual !== before.residual)) {
    messages.push({ do: "residual", values: settings.residual });
  }
  if (!before || settings.envelope !== before.envelope) {
    messages.push({ do: "set", bank: openedBank((about.envelopes || []).find(({ name }) => name === settings.envelope)) });
  }
  const plain = (each) => ({ level_db: each.level_db, mono: each.mono, exact: each.exact, glide_s: each.glide_ms / 1000 });
  const changed = Object.entries(plain(settings)).filter(([name, value]) => !before || value !== plain(before)[name]);
  if (changed.length) messages.push({ do: "set", ...Object.fromEntries(changed) });
  return messages;
}

if (typeof module !== "undefined") {
  module.exports = { Desk, firstSettings, presetSettings, settingsToHash, settingsFromHash, settingMessages, openedBank, within };
}
