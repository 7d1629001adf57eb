"use strict";
// MIDI: bytes made events, events made messages of the instrument; zones of MPE; controllers that turn knobs.

const KINDS = { 8: "off", 9: "on", 10: "key pressure", 11: "control", 12: "program", 13: "pressure", 14: "bend" };
const SUSTAIN = 64, WHEEL = 1, ALL_SOUND_OFF = 120, ALL_NOTES_OFF = 123;
const MPE_BEND = 48, BEND = 2; // semitones, where nothing else was said

const midiId = (channel, note) => `midi ${channel} ${note}`;

// A channel message; null for what is none.
function midiEvent([status, one = 0, two = 0]) {
  const kind = KINDS[status >> 4];
  if (!kind) return null;
  const event = { kind, channel: status & 15 };
  if (kind === "control") return { ...event, controller: one, amount: two / 127 };
  if (kind === "pressure") return { ...event, amount: one / 127 };
  if (kind === "bend") return { ...event, share: ((two << 7) + one - 8192) / (two >= 64 ? 8191 : 8192) };
  if (kind === "key pressure") return { ...event, note: one, amount: two / 127 };
  if (kind === "program") return event;
  const on = kind === "on" && two > 0;
  return { ...event, kind: on ? "on" : "off", note: one, velocity: on ? two / 127 : 0 };
}

class MidiInput {
  // send: takes messages of the instrument; note(id, midi, velocity or 0) and turn(knob, share): what the page shows.
  constructor({ send, note, turn, vibrato, hold, map = {} }) {
    Object.assign(this, { send, note, turn, vibrato, hold, map });
    this.learning = null;
    this.zones = new Map(); // channel of a master -> channels of its notes
    this.ranges = new Map();
    this.rpn = new Map();
    this.held = new Map();
    this.bends = new Map();
  }

  masterOf(channel) {
    for (const [master, members] of this.zones) if (members.includes(channel)) return master;
    return null;
  }

  receive(bytes) {
    const event = midiEvent(bytes);
    if (!event) return;
    const each = this[{ on: "on", off: "off", control: "control", bend: "bend", pressure: "pressure", "key pressure": "keyPressure" }[event.kind]];
    if (each) each.call(this, event);
  }

  on({ channel, note, velocity }) {
    this.note(midiId(channel, note), note, velocity);
    if (this.masterOf(channel) === null) return;
    this.held.set(channel, [...(this.held.get(channel) || []).filter((each) => each !== note), note]);
    const semitones = this.bends.get(channel); // a controller bends before it plays
    if (semitones) this.send({ do: "bend", semitones, id: midiId(channel, note) });
  }

  off({ channel, note }) {
    this.note(midiId(channel, note), note, 0);
    this.held.set(channel, (this.held.get(channel) || []).filter((each) => each !== note));
  }

  bend({ channel, share }) {
    const isMember = this.masterOf(channel) !== null;
    const semitones = share * (this.ranges.get(channel) ?? (isMember ? MPE_BEND : BEND));
    if (isMember) this.bends.set(channel, semitones);
    this.sendOf(channel, { do: "bend", semitones });
  }

  pressure({ channel, amount }) { this.sendOf(channel, { do: "pressure", amount }); }

  // To the notes of a zone's channel, or to all.
  sendOf(channel, message) {
    if (this.masterOf(channel) === null) this.send(message);
    else for (const note of this.held.get(channel) || []) this.send({ ...message, id: midiId(channel, note) });
  }

  keyPressure({ channel, note, amount }) { this.send({ do: "pressure", amount, id: midiId(channel, note) }); }

  control({ channel, controller, amount }) {
    if (this.registered(channel, controller, amount)) return;
    if (controller === SUSTAIN) this.hold(amount >= 0.5);
    else if (controller === ALL_SOUND_OFF || controller === ALL_NOTES_OFF) this.send({ do: "panic" });
    else if (this.learning !== null) {
      for (const [other, knob] of Object.entries(this.map)) if (knob === this.learning) delete this.map[other];
      this.map[controller] = this.learning;
      const learnt = this.learning;
      this.learning = null;
      if (this.onLearnt) this.onLearnt(controller, learnt);
    } else if (controller in this.map) this.turn(this.map[controller], amount);
    else if (controller === WHEEL) this.vibrato(amount);
  }

  // Registered parameters: 0 is the range of the bend, 6 a zone of MPE.
  registered(channel, controller, amount) {
    const value = Math.round(127 * amount);
    const now = this.rpn.get(channel) || [127, 127];
    if (controller === 101) this.rpn.set(channel, [value, now[1]]);
    else if (controller === 100) this.rpn.set(channel, [now[0], value]);
    else if (controller !== 6 || now[0] !== 0) return false;
    else if (now[1] === 0) this.setRange(channel, value);
    else if (now[1] === 6) this.setZone(channel, value);
    return true;
  }

  setRange(channel, semitones) {
    const master = this.masterOf(channel);
    for (const each of master === null ? [channel] : this.zones.get(master)) this.ranges.set(each, semitones);
  }

  // The lower zone counts up from channel 1, the upper down from 16.
  setZone(channel, size) {
    if (channel !== 0 && channel !== 15) return;
    this.zones.delete(channel);
    const step = channel === 0 ? 1 : -1;
    if (size) this.zones.set(channel, Array.from({ length: Math.min(15, size) }, (_, n) => channel + step * (n + 1)));
  }
}

// Every input of the browser, those that come later too. Says what is connected.
async function connectMidi(input, say) {
  if (!navigator.requestMIDIAccess) {
    say("This browser has no MIDI here: Chromium has it, Firefox where the page comes from 127.0.0.1 (timbre play).");
    return false;
  }
  try {
    const access = await navigator.requestMIDIAccess();
    const listen = () => {
      const names = [];
      for (const port of access.inputs.values()) {
        port.onmidimessage = ({ data }) => input.receive(data);
        if (port.state !== "disconnected") names.push(port.name || "a port without a name");
      }
      say(names.length ? `Listens to ${names.join(", ")}.` : "No MIDI device is there yet: plug one in.");
    };
    access.onstatechange = listen;
    listen();
    return true;
  } catch (error) {
    say("The browser did not give MIDI: allow it in the address bar and connect again.");
    return false;
  }
}

if (typeof module !== "undefined") module.exports = { midiEvent, MidiInput };
