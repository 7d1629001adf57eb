"use strict";
// The page put together: what is set, what is played, what is shown.

class Page {
  constructor(data) {
    const { about } = data;
    this.about = about;
    this.desk = new Desk(about, settingsFromHash(about, location.hash));
    this.last = {};
    this.sound = new Sound(data, () => [...settingMessages(about, this.desk.now), ...this.pressed()], (said) => this.tell(said));
    this.spectrum = new SpectrumView(null, Math.min(16000, about.sample_rate / 2));
    this.sound.made.then(() => { if (this.sound.analyser) this.spectrum.attach(this.sound.analyser); });
    this.knobs = new KnobsView(about, this.desk, (index) => this.pick(index));
    this.keys = new KeysView(about, (midi, velocity) => this.note(`key ${midi}`, midi, velocity), (midi) => this.note(`key ${midi}`, midi, 0));
    this.controls = new Controls(this);
    this.typed = new TypedKeys({
      base: () => this.keys.typedFrom, shift: (semitones) => this.keys.shift(semitones),
      play: (midi, velocity) => this.note(`typed ${midi}`, midi, velocity), release: (midi) => this.note(`typed ${midi}`, midi, 0),
      bend: (semitones) => this.bend(semitones), hold: () => this.hold(!isPressed(byId("hold"))),
      silence: () => { this.send({ do: "panic" }); this.input.stop(); },
    });
    this.midi = new MidiInput({
      send: (message) => this.send(message), note: (id, midi, velocity) => this.note(id, midi, velocity),
      turn: (knob, share) => this.desk.share(knob, share), vibrato: (amount) => this.vibrate(amount),
      hold: (down) => this.hold(down), map: this.firstMap(),
    });
    this.midi.onLearnt = (controller, knob) => this.controls.learnt(controller, knob);
    this.input = new InputView(data, () => this.sound.ready(),
      (shares) => this.desk.change({ shares: shares.map((share, index) => (index === about.level ? this.desk.now.shares[index] : share)) }));
    this.desk.listeners.push((settings, before) => this.changed(settings, before));
  }

  // Aftertouch brightens, and so does controller 74, which General MIDI calls brightness.
  brightness() {
    const names = ["sharpness", "spectral_centroid", "brightness"];
    return this.about.knobs.findIndex(({ name }) => names.includes(name));
  }

  pressed() {
    const index = this.brightness();
    return index < 0 ? [] : [{ do: "knob", index, pressure: 0.4 }];
  }

  firstMap() { return this.brightness() < 0 ? {} : { 74: this.brightness() }; }

  send(message) {
    if (message.do === "panic") this.keys.dark();
    this.sound.send(message);
  }

  // A note begins; at velocity 0 it ends.
  note(id, midi, velocity) {
    if (midi < 0 || midi > 127) return;
    this.sound.wake();
    this.keys.light(midi, velocity > 0);
    this.sound.send(velocity > 0 ? { do: "on", id, midi, velocity } : { do: "off", id });
    if (velocity > 0) this.knobs.at(midi);
  }

  bend(semitones) { byId("bend").value = semitones; this.sound.send({ do: "bend", semitones }); }

  vibrate(amount) { byId("vibrato").value = amount; this.sound.send({ do: "set", vibrato: amount }); }

  hold(down) { press(byId("hold"), down); this.sound.send({ do: "sustain", down }); }

  pick(index) {
    this.midi.learning = index;
    this.controls.picked(index);
  }

  changed(settings, before) {
    this.sound.send(...settingMessages(this.about, settings, before));
    clearTimeout(this.writing);
    this.writing = setTimeout(() => this.write(), 200);
  }

  address() { return `${location.href.split("#")[0]}#${settingsToHash(this.about, this.desk.now)}`; }

  write() { history.replaceState(null, "", this.address()); }

  tell(said) {
    this.last = said;
    this.knobs.tell(said);
    this.spectrum.f0_hz = said.readings ? said.f0_hz : 0;
    byId("pitch").textContent = said.readings ? `${saidPitch(said.f0_hz)} \u00b7 ${said.f0_hz.toFixed(1)}\u202fHz` : "";
    this.keepLevel(said);
    this.controls.tell(said);
    this.input.tell(said);
  }

  keepLevel({ readings, asked }) {
    const { level, knobs } = this.about;
    const keeps = this.desk.now.keep && level >= 0 && readings && Number.isFinite(readings[level]);
    if (!keeps) { if (!this.desk.now.keep) this.sound.makeUp(null); return; }
    const wanted = valueAt(knobs[level], asked[level]);
    if (wanted > -60) this.sound.makeUp(wanted - readings[level]);
  }
}

readPage().then((data) => { window.page = new Page(data); })
  .catch((error) => sayTrouble(`This page cannot be read (${error.message}): write it again with timbre export.`));
