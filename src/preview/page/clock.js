// The time of the movie: one number that every picture and sound follows.

const PATIENCE = 8000; // How long the clock waits for a recording without data, milliseconds.

class Clock {
  constructor(onTick) {
    Object.assign(this, { time: 0, isPlaying: false, isWaiting: false, isMuted: false, loops: true, speed: 1, range: [0, 0], fps: 25, isServed: false });
    this.players = new Players(this);
    this.onTick = onTick;
    this.step = this.step.bind(this);
    this.asked = 0;
  }

  set(time, plays = this.isPlaying) {
    this.time = clamp(time, 0, this.end);
    this.isPlaying = plays;
    this.last = performance.now();
    this.tick();
  }

  get end() { return this.duration || 0; }

  play() {
    if (this.time >= this.range[1] - 0.001 || this.time < this.range[0]) this.time = this.range[0];
    this.set(this.time, true);
  }

  pause() { this.set(this.time, false); }

  mute(isMuted) { this.isMuted = isMuted; this.tick(); }

  tick() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(this.step);
  }

  step(now) {
    this.asked = 0;
    if (this.isPlaying) {
      const passed = Math.min((now - this.last) / 1000, 0.25) * this.speed;
      this.wait(now);
      if (!this.isWaiting && passed > 0) this.time += passed;
      if (this.time >= this.range[1]) {
        const [start, end] = this.range;
        if (this.loops && end - start > 0.1) this.time = start;
        else Object.assign(this, { time: end, isPlaying: false });
      }
      this.asked = requestAnimationFrame(this.step);
    }
    this.last = now;
    this.onTick();
  }

  wait(now) {
    const wasWaiting = this.isWaiting;
    this.isWaiting = this.players.isWaiting();
    if (this.isWaiting && !wasWaiting) this.since = now;
    if (this.isWaiting && now - this.since > PATIENCE) {
      this.players.giveUp();
      this.isWaiting = false;
    }
  }
}

const clockText = (seconds) => {
  const hundredths = Math.round(Math.max(seconds, 0) * 100);
  const part = (value) => String(value).padStart(2, "0");
  return `${part(Math.floor(hundredths / 6000))}:${part(Math.floor(hundredths / 100) % 60)}.${part(hundredths % 100)}`;
};
