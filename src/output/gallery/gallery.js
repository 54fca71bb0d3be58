// A tile a row. Tiles are made as they come into sight, and a video is asked for when its tile is seen.
"use strict";

const STEP = 60;
const AGAIN = 5000; // Milliseconds until a page whose run goes on looks for more.
const OPEN = ["pending", "running", "waiting", "unknown", "timeout", "unsent"];

const make = (tag, attributes = {}, ...inside) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...inside);
  return node;
};

const groupOf = (status) => (status === "done" ? "done" : OPEN.includes(status) ? "open" : "failed");
const number = (value, digits = 1) => (value === null || value === undefined || value === "" ? null : Number(Number(value).toFixed(digits)));
const size = (bytes) => (bytes ? (bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`) : null);

const SORTS = {
  "in order": (one, other) => one.row - other.row,
  "by key": (one, other) => String(one.key || "").localeCompare(String(other.key || ""), undefined, { numeric: true }),
  "by credits": (one, other) => (other.credits || 0) - (one.credits || 0),
  "by length": (one, other) => (other.length || 0) - (one.length || 0),
  "by status": (one, other) => String(one.status).localeCompare(String(other.status)) || one.row - other.row,
};

class Gallery {
  constructor(rows, isWhole) {
    Object.assign(this, { rows, isWhole, shown: 0 });
    const [group, sort, words] = decodeURIComponent(location.hash.slice(1)).split("|");
    Object.assign(this, { group: group || "all", sort: SORTS[sort] ? sort : "in order", words: words || "" });
    this.videos = new IntersectionObserver((entries) => entries.forEach(({ target, isIntersecting }) => this.load(target, isIntersecting)), { rootMargin: "150px" });
    this.search = make("input", { type: "search", placeholder: "Find a key or a message", "aria-label": "Find a key or a message", oninput: () => { this.words = this.search.value; this.draw(); } });
    this.search.value = this.words;
    this.sorts = make("select", { "aria-label": "Sort", onchange: () => { this.sort = this.sorts.value; this.draw(); } }, ...Object.keys(SORTS).map((name) => make("option", name === this.sort ? { selected: "" } : {}, name)));
    this.states = make("div", { class: "states" });
    this.home = make("main");
    this.end = make("div", { "aria-hidden": "true" });
    this.player = make("dialog", { onclose: () => { this.player.replaceChildren(); } });
    const credits = rows.reduce((sum, row) => sum + (row.credits || 0), 0);
    const facts = [`${rows.length} row${rows.length === 1 ? "" : "s"}`, credits ? `${number(credits)} credits` : null, isWhole ? null : "the run goes on"].filter(Boolean).join(" · ");
    document.body.append(make("header", {}, make("h1", {}, document.title), make("span", { class: "facts" }, facts), make("span", { class: "grow" }), this.states, this.search, this.sorts), this.home, this.end, this.player);
    new IntersectionObserver((entries) => entries[0].isIntersecting && this.more(), { rootMargin: "900px" }).observe(this.end);
    this.draw();
  }

  draw() {
    history.replaceState(null, "", `#${encodeURIComponent([this.group, this.sort, this.words].join("|"))}`);
    const words = this.words.trim().toLowerCase();
    const found = this.rows.filter((row) => !words || [row.key, row.message, row.project, row.status].some((text) => String(text || "").toLowerCase().includes(words)));
    const count = (group) => found.filter((row) => group === "all" || groupOf(row.status) === group).length;
    this.states.replaceChildren(...["all", "done", "failed", "open"].map((group) => make("button", { "aria-pressed": String(group === this.group), onclick: () => { this.group = group; this.draw(); } }, `${group} `, make("span", {}, String(count(group))))));
    this.list = found.filter((row) => this.group === "all" || groupOf(row.status) === this.group).sort(SORTS[this.sort]);
    this.shown = 0;
    this.videos.disconnect();
    this.home.replaceChildren(...(this.list.length ? [] : [make("p", { class: "none-found" }, "No row is like that.")]));
    this.more();
  }

  // The next tiles, until the page is longer than the window.
  more() {
    do {
      this.home.append(...this.list.slice(this.shown, this.shown + STEP).map((row) => this.tile(row)));
      this.shown = Math.min(this.shown + STEP, this.list.length);
    } while (this.shown < this.list.length && this.end.getBoundingClientRect().top < innerHeight + 900);
  }

  tile(row) {
    const group = groupOf(row.status);
    const src = row.file || row.url;
    const pane = src && group === "done"
      ? make("button", { class: "pane", "aria-label": `Play ${row.key || row.row}`, onclick: () => this.play(row, src) }, ...(row.length ? [make("span", { class: "length" }, `${number(row.length)} s`)] : []))
      : make("div", { class: "pane none" }, group === "open" ? "no video yet" : "no video");
    if (src && group === "done") {
      pane.src = src;
      pane.addEventListener("pointerenter", () => pane.video?.play().catch(() => {}));
      pane.addEventListener("pointerleave", () => pane.video?.pause());
      this.videos.observe(pane);
    }
    const more = [`row ${row.row}`, row.length ? `${number(row.length)} s` : null, row.credits ? `${number(row.credits)} credits` : null, size(row.size)].filter(Boolean).join(" · ");
    const text = [make("div", { class: "key" }, make("span", { class: `state ${group}` }, row.status), row.key || row.project || `row ${row.row}`), make("div", { class: "more" }, more)];
    if (row.message && group !== "done") text.push(make("div", { class: "why" }, row.message));
    if (row.cause && group !== "done") text.push(make("div", { class: "cause" }, row.cause));
    if (row.next) text.push(make("div", {}, make("code", {}, row.next)));
    return make("article", { class: group }, pane, make("div", { class: "text" }, ...text));
  }

  load(pane, isSeen) {
    if (isSeen && !pane.video) {
      pane.video = make("video", { src: `${pane.src}#t=0.5`, preload: "metadata", playsinline: "", loop: "", tabindex: "-1" });
      pane.video.muted = true;
      pane.video.addEventListener("error", () => pane.video && pane.classList.add("none"));
      pane.prepend(pane.video);
    } else if (!isSeen && pane.video) {
      pane.video.removeAttribute("src");
      pane.video.load();
      pane.video.remove();
      pane.video = null;
    }
  }

  play(row, src) {
    const close = make("button", { onclick: () => this.player.close() }, "Close");
    this.player.replaceChildren(make("video", { src, controls: "", autoplay: "" }), make("p", {}, make("b", {}, row.key || row.project || `row ${row.row}`), close));
    this.player.showModal();
  }

  isBusy() { return this.player.open || document.activeElement === this.search || scrollY > 400; }
}

addEventListener("DOMContentLoaded", () => {
  const byRow = new Map();
  document.querySelectorAll("script.row").forEach((line) => { const row = JSON.parse(line.textContent); byRow.set(row.row, row); });
  const isWhole = Boolean(document.getElementById("end"));
  window.gallery = new Gallery([...byRow.values()], isWhole);
  if (!isWhole) setInterval(() => window.gallery.isBusy() || location.reload(), AGAIN);
});
