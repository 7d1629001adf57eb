"use strict";
// The sound as a spectrum or a spectrogram, over the logarithm of frequency.

const SEEN_DB = [-108, -18];
const LOWEST_SEEN_HZ = 40;
const MARKS_HZ = [50, 100, 200, 500, 1000, 2000, 5000, 10000];

class SpectrumView {
  constructor(analyser, highest_hz) {
    this.analyser = analyser;
    this.highest_hz = highest_hz;
    this.canvas = byId("spectrum");
    this.bins = new Float32Array(analyser ? analyser.frequencyBinCount : 0);
    this.kind = "spectrum";
    this.f0_hz = 0;
    this.history = document.createElement("canvas");
    new ResizeObserver(() => this.resize()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolour());
    this.resize();
  }

  attach(analyser) {
    this.analyser = analyser;
    this.bins = new Float32Array(analyser.frequencyBinCount);
    const step = () => { this.frame(); requestAnimationFrame(step); };
    requestAnimationFrame(step);
  }

  resize() {
    const times = Math.min(2, devicePixelRatio || 1);
    const { clientWidth, clientHeight } = this.canvas;
    this.width = clientWidth;
    this.height = clientHeight;
    for (const canvas of [this.canvas, this.history]) {
      canvas.width = Math.max(1, Math.round(clientWidth * times));
      canvas.height = Math.max(1, Math.round(clientHeight * times));
    }
    this.times = times;
    this.recolour();
  }

  recolour() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    this.colours = { line: colour("--sound"), mark: colour("--rule"), text: colour("--quiet"), asked: colour("--asked"), ground: colour("--well") };
    this.draw();
  }

  hzAt(share) { return LOWEST_SEEN_HZ * (this.highest_hz / LOWEST_SEEN_HZ) ** share; }

  shareAt(hz) { return Math.log(hz / LOWEST_SEEN_HZ) / Math.log(this.highest_hz / LOWEST_SEEN_HZ); }

  frame() {
    if (!this.width || document.hidden) return;
    this.analyser.getFloatFrequencyData(this.bins);
    if (this.kind === "spectrogram") this.scroll();
    this.draw();
  }

  // Level at a share of the axis: the loudest bin of its pixel.
  level(share, next) {
    const perBin = this.analyser.context.sampleRate / this.analyser.fftSize;
    const from = this.hzAt(share) / perBin, to = this.hzAt(next) / perBin;
    if (to - from < 1) {
      const below = Math.min(this.bins.length - 2, Math.floor(from));
      return this.bins[below] + (from - below) * (this.bins[below + 1] - this.bins[below]);
    }
    let most = -Infinity;
    for (let bin = Math.ceil(from); bin <= to && bin < this.bins.length; bin++) most = Math.max(most, this.bins[bin]);
    return most;
  }

  height01(db) { return Math.min(1, Math.max(0, (db - SEEN_DB[0]) / (SEEN_DB[1] - SEEN_DB[0]))) || 0; }

  draw() {
    const pen = this.canvas.getContext("2d");
    pen.setTransform(this.times, 0, 0, this.times, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    if (this.kind === "spectrogram") pen.drawImage(this.history, 0, 0, this.width, this.height);
    this.drawMarks(pen);
    if (this.kind === "spectrum" && this.analyser) this.drawCurve(pen);
  }

  drawMarks(pen) {
    const upright = this.kind === "spectrogram";
    pen.font = "11px system-ui, sans-serif";
    pen.fillStyle = this.colours.text;
    pen.strokeStyle = this.colours.mark;
    pen.lineWidth = 1;
    for (const hz of MARKS_HZ.filter((each) => each < 0.96 * this.highest_hz)) {
      const share = this.shareAt(hz);
      const text = hz >= 1000 ? `${hz / 1000}\u202fkHz` : `${hz}\u202fHz`;
      pen.beginPath();
      if (upright) {
        const y = Math.round(this.height * (1 - share)) + 0.5;
        pen.moveTo(0, y); pen.lineTo(6, y);
        if ([100, 500, 2000, 5000].includes(hz)) pen.fillText(text, 10, y + 4);
      } else {
        const x = Math.round(this.width * share) + 0.5;
        pen.moveTo(x, 0); pen.lineTo(x, this.height - 18);
        if (this.width > 700 || [100, 500, 2000].includes(hz)) pen.fillText(text, x - 12, this.height - 5);
      }
      pen.stroke();
    }
  }

  drawCurve(pen) {
    const { width, height, colours } = this;
    const floor = height - 18;
    const curve = new Path2D();
    for (let x = 0; x <= width; x++) {
      const y = floor - this.height01(this.level(x / width, (x + 1) / width)) * (floor - 14);
      if (x) curve.lineTo(x, y); else curve.moveTo(x, y);
    }
    const area = new Path2D(curve);
    area.lineTo(width, floor);
    area.lineTo(0, floor);
    pen.fillStyle = colours.line;
    pen.globalAlpha = 0.16;
    pen.fill(area);
    pen.globalAlpha = 1;
    pen.strokeStyle = colours.line;
    pen.lineWidth = 1.4;
    pen.lineJoin = "round";
    pen.stroke(curve);
    if (!this.f0_hz) return;
    pen.strokeStyle = colours.asked;
    const x = Math.round(width * this.shareAt(this.f0_hz)) + 0.5;
    pen.beginPath();
    pen.moveTo(x, floor);
    pen.lineTo(x, floor + 5);
    pen.stroke();
  }

  scroll() {
    const pen = this.history.getContext("2d");
    const { width, height } = this.history;
    const step = Math.round(this.times);
    pen.globalCompositeOperation = "copy"; // moved, not laid over itself
    pen.drawImage(this.history, -step, 0);
    pen.globalCompositeOperation = "source-over";
    pen.clearRect(width - step, 0, step, height);
    pen.fillStyle = this.colours.line;
    for (let y = 0; y < height; y += 1) {
      pen.globalAlpha = this.height01(this.level((height - y - 1) / height, (height - y) / height)) ** 1.2;
      pen.fillRect(width - step, y, step, 1);
    }
    pen.globalAlpha = 1;
  }
}
