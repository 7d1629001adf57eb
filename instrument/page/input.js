"use strict";
// A voice or a recording that the instrument follows: its pitch and its level.

const MICROPHONE = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

const LONGEST_S = 30;
// The text of the audio thread, in a thread that has no audio.
const ASIDE = "globalThis.AudioWorkletProcessor = class {}; globalThis.registerProcessor = () => {};";
const APART_THERE = "onmessage = ({ data: [sound, about] }) => postMessage(takenApart(sound, about));";
const ROOM = "Sing, or drop a recording of one voice anywhere on the page.";
const SURE = 0.8, TOO_QUIET_DB = -50, SILENCE_DB = -75, PATIENCE = 25;

// By how many octaves a pitch is moved into a range; as it was while that will do, which spares leaps at the edge.
function octavesInto([low, high], midi, before) {
  const inside = (octaves) => midi + 12 * octaves > low - 1 && midi + 12 * octaves < high + 1;
  if (inside(before) && (before === 0 || !inside(0))) return before;
  return midi < low ? Math.ceil((low - midi) / 12 - 1 / 12) : midi > high ? -Math.ceil((midi - high) / 12 - 1 / 12) : 0;
}

class InputView {
  // ready: () -> { context, instrument } once sound may begin.
  // worklet: the text of the audio thread; stands: takes the shares that a recording has.
  constructor({ about, worklet }, ready, stands) {
    this.about = about;
    this.worklet = worklet;
    this.ready = ready;
    this.stands = stands;
    this.learnt = learntPitches(about);
    this.source = null;
    this.turns = false;
    byId("recording-is").parentElement.hidden = !about.correction;
    for (const [id, turns] of [["follow", false], ["turn", true]]) byId(id).addEventListener("click", () => this.choose(turns));
    byId("microphone").addEventListener("click", () => (isPressed(byId("microphone")) ? this.stop() : this.listen()));
    byId("file").addEventListener("change", ({ target }) => { if (target.files[0]) this.open(target.files[0]); target.value = ""; });
    byId("stop-file").addEventListener("click", () => this.stop());
    this.acceptDrops();
  }

  say(sentence) { if (byId("input-said").textContent !== sentence) byId("input-said").textContent = sentence; }

  // The context, once it runs; null, and a sentence, where there is no sound at all.
  async awake() {
    try {
      const { context, instrument } = await this.ready();
      this.instrument = instrument;
      return context;
    } catch (error) {
      this.say(`Nothing can be played: ${error.message}.`);
      return null;
    }
  }

  // Whether a recording is turned itself, or followed by the instrument; what plays begins again.
  choose(turns) {
    this.turns = turns;
    press(byId("follow"), !turns);
    press(byId("turn"), turns);
    if (this.file && (this.source || this.isTurned)) this.open(this.file);
  }

  async listen() {
    this.stop();
    let stream;
    try {
      if (!navigator.mediaDevices) throw new Error("no devices");
      stream = await navigator.mediaDevices.getUserMedia({ audio: MICROPHONE });
    } catch (error) {
      this.say(error.name === "NotFoundError" ? "No microphone is there: plug one in, or open a recording."
        : "The browser gives no microphone to this page: allow it in the address bar, or open a recording.");
      return;
    }
    const context = await this.awake();
    if (!context) return;
    this.stream = stream;
    press(byId("microphone"), true);
    this.follow(new MediaStreamAudioSourceNode(context, { mediaStream: stream }));
    this.say("Listening: wear headphones, or it hears itself.");
  }

  async open(file) {
    this.stop();
    const context = await this.awake();
    if (!context) return;
    this.file = file;
    let buffer;
    try {
      buffer = await context.decodeAudioData(await file.arrayBuffer());
    } catch (error) {
      this.say(`${file.name} is no sound that this browser can read: try a WAV, FLAC or MP3.`);
      return;
    }
    if (this.turns) { await this.turn(file, buffer); return; }
    const source = new AudioBufferSourceNode(context, { buffer });
    source.onended = () => { if (this.source === source) { this.stop(); this.say(`${file.name}: over. Open it again, or another.`); } };
    this.follow(source);
    source.start();
    byId("stop-file").hidden = false;
    this.name = file.name;
    this.say(`Plays ${file.name}.`);
  }

