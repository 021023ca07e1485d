// The choosing page: shows the group at hand, turns keys and clicks into decisions, sends them, and hears of others'.

import { at, element, isOurs, show, tellFar, tellKeys, tellRefused, toggleHelp } from "./bench.js";
import { shownSize } from "./crop-pane.js";
import { dropSent, keepUnsent, newId, pageId, unsent } from "./kept.js";
import { actionOf, bindings, CHOOSING, keyInWords } from "./keys.js";
import { listen } from "./live.js";
import { ask, sender } from "./outbox.js";
import { painted } from "./painted.js";
import { Pictures } from "./pictures.js";
import * as choosing from "./select-groups.js";

const STAGES = { 1: "generated", 1.5: "face swapped", 2: "upscaled", 3: "enhanced" };
const HOWS = { suggested: "kept as suggested", whole: "kept whole", crop: "kept, with a crop" };
const DECISIONS = { open: "No decision yet", rejected: "None is kept", chosen: "One is kept" };
const WAYS = [["suggested", "As suggested"], ["whole", "Whole"], ["crop", "Crop"]];
const STATUS = { "image.chosen": "chosen", "group.rejected": "rejected", "group.reopened": "open" };
const AGAIN_MS = 1_500;

const bench = at("bench");
if (bench) await begin(JSON.parse(bench.dataset.setup));

