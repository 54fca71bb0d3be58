// Assembles the page.

const data = JSON.parse(document.getElementById("data").textContent);

// The time of the still of a scene: its middle, after the transition into it and before the one out of it.
function stillTime(preview, scene) {
  const next = preview.scenes[preview.scenes.indexOf(scene) + 1];
  const start = scene.transition ? scene.transition.end : scene.start;
  const end = next && next.transition ? next.transition.start : scene.end;
  return end > start ? (start + end) / 2 : (scene.start + scene.end) / 2;
}

function storyboard() {
  const { preview } = data.state;
  const still = (scene) => {
    const stage = new Stage(preview, { hrefs: data.state.hrefs });
    const home = make("div", { class: "still" });
    home.style.aspectRatio = `${preview.width} / ${preview.height}`;
    home.append(stage.frame);
    const words = [clockText(scene.start), `${Math.round((scene.end - scene.start) * 100) / 100} s`, scene.transition && scene.transition.style, whereOf(scene.at)];
    const figure = make("figure", {}, home, make("figcaption", {}, make("b", {}, scene.label), ` ${words.filter(Boolean).join(" · ")}`));
    const draw = () => { stage.fit(home.clientWidth, home.clientHeight); stage.show(stillTime(preview, scene)); };
    new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && draw(), { rootMargin: "400px" }).observe(home);
    addEventListener("beforeprint", draw);
    addEventListener("resize", () => stage.fit(home.clientWidth, home.clientHeight));
    return figure;
  };
  document.body.append(make("main", { class: "board" }, make("h1", {}, data.name),
    make("div", { class: "facts" }, `${preview.width}×${preview.height} · ${preview.total} · ${preview.scenes.length} scenes`),
    make("div", { class: "grid" }, ...preview.scenes.map(still)),
    make("p", { class: "truth" }, ...truthLine(preview, data.state.entries, () => {}))));
}

const ICONS = {
  play: "M7 4v16l13-8z", pause: "M6 4h4v16H6zM14 4h4v16h-4z", before: "M6 5h2.5v14H6zM20 5v14L9 12z", after: "M15.500 5H18v14h-2.500zM4 5v14l11-7z",
  loop: "M17 4v3H8a5 5 0 0 0-5 5h2.200A2.800 2.800 0 0 1 8 9.200h9v3L21.500 8zM7 20v-3h9a5 5 0 0 0 5-5h-2.200a2.800 2.800 0 0 1-2.800 2.800H7v-3L2.500 16z",
  sound: "M4 9v6h4l5 5V4L8 9zM15.500 8.200v7.600a4.300 4.300 0 0 0 0-7.600z", full: "M4 4h6v2.200H6.200V10H4zM14 4h6v6h-2.200V6.200H14zM4 14h2.200v3.800H10V20H4zM17.800 14H20v6h-6v-2.200h3.800z",
  safe: "M3 5h18v14H3zm2.200 2.200v9.600h13.600V7.200zM7.500 9.500h9v5h-9z", theme: "M12 3a9 9 0 1 0 9 9 7 7 0 0 1-9-9z",
};

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "path"));
  svg.firstChild.setAttribute("d", ICONS[name]);
  return svg;
}

class Page {
  constructor() {
    this.clock = new Clock(() => this.tick());
    this.clock.isServed = data.mode === "live";
    this.scoped = false;
    const tool = (name, label, act) => make("button", { class: "tool", title: label, "aria-label": label, onclick: act }, icon(name));
    this.title = make("h1");
    this.facts = make("span", { class: "facts" });
    this.live = make("span", { class: "live", role: "status" }, "live");
    this.banner = make("div", { class: "banner", role: "alert", hidden: "" });
    this.screen = make("div", { class: "screen" });
    this.spinner = make("div", { class: "wait", hidden: "" });
    this.safe = make("div", { class: "safe", hidden: "" });
    this.well = make("div", { class: "well" }, this.screen);
    this.said = make("div", { class: "said", "aria-live": "off" });
    this.playButton = make("button", { class: "tool play", "aria-label": "Play", onclick: () => this.toggle() }, icon("play"));
    this.timeText = make("span", { class: "time" });
    this.loop = tool("loop", "Loop (L)", () => this.press("l"));
    this.sound = tool("sound", "Mute (M)", () => this.press("m"));
    this.safeButton = tool("safe", "Safe areas (S)", () => this.press("s"));
    this.speed = make("select", { class: "tool", "aria-label": "Speed", onchange: (event) => { this.clock.speed = Number(event.target.value); } },
      ...[0.5, 1, 1.5, 2].map((speed) => make("option", { value: speed, ...(speed === 1 ? { selected: "" } : {}) }, `${speed}×`)));
    this.scope = make("select", { class: "tool", "aria-label": "Scope", onchange: (event) => { this.scoped = event.target.value === "scene"; this.range(); this.clock.tick(); } },
      make("option", { value: "movie" }, "Movie"), make("option", { value: "scene" }, "Scene"));
    const controls = make("div", { class: "bar-controls" }, tool("before", "Scene before ([)", () => this.press("[")), this.playButton, tool("after", "Next scene (])", () => this.press("]")), this.timeText,
      make("span", { class: "grow" }), this.scope, this.speed, this.loop, this.sound, this.safeButton, tool("full", "Full screen (F)", () => this.press("f")), tool("theme", "Light or dark", () => this.theme()));
    this.truth = make("div", { class: "truth" });
    const lanes = make("div", { class: "lanes" });
    const panel = make("aside", { class: "panel" });
    this.rowsHome = make("nav", { class: "rows", "aria-label": "Rows", hidden: "" });
    const top = make("header", { class: "top" }, this.title, this.facts, make("span", { class: "grow" }), ...(data.mode === "live" ? [this.live] : []));
    this.app = make("div", { class: "app" }, top, this.banner, this.rowsHome, make("main", { class: "view" }, this.well, this.said, controls, this.truth), make("section", { class: "timeline", "aria-label": "Timeline" }, lanes), panel);
    document.body.append(this.app);
    const acts = { seek: (time) => this.clock.set(time), choose: (pointer, element) => this.choose(pointer, element) };
    this.timeline = new Timeline(lanes, acts);
    this.panel = new Panel(panel, acts);
    this.strict = make("input", { type: "checkbox", onchange: () => this.stage.frame.classList.toggle("strict", this.strict.checked) });
    this.listen();
  }

