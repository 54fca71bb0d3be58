// The timeline: one row per scene, one bar per element, drawn when the row becomes visible.

const LANE = 18;
const MOST_LANES = 14;

const COLORS = ["text", "image", "video", "audio", "voice", "html", "component", "subtitles", "audiogram"];

// Puts elements in as few lanes as possible without overlap; elements beyond the last lane share it.
function lanesOf(elements) {
  const ends = [];
  return elements.map((element) => {
    let lane = ends.findIndex((end) => end <= element.start + 1e-6);
    if (lane < 0) lane = ends.length < MOST_LANES ? ends.length : MOST_LANES - 1;
    ends[lane] = Math.max(ends[lane] || 0, element.end);
    return lane;
  });
}

class Timeline {
  constructor(home, { seek, choose }) {
    Object.assign(this, { home, seek, choose, bars: new Map(), rows: [] });
    this.watcher = new IntersectionObserver((entries) => entries.forEach((entry) => entry.isIntersecting && this.fill(entry.target)), { root: home, rootMargin: "200px" });
    home.addEventListener("pointerdown", (event) => {
      if (!event.target.closest(".ruler") || event.target.closest("button")) return;
      const drag = (moved) => this.seek(this.timeAt(moved.clientX));
      drag(event);
      home.setPointerCapture(event.pointerId);
      home.addEventListener("pointermove", drag);
      home.addEventListener("pointerup", () => home.removeEventListener("pointermove", drag), { once: true });
    });
  }

  timeAt(x) {
    const box = this.ruler.getBoundingClientRect();
    return clamp((x - box.left) / box.width, 0, 1) * this.duration;
  }

  set(preview, findings) {
    this.watcher.disconnect();
    this.bars.clear();
    Object.assign(this, { preview, duration: Math.max(preview.duration, 0.001) });
    this.faults = new Set(findings.filter((finding) => finding.severity === "error").map((finding) => finding.pointer));
    this.ruler = make("div", { class: "ruler" }, ...this.ticks(), ...this.flags(findings));
    this.head = make("div", { class: "head" });
    const scenes = preview.scenes.map((scene, index) => this.row(scene.label, scene.elements, scene, index));
    const own = preview.elements.length ? [this.row("Movie", preview.elements, null, -1)] : [];
    this.rows = scenes;
    this.home.replaceChildren(this.ruler, ...scenes, ...own, this.head);
    [...scenes, ...own].forEach((row) => this.watcher.observe(row));
  }

  percent(seconds) { return `${seconds / this.duration * 100}%`; }

  ticks() {
    const step = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].find((seconds) => this.duration / seconds <= 12) || this.duration / 10;
    const ticks = [];
    for (let time = 0; time < this.duration - step * 0.3; time += step) {
      const tick = make("span", {}, `${Math.round(time * 100) / 100}s`);
      tick.style.left = this.percent(time);
      ticks.push(tick);
    }
    return ticks;
  }

  flags(findings) {
    return findings.filter((finding) => finding.time !== null).slice(0, 200).map((finding) => {
      const text = `${finding.code}: ${finding.message}`;
      const flag = make("button", { class: finding.severity, title: text, "aria-label": text, onclick: () => { this.seek(finding.time); this.choose(finding.pointer); } });
      flag.style.left = this.percent(finding.time);
      return flag;
    });
  }

  row(label, elements, scene, index) {
    const lanes = lanesOf(elements);
    const space = make("div", { class: "space" });
    space.style.height = `${(Math.max(-1, ...lanes) + 1) * LANE + 8}px`;
    const name = make("button", { class: "name", title: scene && scene.doubt ? `${label}: ${scene.doubt}` : label, onclick: () => scene && this.seek(scene.start) }, label);
    const row = make("div", { class: "row" }, name, space);
    row.fill = { elements, lanes, scene, space, index };
    return row;
  }

  fill(row) {
    this.watcher.unobserve(row);
    const { elements, lanes, scene, space } = row.fill;
    const stretch = (node, start, end) => Object.assign(node.style, { left: this.percent(start), width: this.percent(Math.max(end - start, 0)) });
    if (scene) {
      const extent = make("div", { class: "extent" });
      stretch(extent, scene.start, scene.end);
      space.append(extent);
      if (scene.transition) {
        const overlap = make("div", { class: "overlap", title: `transition ${scene.transition.style}` });
        stretch(overlap, scene.transition.start, scene.transition.end);
        space.append(overlap);
      }
    }
    elements.forEach((element, at) => {
      const why = [element.label, element.level !== "exact" && element.level.replace("-", " "), element.doubt].filter(Boolean).join(" · ");
      const classes = ["bar", element.level, element.doubt && "doubt", this.faults.has(element.at.pointer) && "fault"].filter(Boolean).join(" ");
      const bar = make("button", { class: classes, title: why, onclick: () => { this.choose(element.at.pointer, element); } }, element.label);
      if (COLORS.includes(element.kind)) bar.style.setProperty("--c", `var(--c-${element.kind})`);
      stretch(bar, element.start, element.end);
      bar.style.top = `${4 + lanes[at] * LANE}px`;
      this.bars.set(element, bar);
      if (element === this.chosen) bar.classList.add("chosen");
      space.append(bar);
    });
  }

  mark(element) {
    this.bars.get(this.chosen)?.classList.remove("chosen");
    this.chosen = element;
    this.bars.get(element)?.classList.add("chosen");
  }

  at(time) {
    const label = this.ruler.offsetLeft;
    this.head.style.left = `${label + this.ruler.clientWidth * clamp(time / this.duration, 0, 1)}px`;
    this.head.style.height = `${this.home.scrollHeight}px`;
    const now = this.preview.scenes.findLastIndex((scene) => time >= scene.start);
    if (now === this.now) return;
    this.rows[this.now]?.classList.remove("now");
    this.now = now;
    this.rows[now]?.classList.add("now");
  }
}
