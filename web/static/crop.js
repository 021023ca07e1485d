// The marking page: brings together what is pure (marking, geometry, keys, pace), what is shown and what is sent.

import { at, isOurs, show, tellFar, tellKeys, tellRefused, toggleHelp } from "./bench.js";
import { parseRatio, shaped } from "./crop-geometry.js";
import * as marking from "./crop-marking.js";
import { duration, marked, perMinute, sittingFrom, timeLeft } from "./crop-pace.js";
import { shownSize } from "./crop-pane.js";
import { draftOf, dropDraft, dropSent, keepDraft, keepUnsent, newId, pageId, unsent } from "./kept.js";
import { actionOf, bindings, keyInWords, MARKING } from "./keys.js";
import { listen, post } from "./live.js";
import { ask, sender } from "./outbox.js";
import { painted } from "./painted.js";
import { Pictures } from "./pictures.js";

const bench = at("bench");
if (bench) await begin(JSON.parse(bench.dataset.setup));

async function begin(setup) {
  const page = await pageId();
  const asking = { page, directory: setup.directory, operator: setup.operator };
  const table = bindings(MARKING, setup.keys);
  const about = { directory: setup.directory, operator: setup.operator, utc_offset_s: -60 * new Date().getTimezoneOffset() };

  let state = marking.begin(setup.size, about);
  let where = null; // what the server says of the directory
  let sitting = JSON.parse(sessionStorage.getItem("crop.sitting")) ?? sittingFrom(Date.now());
  let shape = localStorage.getItem("crop.shape") ?? "image";
  let fetching = null;
  let ended = false;
  let away = ""; // why nothing can be sent at the moment

  const panes = Array.from({ length: setup.size }, (_, index) => {
    const pane = document.createElement("crop-pane");
    pane.dataset.number = index + 1;
    pane.ratioOf = (image) => (shape === "image" ? image.width / image.height : parseRatio(shape));
    pane.skipKey = keyInWords(setup.keys.skip, index);
    pane.addEventListener("skip", () => act("skip", index));
    pane.addEventListener("box", (event) => become(marking.changed(state, index, event.detail)));
    return pane;
  });
  at("panes").append(...panes);
  at("panes").dataset.size = setup.size;
  at("panes").addEventListener("room", () => pictures.refit());

  const pictures = new Pictures({
    sizeOf: (image) => shownSize(image, panes.find((pane) => pane.room)?.room ?? roomBefore()),
    loaded: (image) => marking.shown(state).entries.some((entry) => entry.image.id === image.id) && render(),
    failed: (image, why) => become(marking.broken(state, image.id, why)),
  });

  /** The room of a pane before there is one to be measured: near enough to prepare for. */
  function roomBefore() {
    const { clientWidth, clientHeight } = at("panes");
    const [across, rows] = setup.size < 4 ? [setup.size, 1] : [setup.size === 4 ? 2 : 3, 2];
    return { width: clientWidth / across - 16, height: clientHeight / rows - 90 };
  }

  // -- what is known becomes what is seen ---------------------------------------------------------------------

  function become(next) {
    if (next === state) return;
    const before = state;
    state = next;
    for (const [id, draft] of Object.entries(marking.drafts(state))) keepDraft(id, draft);
    if (state.outbox !== before.outbox) keepNew(before);
    render();
    settle();
  }

  /** What is to be sent and fetched waits until the operator sees what the key did. */
  let settling = null;
  function settle() {
    settling ??= painted().then(() => {
      settling = null;
      pictures.keep(near());
      bench.dataset.pictures = pictures.size;
      fetchMore();
      send();
    });
  }

  function keepNew(before) {
    for (const entry of state.outbox.filter((each) => !before.outbox.includes(each))) {
      for (const decision of entry.decisions ?? []) keepDraft(decision.image, decision);
      if (!keepUnsent(entry)) say("This browser has no room left: do not close the page before everything is sent.");
    }
  }

  function render() {
    const { entries } = marking.shown(state);
    panes.forEach((pane, index) => pane.show(entries[index] ?? null, entries[index] ? pictures.of(entries[index].image) : null));
    at("panes").dataset.shown = entries.length;
    const done = marking.finished(state);
    if (ended || done) rest(done);
    else if (entries.length && !greeted && at("word").dataset.state !== "away") say("");
    renderOutbox();
    renderStanding();
    renderRefused();
  }

  /** The images whose pictures are wanted soon, by id. */
  function near() {
    const close = state.batches.slice(Math.max(0, state.at - 2), state.at + 3).flatMap((batch) => batch.entries.map((entry) => entry.image));
    return new Set([...close, ...state.ahead].map((image) => image.id));
  }

  // -- words --------------------------------------------------------------------------------------------------

  let word = "";
  function say(words, lasting = true) {
    word = words;
    if (at("word").textContent === words) return;
    show(at("word"), words);
    at("word").title = words;
    if (words && !lasting) setTimeout(() => word === words && say(""), 2500);
  }

  /** "Resuming set_a: 73/150 ...", for as long as it takes to read, or until the first key. */
  let greeted = 0;
  function greet(words) {
    say(words);
    if (words) greeted = setTimeout(() => { greeted = 0; if (word === words) say(""); }, 4000);
  }

  function rest(done) {
    const { images, workedMs } = sitting;
    const pace = perMinute(sitting);
    const sum = images ? `${images} images in ${duration(workedMs / 60_000)}${pace ? `, ${pace.toFixed(1)} a minute` : ""}.` : "";
    const left = state.left.length ? ` ${state.left.length} that cannot be shown ${state.left.length === 1 ? "was" : "were"} left aside.` : "";
    const others = where?.elsewhere ? ` ${where.elsewhere} are being looked at on another page.` : "";
    const sent = state.outbox.length ? " Not everything is sent yet: keep this page open." : " All of it is in the ledger.";
    say(`${ended ? "The sitting has ended." : "Nothing more waits for a decision here."}${left}${others} ${sum}${sum ? sent : ""}${ended ? " Any key goes on." : done && where?.directories > 1 ? ` ${keyInWords(setup.keys.next_directory)}: the next directory.` : ""}`);
  }

  function renderOutbox() {
    const why = away;
    const count = state.outbox.reduce((sum, entry) => sum + (entry.decisions?.length ?? 1), 0);
    const place = at("outbox");
    place.dataset.state = why ? "away" : count ? "sending" : "sent";
    if (why) say(`${why} ${count} ${count === 1 ? "mark is" : "marks are"} kept here and sent when that has passed; go on.`);
    else if (at("word").dataset.state === "away") say("");
    at("word").dataset.state = why ? "away" : "";
    const words = why ? `${count} not sent yet` : count ? `Recording ${count} …` : sitting.images ? "All recorded" : "";
    show(place, words);
  }

  function renderStanding() {
    const standing = where?.standing;
    if (!standing) return;
    const all = standing.open + standing.decided;
    tellFar(standing.decided, all);
    const pace = perMinute(sitting);
    const left = timeLeft(sitting, standing.open);
    at("pace").textContent = [pace && `${pace.toFixed(1)} a minute`, left && `${left} left`].filter(Boolean).join(" · ");
    document.title = `${standing.decided}/${all} ${where.name} · Cropledger`;
  }

  function renderRefused() {
    const words = [...new Set(state.refused.map((each) => each.why))];
    const recorded = state.refused.some((each) => each.image) ? ["Not recorded:"] : [];
    tellRefused(words.length ? [...recorded, ...words] : [], () => {
      become(marking.dismissed(state));
      at("panes").focus({ preventScroll: true });
    });
  }

  // -- what comes from the server -----------------------------------------------------------------------------

  async function open() {
    const watch = setInterval(async () => {
      const { done, of } = await (await fetch(`/crop/reading?directory=${setup.directory}`)).json();
      if (of) say(`Reading what is new in the directory: ${done.toLocaleString()} of ${of.toLocaleString()} …`);
    }, 500);
    try {
      where = await ask("/crop/open", asking);
      greet(where.greeting);
    } finally {
      clearInterval(watch);
    }
  }

  function fetchMore(anyway = false) {
    const count = marking.wanted(state);
    if (fetching || (!count && !anyway) || !where || ended) return;
    fetching = ask("/crop/next", { ...asking, count, held: marking.held(state) })
      .then((told) => {
        where = { ...where, standing: told.standing, elsewhere: told.elsewhere };
        fetching = null;
        const images = told.images.map((image) => ({ ...image, draft: draftOf(image.id) }));
        images.forEach((image) => pictures.of(image));
        if (count) become(marking.arrived(state, images));
        else renderStanding();
      })
      .catch((error) => {
        fetching = null;
        if (error.status && error.status < 500) say(error.message);
        else setTimeout(fetchMore, 1500);
      });
  }

  const send = sender({
    page,
    next: () => marking.next(state),
    answered(entry, answer) {
      away = "";
      dropSent(entry.id);
      for (const result of answer.results) if (!result.refused) dropDraft(result.image);
      if (entry.directory === setup.directory) where = { ...where, standing: answer.standing };
      const heard = marking.acknowledged(state, entry.id, answer.results);
      if (entry.kind === "marks") return become(heard);
      if (answer.batch) for (const { image } of answer.batch.entries) pictures.of(image);
      return become(marking.restated(heard, entry, answer.batch));
    },
    rejected(entry, why) {
      away = "";
      dropSent(entry.id);
      if (entry.kind !== "marks") say(why, false);
      become(entry.kind === "marks" ? marking.rejected(state, entry.id, why) : marking.restated(state, entry, null));
    },
    waiting(why) {
      away = why;
      renderOutbox();
    },
  });

  // -- what the operator does ---------------------------------------------------------------------------------

  const focused = () => {
    const index = panes.findIndex((pane) => pane.contains(document.activeElement));
    return index < 0 ? null : index;
  };

  const does = {
    submit() {
      const { entries } = marking.shown(state);
      if (!entries.length) return;
      if (!entries.every((entry) => entry.image.problem || pictures.of(entry.image))) return say("Wait: not every image has been shown yet.", false);
      const before = state.outbox.length;
      const next = marking.submitted(state, newId(), Date.now());
      const sent = next.outbox.slice(before).reduce((sum, entry) => sum + entry.decisions.length, 0);
      if (sent) sitting = marked(sitting, sent, Date.now());
      sessionStorage.setItem("crop.sitting", JSON.stringify(sitting));
      become(next);
      at("panes").focus({ preventScroll: true });
    },
    async back() {
      const next = marking.back(state);
      if (next !== state) return become(next);
      const query = new URLSearchParams({ directory: setup.directory });
      if (setup.operator) query.set("operator", setup.operator);
      if (marking.shown(state).id) query.set("batch", marking.shown(state).id);
      const { batch } = await (await fetch(`/crop/before?${query}`)).json();
      if (!batch) return say("There is nothing before this.", false);
      return become(marking.remembered(state, batch));
    },
    forward: () => become(marking.forward(state)),
    undo() {
      const next = marking.undone(state);
      become(next !== state ? next : marking.asked(state, "undo", newId(), Date.now()));
    },
    redo() {
      const next = marking.redone(state);
      become(next !== state ? next : marking.asked(state, "redo", newId(), Date.now()));
    },
    skip: (index) => become(marking.toggledSkip(state, index)),
    reset: (index) => become(marking.reset(state, index)),
    accept: () => become(marking.accepted(state, focused())),
    suggestion: () => become(marking.toggledSuggestion(state, focused())),
    shape() {
      const shapes = ["image", "free", ...setup.shapes];
      shape = shapes[(shapes.indexOf(shape) + 1) % shapes.length];
      localStorage.setItem("crop.shape", shape);
      showShape();
      const index = focused();
      const entry = index === null ? null : marking.shown(state).entries[index];
      const ratio = entry && panes[index].ratioOf(entry.image);
      if (ratio) become(marking.changed(state, index, { box: shaped(entry.box, entry.image, ratio) }));
    },
    overlay() {
      const hidden = at("panes").classList.toggle("bare");
      document.querySelector('[data-action="overlay"]').setAttribute("aria-pressed", hidden);
    },
    next_directory: () => goTo(where?.next),
    previous_directory: () => goTo(where?.previous),
    async end() {
      ended = true;
      await ask("/crop/leave", { ...asking, ends: true }).catch(() => null);
      render();
    },
    help: toggleHelp,
  };

  async function goTo(directory) {
    if (!directory || directory === setup.directory) return say("There is no other directory here.", false);
    await ask("/crop/leave", { ...asking, ends: true }).catch(() => null);
    const query = new URLSearchParams({ directory, ...(setup.operator && { operator: setup.operator }) });
    return location.assign(`/crop?${query}`);
  }

  function act(action, index) {
    clearTimeout(greeted);
    greeted = 0;
    for (const pane of panes) pane.commit();
    does[action](index);
  }

  document.addEventListener("keydown", (event) => {
    if (!isOurs(event)) return;
    const found = actionOf(event, table);
    if (at("help").open && found?.action !== "help") return;
    if (ended) {
      if (event.key.length > 1 && event.key !== "Enter") return;
      ended = false;
      sitting = sittingFrom(Date.now());
      event.preventDefault();
      return sitDown();
    }
    if (event.key === "Escape") return at("panes").focus({ preventScroll: true });
    if (!found || (event.repeat && found.action !== "undo" && found.action !== "redo")) return;
    event.preventDefault();
    act(found.action, found.index);
  });

  function showShape() {
    at("shape").textContent = shape === "image" ? "image's" : shape;
  }

  // -- begin --------------------------------------------------------------------------------------------------

  let pending = 0;
  const HEARTBEAT_MS = 30_000;
  setInterval(() => {
    state = marking.reopened(state); // what others looked at may be free by now
    fetchMore(true);
  }, HEARTBEAT_MS);
  addEventListener("pagehide", () => post("/crop/leave", asking, { keepalive: true }).catch(() => null));
  addEventListener("beforeunload", (event) => state.outbox.length && event.preventDefault());
  listen((entries) => {
    if (!entries.some((entry) => /^(image|directory)\//.test(entry.subject))) return;
    clearTimeout(pending);
    pending = setTimeout(async () => {
      const standing = await (await fetch(`/crop/standing?directory=${setup.directory}`)).json();
      where = { ...where, standing };
      renderStanding();
      if (marking.finished(state) && standing.open > state.left.length) become(marking.reopened(state));
    }, 300);
  });

  async function sitDown() {
    try {
      await open();
    } catch (error) {
      return say(error.message);
    }
    render();
    fetchMore(true);
  }

  showShape();
  tellKeys(MARKING, setup.keys, (action, byMouse) => {
    act(action);
    if (byMouse && !at("help").open) at("panes").focus({ preventScroll: true }); // Enter is to submit again
  });
  say("Looking into the directory …");
  at("panes").tabIndex = -1;
  at("panes").focus({ preventScroll: true });
  state = marking.adopted(state, unsent(marking.KINDS));
  send();
  await sitDown();
}
