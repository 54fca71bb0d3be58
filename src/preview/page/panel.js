// The panel beside the player: the selected element, the findings of the check, and what is not exact.

const LEVELS = { exact: "exact", approximate: "approximate", "not-shown": "not shown" };

const whereOf = (at) => (at.line ? `${at.file}:${at.line}` : at.file || "set by a flag");

const KEYS = [["Space", "play"], ["← →", "a frame"], ["Shift ← →", "a second"], ["[ ]", "scene"], ["Home End", "ends"], ["L", "loop"], ["M", "mute"], ["1–4", "speed"], ["F", "full screen"], ["S", "safe areas"]];

class Panel {
  constructor(home, { seek, choose }) {
    Object.assign(this, { home, seek, choose, tab: "element", element: null });
    this.tabs = make("div", { class: "tabs", role: "tablist" });
    this.sheet = make("div", { class: "sheet", role: "tabpanel", tabindex: "0" });
    home.append(this.tabs, this.sheet);
  }

  set(data) {
    this.data = data;
    this.open(this.tab);
  }

  open(tab) {
    this.tab = tab;
    const entries = this.data.entries.filter((entry) => entry.level !== "exact");
    const tabs = [["element", "Element", null], ["findings", "Findings", this.data.findings.length], ["truth", "Not exact", entries.length]];
    this.tabs.replaceChildren(...tabs.map(([name, label, count]) => make("button", { role: "tab", "aria-selected": String(name === tab), "data-tab": name, onclick: () => this.open(name) },
      label, ...(count === null ? [] : [" ", make("span", { class: "n" }, String(count))]))));
    const sheets = { element: () => this.ofElement(), findings: () => this.ofFindings(this.data.findings), truth: () => this.ofEntries(entries) };
    this.sheet.replaceChildren(...sheets[tab]());
  }

  choose_(element) {
    this.element = element;
    this.open("element");
  }

  ofElement() {
    const { element } = this;
    const keys = make("p", { class: "keys" }, ...KEYS.flatMap(([key, does]) => [make("kbd", {}, key), ` ${does}   `]));
    if (!element) return [make("p", { class: "none" }, "Click an element in the picture or on the timeline."), ...this.ofRow(), keys];
    const facts = [["line", whereOf(element.at)], ["pointer", element.at.pointer], ["from", `${clockText(element.start)} to ${clockText(element.end)}`], ["layer", String(element.z)]];
    if (element.doubt) facts.push(["time", element.doubt]);
    const notes = element.notes.map((note) => make("div", { class: "item" }, make("span", { class: `chip ${note.level}` }, LEVELS[note.level]), " ", note.reason));
    const findings = this.data.findings.filter((finding) => finding.pointer === element.at.pointer);
    return [
      make("h2", {}, element.label), make("span", { class: `chip ${element.level}` }, LEVELS[element.level]),
      make("dl", {}, ...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])),
      ...(notes.length ? [make("h3", {}, "Why it is not exact"), ...notes] : []),
      ...(findings.length ? [make("h3", {}, "Findings"), ...this.ofFindings(findings)] : []),
      make("h3", {}, "Settings"), make("pre", {}, element.source),
    ];
  }

  // The cells of a row that fill the variables.
  ofRow() {
    const { cells = [] } = this.data;
    return cells.length ? [make("h3", {}, `Row ${this.data.number}`), make("dl", {}, ...cells.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])), make("br")] : [];
  }

  ofFindings(findings) {
    if (!findings.length) return [make("p", { class: "none" }, "The check found nothing.")];
    return findings.map((finding) => make("button", { class: "item", onclick: () => { if (finding.time !== null) this.seek(finding.time); if (finding.pointer) this.choose(finding.pointer); } },
      make("span", { class: "where" }, `${whereOf(finding)} · ${finding.code} `), make("span", { class: finding.severity }, finding.severity),
      make("div", {}, finding.message), ...(finding.help ? [make("div", { class: "help" }, finding.help)] : [])));
  }

  ofEntries(entries) {
    if (!entries.length) return [make("p", { class: "none" }, "Everything in this preview is exact.")];
    return entries.map((entry) => make("button", { class: "item", onclick: () => entry.pointer && this.choose(entry.pointer) },
      make("span", { class: `chip ${entry.level}` }, LEVELS[entry.level]), " ", make("b", {}, entry.what),
      make("div", { class: "help" }, entry.reason), ...(entry.pointer ? [make("div", { class: "where" }, `${whereOf(entry)} ${entry.pointer}`)] : [])));
  }
}

// The line under the player: always visible, it never promises an exact picture.
function truthLine(preview, entries, open) {
  const count = (level) => entries.filter((entry) => entry.level === level).length;
  const notes = [...preview.notes, ...preview.scenes.flatMap((scene) => [...(scene.transition ? scene.transition.notes : []), ...scene.elements.flatMap((element) => element.notes)]), ...preview.elements.flatMap((element) => element.notes)];
  const subjects = (level) => {
    const all = [...new Set(notes.filter((note) => note.level === level).map((note) => note.subject))];
    const told = all.length > 5 ? [...all.slice(0, 5), "…"] : all;
    return told.length ? ` (${told.join(", ")})` : "";
  };
  const part = (level) => make("button", { class: `link ${level}`, onclick: open }, `${LEVELS[level]} ${count(level)}${level === "exact" ? "" : subjects(level)}`);
  return [make("b", {}, "Preview by j2v, not the service’s render."), part("exact"), part("approximate"), part("not-shown")];
}
