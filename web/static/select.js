// The choosing page: shows the group at hand, turns keys and clicks into decisions, and sends them.

import "./crop-pane.js";
import { nameOf } from "./crop-keys.js";
import { newId, pageId } from "./crop-kept.js";
import { ask, sender } from "./crop-outbox.js";
import * as choosing from "./select-groups.js";
import "./live.js";

const at = (id) => document.getElementById(id);
const STAGES = { 1: "1 generated", 1.5: "1.5 face swapped", 2: "2 upscaled", 3: "3 enhanced" };
const HOWS = { suggested: "kept as suggested", whole: "kept whole", crop: "kept, with a crop" };
const LARGEST_SCALE = 4;
const WAYS = [["suggested", "As suggested"], ["whole", "Whole"], ["crop", "Crop"]];
const keysOf = (action) => choosing.KEYS.find(([name]) => name === action)[1];

const bench = at("bench");
if (bench) await begin(JSON.parse(bench.dataset.setup));

async function begin(setup) {
  const page = await pageId();
  const about = { page, directory: setup.directory, operator: setup.operator };
  const pictures = new Map(); // address -> <img>, loading or loaded
  let away = "";

  say("Looking at the directory …");
  await ask("/crop/open", about);
  let state = choosing.begin((await told()).groups);
  say("");

  const pane = document.createElement("crop-pane");
  pane.dataset.number = 1;
  pane.ratioOf = (image) => image.width / image.height;
  pane.addEventListener("box", (event) => { state = choosing.drawn(state, event.detail.box); });

  const send = sender({
    page,
    next: () => { const entry = choosing.unsent(state); return entry && { ...entry, ...about, what: entry.kind, kind: "decide" }; },
    answered: (entry, group) => { away = ""; become(choosing.answered(state, entry.id, group)); },
    rejected: async (entry, why) => become(choosing.rejected(state, entry.id, why, await standing(entry.group))),
    waiting: (why) => { away = why; renderOutbox(); },
  });

  async function told(group = "") {
    const answer = await fetch(`/select/groups?directory=${setup.directory}${group && `&group=${group}`}`, { headers: { accept: "application/json" } });
    return answer.json();
  }

  async function standing(group) {
    try { return (await told(group)).groups?.[0]; } catch { return undefined; }
  }

  function become(next) {
    state = next;
    render();
    send();
  }

  function act(asked) {
    if (asked.action === "help") return at("help").open ? at("help").close() : at("help").showModal();
    pane.commit?.();
    become(choosing.press(state, asked, newId()));
  }

  // -- what is seen -------------------------------------------------------------------------------------------

  function render() {
    const group = choosing.current(state);
    if (state.cropping) renderCrop();
    else renderGroup(group);
    at("onward").textContent = state.cropping ? "Record this crop and go on" : "Next group";
    const { decided, all } = choosing.far(state);
    at("share").max = all || 1;
    at("share").value = decided;
    at("far").textContent = `${decided.toLocaleString()}/${all.toLocaleString()} groups`;
    at("decision").textContent = group ? decision(group) : "";
    document.title = `${decided}/${all} groups · Cropledger`;
    if (!all) say("There are no groups here: a group is two images or more of one subject, in rising stages.");
    else if (state.done) say(`Every group is decided. ${away || state.outbox.length ? "Not everything is sent yet: keep this page open." : "All of it is in the ledger."}`);
    else say("");
    renderOutbox();
    renderRefused();
    const next = state.groups.findIndex((each, place) => place > state.at && each.status === "open");
    for (const image of state.groups[next]?.images ?? []) picture(image);
  }

  const decision = (group) => (group.status === "open" ? "No decision yet" : group.status === "rejected" ? "None is kept" : "One is kept");

  function renderGroup(group) {
    const images = group?.images ?? [];
    at("panes").dataset.size = images.length;
    at("panes").replaceChildren(...images.map((image, index) => paneOf(group, image, index)));
  }

  function paneOf(group, image, index) {
    const keptNow = group.chosen === image.name;
    const figure = element("figure", "choice-pane");
    figure.dataset.state = group.status === "chosen" ? (keptNow ? "kept" : "other") : group.status;
    figure.setAttribute("aria-label", `Image ${index + 1}: ${image.name}`);
    const head = element("figcaption", "head");
    const name = element("span", "name", image.name);
    name.title = image.name;
    const mark = keptNow ? (group.how === "crop" && !group.box ? "kept, to be marked" : HOWS[group.how]) : { chosen: "not kept", rejected: "not kept" }[group.status] ?? (image.suggestion ? "suggested" : "");
    head.append(element("span", "stage", `${index + 1} · ${STAGES[image.stage] ?? "no stage"}`), name, element("span", "mark", mark));
    const field = element("div", "field");
    field.append(image.preview ? framed(group, image, keptNow) : element("p", "gone", "This image is not here any more."));
    figure.append(head, field, waysOf(image, index));
    return figure;
  }

  function framed(group, image, keptNow) {
    const frame = element("div", "frame");
    frame.style.setProperty("--ratio", image.width / image.height);
    frame.style.setProperty("--most", `${LARGEST_SCALE * image.width}px`);
    const shown = picture(image);
    if (!shown.complete) {
      const loading = element("p", "loading", "Loading …");
      shown.addEventListener("load", () => loading.remove(), { once: true });
      frame.append(loading);
    }
    frame.append(shown);
    const box = keptNow ? group.box : group.status === "open" ? image.suggestion : null;
    if (box) frame.append(drawing(box));
    return frame;
  }

  function drawing([x1, y1, x2, y2]) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 1 1");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    for (const name of ["under", ""]) {
      const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      Object.entries({ x: x1, y: y1, width: x2 - x1, height: y2 - y1, class: name }).forEach(([key, value]) => rect.setAttribute(key, value));
      svg.append(rect);
    }
    return svg;
  }

  function waysOf(image, index) {
    const ways = element("div", "ways");
    if (!image.preview) return ways;
    for (const [action, words] of WAYS) {
      if (action === "suggested" && !image.suggestion) continue;
      const button = element("button", "", `${words} `);
      button.type = "button";
      button.append(element("kbd", "", keysOf(action)[index].toUpperCase()));
      button.addEventListener("click", () => act({ action, index }));
      ways.append(button);
    }
    return ways;
  }

  function renderCrop() {
    const { image, box } = state.cropping;
    at("panes").dataset.size = 1;
    if (at("panes").firstChild !== pane) at("panes").replaceChildren(pane);
    const shown = picture(image);
    pane.querySelector(".number").textContent = choosing.current(state).images.findIndex((each) => each.id === image.id) + 1;
    pane.show({ image, box, skipped: false }, shown.complete ? shown : null);
    if (!shown.complete) shown.decode().then(render, () => {});
    pane.focus();
  }

  function picture(image) {
    if (!image.preview) return null;
    if (!pictures.has(image.preview)) {
      const made = new Image();
      made.src = image.preview;
      made.alt = image.name;
      made.className = "picture";
      pictures.set(image.preview, made);
      if (pictures.size > 60) pictures.delete(pictures.keys().next().value);
    }
    const found = pictures.get(image.preview);
    found.removeAttribute("style");
    return found;
  }

  function renderOutbox() {
    const count = state.outbox.length;
    at("outbox").dataset.state = away ? "away" : count ? "sending" : "sent";
    at("outbox").textContent = away ? `${away} ${count} kept here and not sent yet; trying again.` : count ? `Recording ${count} …` : state.trail.length || state.done ? "All recorded" : "";
  }

  function renderRefused() {
    at("refused").hidden = !state.refused.length;
    at("refused").firstElementChild.textContent = state.refused.join(" ");
  }

  function say(words) {
    at("word").textContent = words;
    at("word").hidden = !words;
  }

  function element(tag, name, text = "") {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text) made.textContent = text;
    return made;
  }

  // -- keys and clicks ----------------------------------------------------------------------------------------

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.target.closest("input, select, textarea")) return;
    const asked = choosing.actionOf(nameOf(event));
    if (!asked || event.repeat || (at("help").open && asked.action !== "help")) return;
    if (event.target.closest("button, a") && event.key === "Enter") return;
    event.preventDefault();
    act(asked);
  });
  for (const button of document.querySelectorAll(".tools [data-action]")) {
    button.addEventListener("click", () => { act({ action: button.dataset.action, index: 0 }); button.blur(); });
  }
  at("refused").lastElementChild.addEventListener("click", () => become(choosing.seen(state)));
  at("keys").append(...choosing.KEYS.map(([, keys, words]) => {
    const row = element("tr");
    row.append(element("th", "", keys.map((key) => ({ enter: "Enter", arrowup: "↑", escape: "Esc" })[key] ?? key.toUpperCase()).join(" ")), element("td", "", words));
    return row;
  }));
  addEventListener("beforeunload", (event) => { if (state.outbox.length) event.preventDefault(); });
  render();
  at("panes").focus();
}