async function begin(setup) {
  const page = await pageId();
  const about = { page, directory: setup.directory, operator: setup.operator };
  const table = bindings(CHOOSING, setup.keys);
  let state = choosing.adopted(choosing.begin([]), unsent(choosing.KINDS));
  let room = null; // of one image of the group at hand
  let known = false; // which groups there are
  let away = "";
  let fetching = null;
  let news = []; // heard while groups were on their way: they may be told as they were before

  const pictures = new Pictures({
    sizeOf: (image) => shownSize(image, state.cropping?.image.id === image.id ? (pane.room ?? roomOf(1)) : (room ?? roomOf(imagesAtHand().length || 3))),
    loaded: render,
    failed: (image, why) => say(why),
  });

  const pane = document.createElement("crop-pane");
  pane.dataset.number = 1;
  pane.ratioOf = (image) => image.width / image.height;
  pane.addEventListener("room", () => pictures.refit(0));
  pane.addEventListener("box", (event) => { state = choosing.drawn(state, event.detail.box); });

  const send = sender({
    page,
    next: () => choosing.unsent(state),
    answered: (entry, group) => { away = ""; dropSent(entry.id); become(choosing.answered(state, entry.id, group)); },
    rejected: (entry, why) => { away = ""; dropSent(entry.id); become(refresh(choosing.rejected(state, entry.id, why), entry.group)); },
    waiting: (why) => { away = why; renderOutbox(); },
  });

  /** What was refused stands otherwise than it is shown; how, the server says. */
  const refresh = (next, group) => choosing.heard(next, [{ group }]);

  const imagesAtHand = () => choosing.current(state)?.images ?? [];

  /** The room for one of so many images: near enough to prepare for, before it can be measured. */
  function roomOf(count) {
    const { clientWidth, clientHeight } = at("panes");
    return { width: clientWidth / count - 16, height: clientHeight - 120 };
  }

  // -- what comes from the server -----------------------------------------------------------------------------

  async function told(query) {
    const answer = await fetch(`/select/groups?directory=${setup.directory}${query}`, { headers: { accept: "application/json" } });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.message);
    return found.groups;
  }

  function fetchNear() {
    const ids = known ? choosing.wanted(state) : [];
    if (fetching || !ids.length) return;
    fetching = told(`&of=${ids.join()}`)
      .then((groups) => {
        fetching = null;
        become(choosing.heard(choosing.arrived(state, groups), news.splice(0)));
      })
      .catch(() => setTimeout(() => { fetching = null; fetchNear(); }, AGAIN_MS)); // away, or on its way
  }

  /** The groups there are, now that somebody looked into the directory. */
  async function lookAgain() {
    try {
      const groups = await told(""); // what is pressed meanwhile is in the state behind this
      become(choosing.listed(state, groups));
    } catch (error) {
      say(error.message);
    }
  }

  let soon = 0;
  listen((entries) => {
    if (entries.some((entry) => entry.subject === `directory/${setup.directory}`)) {
      clearTimeout(soon);
      soon = setTimeout(lookAgain, 300);
    }
    const told = entries.map(({ subject, type }) => {
      const [kind, id] = subject.split("/");
      return kind === "group" ? { group: id, status: STATUS[type] } : { image: kind === "image" && id };
    });
    if (fetching) news.push(...told);
    become(choosing.heard(state, told));
  });

  // -- what is known becomes what is seen ---------------------------------------------------------------------

  function become(next) {
    if (next === state) return;
    const { outbox, cropping } = state;
    state = next;
    for (const entry of state.outbox) if (!outbox.includes(entry)) keepUnsent(entry);
    if (cropping !== state.cropping && cropping?.image !== state.cropping?.image) pictures.refit(0);
    render();
    settle();
  }

  let settling = null;
  function settle() {
    settling ??= painted().then(() => {
      settling = null;
      const images = choosing.near(state).flatMap((group) => group.images ?? []).filter((image) => image.preview);
      pictures.keep(new Set(images.map((image) => image.id)));
      for (const image of images) pictures.of(image);
      fetchNear();
      send();
    });
  }

  function act(asked) {
    if (asked.action === "help") return toggleHelp();
    pane.commit?.();
    const before = state.outbox.length;
    const next = choosing.press(state, asked, newId());
    const stamp = (entry, index) => (index < before || entry.at ? entry : { ...entry, ...about, at: Date.now() });
    return become(next.outbox === state.outbox ? next : { ...next, outbox: next.outbox.map(stamp) });
  }

  function render() {
    const group = choosing.current(state);
    if (state.cropping) renderCrop();
    else renderGroup(group);
    show(at("onward"), state.cropping ? "Record this crop and go on" : "Next group");
    const { decided, all } = choosing.far(state);
    tellFar(decided, all, " groups");
    show(at("decision"), group ? DECISIONS[group.status] : "");
    document.title = `${decided}/${all} groups · Cropledger`;
    if (!known) say("Looking at the directory …");
    else if (!all) say("There are no groups here: a group is two images or more of one subject, in rising stages.");
    else if (state.done) say(`Every group is decided. ${away || state.outbox.length ? "Not everything is sent yet: keep this page open." : "All of it is in the ledger."}`);
    else say(group.images ? "" : "Loading …");
    renderOutbox();
    tellRefused(state.refused, () => become(choosing.seen(state)));
  }

  /** The panes of the group at hand are made anew where anything in them is other than it is shown. */
  let drawn = "";
  function renderGroup(group) {
    const images = group?.images ?? [];
    const ready = images.map((image) => Boolean(image.preview && pictures.of(image)));
    const now = JSON.stringify([group?.id, group?.status, group?.chosen, group?.how, group?.box, images, ready]);
    if (now === drawn && !pane.isConnected) return;
    drawn = now;
    at("panes").dataset.size = at("panes").dataset.shown = images.length; // without any, the words take their place
    const buttons = () => [...at("panes").querySelectorAll(".ways button")];
    const focused = buttons().indexOf(document.activeElement);
    at("panes").replaceChildren(...images.map((image, index) => paneOf(group, image, index)));
    if (focused >= 0) (buttons()[focused] ?? at("panes")).focus(); // who goes from button to button stays there
    fitFrames(images);
  }

  function fitFrames(images) {
    const field = at("panes").querySelector(".field");
    if (!field) return;
    const before = room;
    room = { width: field.clientWidth, height: field.clientHeight };
    if (before?.width !== room.width || before?.height !== room.height) pictures.refit();
    at("panes").querySelectorAll(".choice-pane").forEach((each, index) => {
      const frame = each.querySelector(".frame");
      if (!frame) return;
      const [across, down] = shownSize(images[index], room);
      frame.style.width = `${across}px`;
      frame.style.height = `${down}px`;
    });
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
    frame.append(pictures.of(image) ?? element("p", "loading", "Loading …"));
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
      button.append(element("kbd", "", keyInWords(setup.keys[action], index)));
      button.addEventListener("click", () => act({ action, index }));
      ways.append(button);
    }
    return ways;
  }

  function renderCrop() {
    const { image, box } = state.cropping;
    at("panes").dataset.size = at("panes").dataset.shown = 1;
    if (at("panes").firstChild !== pane) at("panes").replaceChildren(pane);
    pane.querySelector(".number").textContent = imagesAtHand().findIndex((each) => each.id === image.id) + 1;
    pane.show({ image, box, skipped: false }, pictures.of(image));
    pane.focus();
  }

  function renderOutbox() {
    const count = state.outbox.length;
    at("outbox").dataset.state = away ? "away" : count ? "sending" : "sent";
    show(at("outbox"), away ? `${away} ${count} kept here and not sent yet; trying again.` : count ? `Recording ${count} …` : state.trail.length ? "All recorded" : "");
  }

  function say(words) {
    show(at("word"), words);
    at("word").hidden = !words;
  }

  // -- keys and clicks ----------------------------------------------------------------------------------------

  document.addEventListener("keydown", (event) => {
    if (!isOurs(event)) return;
    const asked = event.key === "Escape" ? { action: "escape" } : actionOf(event, table);
    if (!asked || event.repeat || (at("help").open && asked.action !== "help")) return;
    event.preventDefault();
    act(asked);
  });
  tellKeys(CHOOSING, setup.keys, (action, byMouse) => {
    act({ action });
    if (byMouse && !at("help").open) at("panes").focus();
  });
  new ResizeObserver(() => { if (!state.cropping) fitFrames(imagesAtHand()); }).observe(at("panes"));
  addEventListener("beforeunload", (event) => { if (state.outbox.length) event.preventDefault(); });

  render();
  at("panes").focus();
  try {
    await send(); // what an earlier page left
    // What was there at the last look is shown at once; what the new look finds is heard of.
    await list();
    await ask("/crop/open", about);
    if (!state.groups.length) await list();
    known = true;
  } catch (error) {
    return say(error.message);
  }
  render();

  async function list() {
    const groups = await told("");
    state = choosing.listed(state, groups);
    known = groups.length > 0;
    render();
    settle();
  }
}
