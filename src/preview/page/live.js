// The functions of a served page that a file lacks: it follows the movie as it is edited, and shows any row of a table.

async function fetched(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

// Requests the next state repeatedly: the server answers when there is one.
async function follow(state, { onState, onGone }) {
  let { version } = state;
  let failures = 0;
  while (failures < 4) {
    try {
      const next = await fetched(`state/${version}`);
      failures = 0;
      if (next) {
        version = next.version;
        onState(next);
      }
    } catch {
      failures += 1;
      await new Promise((later) => { setTimeout(later, 400 * failures); });
    }
  }
  onGone();
}

class Rows {
  constructor(home, { show }) {
    Object.assign(this, { home, show, from: 0, key: null, asked: 0 });
    this.search = make("input", { type: "search", placeholder: "Find a key", "aria-label": "Find a key", oninput: () => { this.from = 0; this.load(); } });
    this.count = make("span", {});
    const turn = (by, label) => make("button", { class: "tool", "aria-label": label, onclick: () => { this.from = Math.max(0, this.from + by); this.load(); } }, by < 0 ? "‹" : "›");
    this.pages = [turn(-12, "The rows before"), turn(12, "The next rows")];
    this.tiles = [];
    home.append(make("div", { class: "finder" }, this.search, this.count, make("div", {}, ...this.pages)));
  }

  async load() {
    const asked = ++this.asked;
    const page = await fetched(`rows?from=${this.from}&key=${encodeURIComponent(this.search.value.trim())}`);
    if (asked !== this.asked) return;
    const last = Math.min(this.from + page.rows.length, page.found);
    this.count.textContent = page.found ? `${this.from + 1} to ${last} of ${page.found}` : "no such row";
    this.pages[0].disabled = this.from === 0;
    this.pages[1].disabled = last >= page.found;
    this.tiles.forEach((tile) => tile.remove());
    this.tiles = page.rows.map((row) => this.tile(row));
    this.home.append(...this.tiles);
    if (this.key === null && page.rows.length && !this.search.value) this.pick(page.rows[0]);
  }

  tile(row) {
    const still = make("span", { class: "still" });
    const worst = row.findings && row.findings.some((finding) => finding.severity === "error");
    const tile = make("button", { class: "tile", "aria-pressed": String(row.key === this.key), title: `row ${row.number}`, onclick: () => this.pick(row) },
      still, make("span", { class: `key${worst || row.fault ? " bad" : ""}` }, row.key || `row ${row.number}`));
    tile.row = row;
    if (row.preview) {
      const stage = new Stage(row.preview, { hrefs: row.hrefs });
      const { width, height } = stage.fit(156, 86);
      Object.assign(stage.frame.style, { left: `${(156 - width) / 2}px`, top: `${(86 - height) / 2}px` });
      stage.frame.classList.add("plain");
      still.append(stage.frame);
      stage.show(row.preview.scenes.length ? stillTime(row.preview, row.preview.scenes[0]) : row.preview.duration / 2);
    } else still.append(standIn("no picture", row.fault || ""));
    return tile;
  }

  pick(row) {
    this.key = row.key;
    this.tiles.forEach((tile) => tile.setAttribute("aria-pressed", String(tile.row.key === row.key)));
    this.show(row);
  }
}