  // The recording itself, again and again; knobs stand where it has them, and turn its partials and noise.
  async turn(file, buffer) {
    if (buffer.duration > LONGEST_S) {
      this.say(`${file.name} lasts ${Math.round(buffer.duration)} s: up to ${LONGEST_S} s can be turned here, and any length by timbre turn.`);
      return;
    }
    this.say(`Takes ${file.name} apart\u2026`);
    const sound = await soundAt(buffer, this.about.sample_rate);
    const recording = await this.takenApart(sound).catch((error) => error);
    if (recording instanceof Error) {
      this.say(`${file.name} cannot be taken apart in this browser (${recording.message}): let the instrument follow it.`);
      return;
    }
    if (this.file !== file || !this.turns) return;
    if (!recording) {
      this.say(`${file.name} has no clear pitch, so there is nothing to turn: one voice at a time, or let the instrument follow it.`);
      return;
    }
    this.isTurned = true;
    this.wet(0);
    this.instrument.send({ do: "recording", recording });
    byId("stop-file").hidden = false;
    this.say(`${file.name} itself, again and again: the knobs stand where it has them in the mean, and turn it from there.`);
  }

  // In a thread by itself: it takes a third of the time that the sound lasts.
  takenApart(sound) {
    const { sample_rate, hop, n_bands, n_partials } = this.about;
    const address = URL.createObjectURL(new Blob([ASIDE, this.worklet, APART_THERE], { type: "text/javascript" }));
    const worker = new Worker(address);
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (error) => reject(new Error(error.message));
      worker.postMessage([sound, { sample_rate, hop, n_bands, n_partials }]);
    }).finally(() => { worker.terminate(); URL.revokeObjectURL(address); });
  }

  // The instrument's room is none of the recording's.
  wet(gain) { if (this.instrument.room) this.instrument.room.wet.gain.value = gain; }

  follow(source) {
    this.source = source;
    source.connect(this.instrument.node);
    this.octaves = this.unheard = 0;
    this.send();
  }

  send() { this.instrument.send({ do: "follow", on: this.source !== null, semitones: 12 * this.octaves }); }

  stop() {
    if (this.isTurned) {
      this.isTurned = false;
      this.instrument.send({ do: "recording", recording: null });
      this.wet(1);
      byId("stop-file").hidden = true;
      this.say(ROOM);
    }
    if (!this.source) return;
    this.source.disconnect();
    if (this.source.stop && this.source.onended) { this.source.onended = null; this.source.stop(); }
    if (this.stream) for (const track of this.stream.getTracks()) track.stop();
    this.source = this.stream = null;
    press(byId("microphone"), false);
    byId("stop-file").hidden = true;
    if (this.instrument) this.send();
    this.say(ROOM);
  }

  // What is heard: it is moved by octaves to where the model has learnt to play.
  tell({ tracked, shares }) {
    if (shares) this.stands(shares);
    if (!this.source || !tracked) return;
    const { f0_hz, confidence, level_db } = tracked;
    if (confidence < SURE || level_db < TOO_QUIET_DB) {
      this.unheard++;
      if (this.unheard === PATIENCE) {
        this.say(level_db < SILENCE_DB ? "Hears nothing yet." : level_db < TOO_QUIET_DB ? "It is quieter than what it can follow: go nearer, or turn it up."
          : "Hears no clear pitch: one voice at a time.");
      }
      return;
    }
    this.unheard = 0;
    const octaves = octavesInto(this.learnt, midiOf(f0_hz), this.octaves);
    if (octaves !== this.octaves) {
      this.octaves = octaves;
      this.send();
    }
    const [low, high] = this.learnt.map(noteName);
    const moved = octaves ? `, ${octaves > 0 ? "lower" : "higher"} than anything learnt (${low}\u2013${high}): played ${Math.abs(octaves) === 1 ? "an octave" : `${Math.abs(octaves)} octaves`} ${octaves > 0 ? "up" : "down"}` : "";
    this.say(`Hears ${noteName(Math.round(midiOf(f0_hz)))}${moved}.`);
  }

  acceptDrops() {
    const isFile = ({ dataTransfer }) => dataTransfer && [...dataTransfer.types].includes("Files");
    addEventListener("dragover", (event) => { if (isFile(event)) { event.preventDefault(); byId("drop").hidden = false; } });
    addEventListener("dragleave", (event) => { if (!event.relatedTarget) byId("drop").hidden = true; });
    addEventListener("drop", (event) => {
      byId("drop").hidden = true;
      if (!isFile(event)) return;
      event.preventDefault();
      this.open(event.dataTransfer.files[0]);
    });
  }
}

// A recording in one channel at another rate.
async function soundAt(buffer, rate) {
  const context = new OfflineAudioContext(1, Math.max(1, Math.ceil(buffer.duration * rate)), rate);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  source.start();
  return (await context.startRendering()).getChannelData(0);
}

if (typeof module !== "undefined") module.exports = { octavesInto };
