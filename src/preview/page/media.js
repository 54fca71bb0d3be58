// Plays the recordings of the movie on its clock. The clock waits while a needed one has no data.

const LIVE = 4; // The most videos at once: a browser fails with more.
const DRIFT = { video: 0.3, audio: 0.1 }; // Seconds of drift before a recording is set to the clock, at most once a second.

class Players {
  constructor(clock) {
    Object.assign(this, { clock, all: new Set(), gain: null });
  }

  make(piece, content) {
    const player = new Player(this, piece, content);
    this.all.add(player);
    const videos = [...this.all].filter((other) => other.content.is_seen && other !== player);
    videos.filter((other) => !other.isOn).slice(0, Math.max(0, videos.length + 1 - LIVE)).forEach((other) => other.stop());
    return player;
  }

  // Whether the clock has to wait for a recording that is visible or audible now.
  isWaiting() { return [...this.all].some((player) => player.isOn && player.isWaiting()); }

  // A recording that still has no data continues to load; the movie plays without it.
  giveUp() { this.all.forEach((player) => { player.isLate ||= player.isOn && player.isWaiting(); }); }
}

class Player {
  constructor(players, piece, content) {
    Object.assign(this, { players, piece, content, isOn: false, righted: 0, failed: false, isLate: false });
    this.node = make(content.is_seen ? "video" : "audio", { src: piece.stage.href(content.media), preload: "auto", playsinline: "" });
    this.node.style.objectFit = content.fit;
    this.node.addEventListener("error", () => this.fail());
  }

  fail() {
    this.failed = true;
    if (this.content.is_seen && this.piece.look) this.piece.replace("can’t be loaded", fileName(this.piece.stage.address(this.content.media)));
  }

  // The time in the file for a time of the movie; null after its end.
  position(time) {
    const length = this.node.duration;
    const from = this.content.seek < 0 && Number.isFinite(length) ? Math.max(0, length + this.content.seek) : Math.max(0, this.content.seek);
    let at = time - this.piece.plan.start + from;
    if (this.content.repeats && Number.isFinite(length) && length > from) at = from + (at - from) % (length - from);
    return Number.isFinite(length) && at >= length ? null : at;
  }

  at(time, isOn) {
    this.isOn = isOn;
    const { clock } = this.players;
    const at = isOn && !this.failed ? this.position(time) : null;
    if (at === null) {
      if (!this.node.paused) this.node.pause();
      if (!isOn && this.node.readyState > 0 && time < this.piece.plan.start) this.seek(this.position(this.piece.plan.start) || 0, 0.05);
      return;
    }
    this.loud(clock);
    if (!clock.isPlaying || clock.isWaiting) {
      if (!this.node.paused) this.node.pause();
      this.seek(at, 0.02);
      return;
    }
    this.node.playbackRate = clock.speed;
    if (this.node.paused) {
      this.seek(at, 0.05);
      this.node.play().catch((why) => why.name === "NotAllowedError" && clock.mute(true));
    } else if (performance.now() - this.righted > 1000) this.seek(at, DRIFT[this.node.localName]);
  }

  seek(at, tolerance) {
    if (this.node.readyState === 0 || this.node.seeking || Math.abs(this.node.currentTime - at) <= tolerance) return;
    this.righted = performance.now();
    this.node.currentTime = at;
  }

  isWaiting() { return !this.failed && !this.isLate && this.node.readyState < 2 && this.position(this.players.clock.time) !== null; }

  // A volume above 1 needs Web Audio, which does not work for a file of another host.
  loud(clock) {
    const { volume } = this.content;
    this.node.muted = clock.isMuted;
    this.node.volume = Math.min(1, volume);
    if (volume > 1 && !clock.isMuted && !this.amplified && clock.isServed) {
      this.players.gain ||= new AudioContext();
      const gain = this.players.gain.createGain();
      gain.gain.value = volume;
      this.players.gain.createMediaElementSource(this.node).connect(gain).connect(this.players.gain.destination);
      this.amplified = true;
    }
  }

  stop() {
    this.node.pause();
    this.node.removeAttribute("src");
    this.node.load();
    this.players.all.delete(this);
    this.piece.player = null;
    if (this.piece.node) { this.piece.node.remove(); Object.assign(this.piece, { node: null, animations: [], moves: [] }); }
  }
}
