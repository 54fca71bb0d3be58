// Draws a plan. Every picture depends on the time alone: `show(t)` draws the same picture whatever was shown before.

const make = (tag, attributes = {}, ...inside) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...inside);
  return node;
};

const asUrl = (href) => `url("${href.replace(/["\\\n]/g, encodeURIComponent)}")`;

// Sets each declaration separately, so that a value can't set another property. A picture in it is a file of the movie.
const dress = (node, css, stage) => css.forEach(([name, value]) =>
  node.style.setProperty(name, value.replace(/url\(media:(\d+)\)/g, (_, media) => asUrl(stage.href(media)))));

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

function animated(node, track, base = 0, fill = "both") {
  const first = track.at[0][0];
  const length = Math.max(track.at[track.at.length - 1][0] - first, 0.001);
  const steps = track.at.length > 1 ? track.at : [track.at[0], [first + length, track.at[0][1]]];
  const frames = steps.map(([time, value]) => ({ [track.of]: value, offset: clamp((time - first) / length, 0, 1), easing: track.easing }));
  const animation = node.animate(frames, { duration: length * 1000, delay: (base + first) * 1000, fill });
  animation.pause();
  return animation;
}

// A part's animation on the movie's clock. Outside of its span its value is a plain style: an animation, even one that is over,
// holds a layer of its own, and hundreds of layers can't be drawn in time.
class Move {
  constructor(node, track, base) {
    const [first, last] = [track.at[0], track.at[track.at.length - 1]];
    Object.assign(this, { node, of: track.of, animation: animated(node, track, base), first, last, base, held: null });
  }

  set currentTime(milliseconds) {
    const time = milliseconds / 1000 - this.base;
    const held = time < this.first[0] ? this.first[1] : time >= Math.max(this.last[0], this.first[0] + 0.001) ? this.last[1] : null;
    if (held === null) {
      if (this.held !== null) this.node.style[this.of] = "";
      this.animation.currentTime = milliseconds;
    } else if (held !== this.held) {
      this.animation.cancel();
      this.node.style[this.of] = held;
    }
    this.held = held;
  }
}

const EDGES = { start: "flex-start", center: "center", end: "flex-end" };

function placed(node, place) {
  const set = (along, start, end, size, name) => {
    if (along.length === null) node.classList.add(name);
    else node.style[size] = `${along.length}px`;
    if (along.from === "center") node.style[start] = `calc(50% + ${along.offset}px)`;
    else node.style[along.from === "end" ? end : start] = `${along.offset}px`;
  };
  set(place.across, "left", "right", "width", "auto-x");
  set(place.down, "top", "bottom", "height", "auto-y");
  const middle = (along) => (along.from === "center" ? "-50%" : "0");
  if (place.across.from === "center" || place.down.from === "center") node.style.translate = `${middle(place.across)} ${middle(place.down)}`;
}

const standIn = (title, text) => make("div", { class: "stand-in" }, make("b", {}, title), make("span", {}, text));