  listen() {
    addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.fit()).observe(this.well);
    document.addEventListener("fullscreenchange", () => this.fit());
    this.screen.addEventListener("click", (event) => {
      const nodes = document.elementsFromPoint(event.clientX, event.clientY).map((node) => node.closest(".place")).filter(Boolean);
      const piece = this.stage.pieces.find((each) => each.node && each.node === nodes[0]);
      if (piece) this.choose(piece.plan.at.pointer, piece.plan);
    });
  }

  // Shows a new state of the movie at the current time.
  show(state, { keeps = true } = {}) {
    const time = keeps ? this.clock.time : 0;
    if (this.stage) this.stage.stop();
    Object.assign(this, { state, preview: state.preview });
    const { preview } = state;
    Object.assign(this.clock, { duration: preview.duration, fps: preview.fps });
    this.stage = new Stage(preview, { hrefs: state.hrefs, pages: state.pages, players: (piece, content) => this.clock.players.make(piece, content) });
    this.stage.frame.classList.toggle("strict", this.strict.checked);
    this.screen.replaceChildren(this.stage.frame, this.safe, this.spinner);
    this.title.textContent = state.row ? `${data.name} · ${state.row}` : data.name;
    document.title = `${this.title.textContent} · j2v preview`;
    this.facts.textContent = [`${preview.width}×${preview.height}`, preview.total, `${preview.scenes.length} scene${preview.scenes.length === 1 ? "" : "s"}`, state.credits].filter(Boolean).join(" · ");
    this.timeline.set(preview, state.findings);
    this.panel.element = this.element ? this.all().find((element) => element.at.pointer === this.element.at.pointer) || null : null;
    this.element = this.panel.element;
    this.panel.set(state);
    this.truth.replaceChildren(...truthLine(preview, state.entries, () => this.panel.open("truth")), make("label", {}, this.strict, "only what is documented"));
    this.voices = this.all().filter((element) => element.content.is === "voice");
    this.fit();
    this.clock.set(time);
    this.range();
  }

  all() { return [...this.preview.scenes.flatMap((scene) => scene.elements), ...this.preview.elements]; }

  range() {
    const scene = this.scoped && this.preview.scenes[this.sceneAt(this.clock.time)];
    this.clock.range = scene ? [scene.start, scene.end] : [0, this.preview.duration];
  }

  sceneAt(time) { return Math.max(0, this.preview.scenes.findLastIndex((scene) => time >= scene.start - 1e-6)); }

  broken(why) {
    this.banner.hidden = !why;
    this.banner.textContent = why || "";
    this.app.classList.toggle("faulty", Boolean(why));
    this.live.classList.toggle("broken", Boolean(why));
    this.live.textContent = why ? "the last good picture" : "live";
  }

  fit() {
    if (!this.stage) return;
    const full = document.fullscreenElement === this.screen;
    const room = full ? { width: innerWidth, height: innerHeight } : { width: this.well.clientWidth - 48, height: this.well.clientHeight - 32 };
    const { width, height } = this.stage.fit(Math.max(room.width, 80), Math.max(room.height, 60));
    Object.assign(this.screen.style, { width: `${width}px`, height: `${height}px` });
    Object.assign(this.stage.frame.style, { left: full ? `${(innerWidth - width) / 2}px` : "0", top: full ? `${(innerHeight - height) / 2}px` : "0" });
    this.clock.tick();
  }

  tick() {
    if (!this.stage) return;
    const { clock } = this;
    this.stage.show(clock.time);
    if (this.element) this.outline();
    this.timeline.at(clock.time);
    this.timeText.replaceChildren(clockText(clock.time), make("span", {}, ` / ${clockText(this.preview.duration)}`));
    this.spinner.hidden = !(clock.isPlaying && clock.isWaiting);
    if (this.wasPlaying !== clock.isPlaying) {
      this.wasPlaying = clock.isPlaying;
      this.playButton.replaceChildren(icon(clock.isPlaying ? "pause" : "play"));
      this.playButton.setAttribute("aria-label", clock.isPlaying ? "Pause" : "Play");
    }
    this.loop.setAttribute("aria-pressed", String(clock.loops));
    this.sound.setAttribute("aria-pressed", String(clock.isMuted));
    this.caption(clock.time);
  }

  // The spoken texts: the preview plays no voices, so it shows their words.
  caption(time) {
    const voice = this.voices.find((element) => time >= element.start && time < element.end);
    if (!voice) {
      if (this.spoken) this.said.replaceChildren();
      this.spoken = null;
      return;
    }
    const words = voice.content.text.split(" ");
    const at = Math.ceil((time - voice.start) / (voice.end - voice.start) * words.length);
    if (this.spoken === voice && this.spokenTo === at) return;
    Object.assign(this, { spoken: voice, spokenTo: at });
    this.said.replaceChildren(make("b", {}, "voice "), make("span", { class: "now" }, words.slice(0, at).join(" ")), ` ${words.slice(at).join(" ")}`);
  }

  choose(pointer, element) {
    const found = element || this.all().find((each) => each.at.pointer === pointer);
    this.element = found || null;
    this.timeline.mark(found);
    this.outline();
    if (!found) return;
    this.panel.choose_(found);
    if (this.clock.time < found.start || this.clock.time >= found.end) this.clock.set((found.start + Math.min(found.end, found.start + 2)) / 2);
  }

  // The node of the selected element may have been created again.
  outline() {
    const piece = this.stage.pieces.find((each) => each.plan === this.element);
    if (this.outlined && this.outlined !== piece?.node) this.outlined.classList.remove("chosen");
    this.outlined = piece ? piece.node : null;
    if (this.outlined) this.outlined.classList.add("chosen");
  }

  toggle() { if (this.clock.isPlaying) this.clock.pause(); else this.clock.play(); }

  theme() {
    const isDark = getComputedStyle(document.documentElement).getPropertyValue("--bg").trim() === "#0e1014";
    document.documentElement.dataset.theme = isDark ? "light" : "dark";
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const isButton = event.target.closest("button");
    if (isButton && (event.key === " " || event.key === "Enter")) return;
    if (this.press(event.key, event.shiftKey)) event.preventDefault();
  }

  press(key, isShifted = false) {
    const { clock } = this;
    const step = isShifted ? 1 : 1 / clock.fps;
    const scenes = this.preview.scenes;
    const scene = this.sceneAt(clock.time);
    const acts = {
      " ": () => this.toggle(),
      arrowleft: () => clock.set(clock.time - step, false),
      arrowright: () => clock.set(clock.time + step, false),
      home: () => clock.set(0),
      end: () => clock.set(clock.end, false),
      "[": () => clock.set(scenes.length ? scenes[clock.time - scenes[scene].start > 0.5 ? scene : Math.max(0, scene - 1)].start : 0),
      "]": () => clock.set(scenes[scene + 1] ? scenes[scene + 1].start : clock.end),
      l: () => { clock.loops = !clock.loops; },
      m: () => clock.mute(!clock.isMuted),
      f: () => (document.fullscreenElement ? document.exitFullscreen() : this.screen.requestFullscreen().catch(() => {})),
      s: () => { this.safe.hidden = !this.safe.hidden; this.safeButton.setAttribute("aria-pressed", String(!this.safe.hidden)); },
    };
    const act = acts[key.toLowerCase()] || (["1", "2", "3", "4"].includes(key) && (() => { this.speed.selectedIndex = Number(key) - 1; this.clock.speed = [0.5, 1, 1.5, 2][Number(key) - 1]; }));
    if (!act) return false;
    act();
    if (key === "[" || key === "]") this.range();
    clock.tick();
    return true;
  }
}

function play() {
  const page = new Page();
  window.j2v = page;
  page.show(data.state);
  page.broken(data.state.broken);
  if (data.mode === "live") {
    let rows = null;
    follow(data.state, {
      onState(state) {
        page.broken(state.broken);
        if (rows) rows.load().then(() => rows.pick(rows.tiles.map((tile) => tile.row).find((row) => row.key === rows.key) || rows.tiles[0]?.row));
        else if (state.preview) page.show(state);
      },
      onGone() {
        page.live.classList.add("gone");
        page.live.textContent = "j2v preview has ended";
      },
    });
    if (data.rows) {
      page.rowsHome.hidden = false;
      page.app.classList.add("table");
      rows = new Rows(page.rowsHome, { show: (row) => row.preview && page.show({ ...row, row: row.key }) });
      rows.load();
    }
  }
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (!calm && !data.paused) page.clock.play();
}

if (data.mode === "storyboard") storyboard();
else play();