const fileName = (url) => decodeURIComponent((url.split(/[?#]/)[0].split("/").filter(Boolean).pop() || url).replace(/%(?![0-9a-f]{2})/gi, "%25"));

// A text as spans of its parts: words stay whole, and spaces are not parts.
function inParts(words, parts, animations) {
  const spans = [];
  const part = (text) => {
    const span = make("span", { class: "part" }, text);
    dress(span, parts.css, null);
    spans.push(span);
    return span;
  };
  if (parts.by === "pill") {
    words.node.classList.add("pills");
    words.text.split(/[,|\n]/).map((pill) => pill.trim()).filter(Boolean).forEach((pill) => words.node.append(part(pill)));
  } else {
    for (const word of words.text.split(/(\s+)/)) {
      if (!word.trim()) words.node.append(word);
      else if (parts.by === "word") words.node.append(part(word));
      else words.node.append(make("span", { class: "keep" }, ...Array.from(word, part)));
    }
  }
  spans.forEach((span, index) => {
    const moves = parts.moves[index % parts.moves.length] || [];
    moves.forEach((track) => animations.push(new Move(span, track, parts.start + index * parts.stagger)));
  });
}

const drawers = {
  image(piece, content) {
    const image = make("img", { src: piece.stage.href(content.media), alt: piece.plan.label, draggable: "false" });
    image.style.objectFit = content.fit;
    image.addEventListener("error", () => piece.replace("can’t be loaded", fileName(piece.stage.address(content.media))));
    return masked(piece, content, cut(piece, content, image));
  },
  recording(piece, content) {
    piece.player = piece.stage.players(piece, content);
    return content.is_seen ? masked(piece, content, cut(piece, content, piece.player.node)) : null;
  },
  text(piece, content) {
    const node = make("div", { class: "words" });
    dress(node, content.css, piece.stage);
    if (content.parts) inParts({ node, text: content.text }, content.parts, piece.animations);
    else node.textContent = content.text;
    if (!content.css.some(([name]) => name === "text-align")) node.style.textAlign = { start: "left", end: "right" }[content.align[0]] || "center";
    const align = make("div", { class: "align" }, node);
    align.style.justifyContent = EDGES[content.align[0]];
    align.style.alignItems = EDGES[content.align[1]];
    return align;
  },
  component: (piece, content) => box(piece, content),
  html(piece, content) {
    const own = piece.stage.pages[content.page];
    const frame = make("iframe", { class: "html", sandbox: own ? "allow-scripts" : "", title: "html", tabindex: "-1", scrolling: "no" });
    if (own) frame.src = own;
    else frame.srcdoc = closed(piece.stage.preview.pages[content.page]);
    return frame;
  },
  audiogram(piece, content) {
    const bars = Array.from({ length: 56 }, () => make("i"));
    bars.forEach((bar) => { bar.style.background = content.color; });
    piece.moves.push((time) => bars.forEach((bar, index) => {
      const wave = Math.abs(Math.sin(time * 5.1 + index * 0.55) * Math.sin(time * 2.3 + index * 0.21) * Math.sin(index * 1.7 + time));
      bar.style.transform = `scaleY(${(0.04 + wave * content.amplitude / 10).toFixed(3)})`;
    }));
    const waves = make("div", { class: "waves" }, ...bars);
    waves.style.opacity = content.opacity;
    return waves;
  },
  subtitles: (piece, content) => subtitled(piece, content),
  box: (piece, content) => standIn(content.title, content.text),
};

// A snippet that may be shown and may reach no host. The policy refuses its requests; a browser still connects ahead for a
// link or a frame, so these are removed.
function closed(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  page.querySelectorAll("link, meta, base, script, template, iframe, frame, object, embed").forEach((node) => node.remove());
  const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:";
  page.head.insertAdjacentHTML("afterbegin", `<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><style>body{margin:0}</style>`);
  return `<!doctype html>${page.documentElement.outerHTML}`;
}

function cut(piece, content, picture) {
  if (!content.crop) return picture;
  const [left, top, width, height] = content.crop;
  const window_ = make("div", { class: "cut" }, picture);
  Object.assign(window_.style, { width: `${width}px`, height: `${height}px` });
  Object.assign(picture.style, { left: `${-left}px`, top: `${-top}px`, width: "auto", height: "auto" });
  const { across, down } = piece.plan.place;
  window_.style.transform = `scale(${(across.length || width) / width}, ${(down.length || height) / height})`;
  return window_;
}

function masked(piece, content, node) {
  if (content.mask === null) return node;
  const url = asUrl(piece.stage.href(content.mask));
  Object.assign(node.style, { maskImage: url, maskSize: "100% 100%", maskMode: "luminance" });
  return node;
}

function box(piece, part) {
  const node = make("div", { class: "box" });
  dress(node, part.css, piece.stage);
  if (part.media !== null) node.append(make("img", { src: piece.stage.href(part.media), alt: "", onerror: (event) => event.target.replaceWith(standIn("image", "can’t be loaded")) }));
  if (part.count) {
    const { from, to, decimals, seconds } = part.count;
    piece.moves.push((time) => {
      const progress = seconds ? clamp((time - piece.plan.start) / seconds, 0, 1) : 1;
      node.textContent = (part.text || "__num__").replaceAll("__num__", (from + (to - from) * progress).toFixed(decimals));
    });
  } else if (part.text !== null) node.append(part.text);
  part.parts.forEach((inner) => node.append(box(piece, inner)));
  return node;
}

function subtitled(piece, content) {
  const node = make("div", { class: "subtitles" });
  dress(node, content.css, piece.stage);
  if (content.at) {
    node.classList.add("custom");
    Object.assign(node.style, { left: `${content.at[0]}px`, top: `${content.at[1]}px` });
  } else Object.assign(node.style, { top: `${content.down}%`, justifyContent: EDGES[content.across] });
  let shown = -1;
  piece.moves.push((time) => {
    const index = content.lines.findIndex((line) => time >= line.start && time < line.end);
    const line = content.lines[index];
    if (index !== shown) {
      shown = index;
      const spaced = line ? line.words.flatMap(([, word], at) => [at ? " " : "", make("span", {}, word)]) : [];
      node.replaceChildren(...(line ? [make("p", {}, ...spaced)] : []));
    }
    if (!line) return;
    const spoken = line.words.reduce((last, [start], at) => (time >= start ? at : last), 0);
    if (content.style === "boxed-line") node.firstChild.style.backgroundColor = content.box_color;
    node.querySelectorAll("span").forEach((span, at) => {
      const is = at === spoken;
      span.style.color = is && content.style !== "boxed-line" && content.style !== "boxed-word" ? content.word_color : "";
      span.style.backgroundColor = is && content.style === "boxed-word" ? content.box_color : "";
      span.style.visibility = content.style === "classic-progressive" && at > spoken ? "hidden" : "";
      span.style.display = content.style === "classic-one-word" && !is ? "none" : "";
    });
  });
  return node;
}

// One element: its node is created when it first becomes visible.
class Piece {
  constructor(stage, plan) {
    Object.assign(this, { stage, plan, node: null, animations: [], moves: [], player: null });
  }

  build() {
    const { plan } = this;
    const drawn = plan.content.is === "voice" ? null : drawers[plan.content.is](this, plan.content);
    this.node = make("div", { class: plan.place ? "place" : "layer", "data-level": plan.level, "data-pointer": plan.at.pointer });
    this.node.style.pointerEvents = "none";
    if (!plan.place) {
      if (drawn) this.node.append(drawn);
      return;
    }
    placed(this.node, plan.place);
    this.look = make("div", { class: "look" }, ...(drawn ? [drawn] : []));
    dress(this.look, plan.css, this.stage);
    const move = make("div", { class: "move" }, this.look);
    this.animations.push(...plan.tracks.map((track) => animated(move, track)));
    this.node.append(move);
    const missing = plan.notes.find((note) => note.level === "not-shown");
    if (missing && plan.content.is !== "box") this.node.append(make("span", { class: "badge" }, missing.subject));
    else if (plan.level === "approximate") this.node.append(make("i", { class: "dot" }));
  }

  replace(title, text) {
    this.look.replaceChildren(standIn(title, text));
  }

  // Whether any part of it may be visible at a time.
  show(time, home) {
    const isOn = time >= this.plan.start && time < this.plan.end;
    if (!this.node) {
      if (!isOn && !(this.plan.content.is === "recording" && this.stage.plays && time >= this.plan.start - 3 && time < this.plan.end)) return;
      this.build();
      home.append(this.node);
    }
    this.node.hidden = !isOn;
    if (isOn) {
      this.animations.forEach((animation) => { animation.currentTime = time * 1000; });
      this.moves.forEach((move) => move(time));
    }
    if (this.player) this.player.at(time, isOn);
  }
}

class Stage {
  // `players` creates the players of recordings; a still has players that do not play.
  constructor(preview, { hrefs, pages = [], players = null }) {
    Object.assign(this, { preview, hrefs, pages, plays: Boolean(players), players: players || stillPlayer });
    this.frame = make("div", { class: "frame" });
    Object.assign(this.frame.style, { width: `${preview.width}px`, height: `${preview.height}px` });
    const layered = (elements) => elements.map((plan, index) => ({ plan, index })).sort((one, other) => one.plan.z - other.plan.z || one.index - other.index)
      .map(({ plan }) => new Piece(this, plan));
    const own = layered(preview.elements);
    this.below = own.filter((piece) => piece.plan.z < 0);
    this.above = own.filter((piece) => piece.plan.z >= 0);
    this.under = make("div", { class: "layer" });
    this.over = make("div", { class: "layer" });
    this.middle = make("div", { class: "scenes" });
    this.frame.append(this.under, this.middle, this.over);
    this.scenes = preview.scenes.map((plan, index) => ({ plan, index, node: null, animations: [], pieces: layered(plan.elements), next: preview.scenes[index + 1] }));
    this.pieces = [...this.scenes.flatMap((scene) => scene.pieces), ...own];
  }

  href(media) { return this.hrefs[media]; }

  address(media) { return this.preview.media[media].url; }

  build(scene) {
    scene.node = make("div", { class: "scene" });
    scene.node.style.background = scene.plan.background;
    const incoming = scene.plan.transition ? scene.plan.transition.incoming : [];
    const outgoing = scene.next && scene.next.transition ? scene.next.transition.outgoing : [];
    // A finished incoming transition and an outgoing one that has not begun hold no value: both may change one property.
    scene.animations = [...incoming.map((track) => animated(scene.node, track, 0, "backwards")), ...outgoing.map((track) => animated(scene.node, track, 0, "forwards"))];
    this.middle.append(scene.node);
  }

  show(wanted) {
    const time = clamp(wanted, 0, Math.max(this.preview.duration - 0.001, 0));
    let backdrop = "";
    for (const scene of this.scenes) {
      const isOn = time >= scene.plan.start && time < scene.plan.end;
      const isNear = time >= scene.plan.start - 3 && time < scene.plan.end + 3;
      if (isOn && !scene.node) this.build(scene);
      if (scene.node) scene.node.hidden = !isOn;
      if (isOn) {
        scene.animations.forEach((animation) => { animation.currentTime = time * 1000; });
        const { transition } = scene.plan;
        const goes = scene.next && scene.next.transition;
        scene.node.style.zIndex = scene.index * 2 + (goes && goes.outgoing_on_top && time >= goes.start ? 3 : 0);
        if (transition && time < transition.end) backdrop = transition.backdrop;
      }
      if (scene.node && (isOn || isNear)) scene.pieces.forEach((piece) => piece.show(time, scene.node));
      else if (isNear && this.plays) {
        this.build(scene);
        scene.node.hidden = true;
      } else if (scene.node && !isNear) this.drop(scene);
    }
    this.middle.style.background = backdrop;
    this.below.forEach((piece) => piece.show(time, this.under));
    this.above.forEach((piece) => piece.show(time, this.over));
    this.time = time;
  }

  // Scenes far from the current time are removed and created again later, so a long movie takes no more memory than a short one.
  drop(scene) {
    scene.node.remove();
    scene.node = null;
    scene.pieces.forEach((piece) => {
      if (piece.player) piece.player.stop();
      Object.assign(piece, { node: null, animations: [], moves: [], player: null });
    });
  }

  fit(width, height) {
    const scale = Math.min(width / this.preview.width, height / this.preview.height);
    this.frame.style.transform = `scale(${scale})`;
    return { width: this.preview.width * scale, height: this.preview.height * scale };
  }

  stop() { this.pieces.forEach((piece) => piece.player && piece.player.stop()); }
}

// A recording in a still: its picture at the time, without sound.
function stillPlayer(piece, content) {
  const node = make("video", { src: `${piece.stage.href(content.media)}`, preload: "auto", playsinline: "" });
  node.muted = true;
  node.style.objectFit = content.fit;
  node.addEventListener("error", () => content.is_seen && piece.replace("can’t be loaded", fileName(piece.stage.address(content.media))));
  const at = (time, isOn) => {
    if (isOn) node.currentTime = Math.max(0, time - piece.plan.start + Math.max(content.seek, 0));
  };
  return { node, at, stop() { node.removeAttribute("src"); } };
}
