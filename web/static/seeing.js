// Keeps a page that shows things up to date: when something happened, its sections are fetched again and replaced. What
// is quickly asked (`#at-once`) comes first; the rest follows, at most once in a while.

import { listen } from "./live.js";
import { painted } from "./painted.js";

const APART_MS = 500;
const MINUTE_MS = 60_000;
const main = document.getElementById("main");

/** Runs `work` when asked, one at a time, with a pause behind it; being asked meanwhile means once more. */
function paced(work, pauseMs) {
  let asked = false;
  let busy = false;
  return async function run() {
    asked = busy;
    if (busy) return;
    busy = true;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // the server is away; the stream says so, and comes back
    }
    setTimeout(() => {
      busy = false;
      if (asked) run();
    }, pauseMs);
  };
}

async function fetched(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}

const refreshFirst = paced(async () => {
  const part = document.getElementById("at-once");
  const page = part && (await fetched(part.dataset.from));
  if (page) replace(part, page.body);
}, 0);

const refreshAll = paced(async () => {
  const page = await fetched(location.href);
  if (page) replace(main, page.getElementById("main"));
}, APART_MS);

// Sections appear, change and go; what is open stays open, and what has the focus keeps it.
function replace(root, page) {
  const fresh = [...page.querySelectorAll("section[id]")];
  for (const gone of root.querySelectorAll("section[id]")) {
    if (!fresh.some((section) => section.id === gone.id)) gone.remove();
  }
  let before = null;
  for (const section of fresh) {
    const shown = document.getElementById(section.id);
    for (const opened of shown?.querySelectorAll("details[open]") ?? []) {
      section.querySelector(`#${CSS.escape(opened.id)}`)?.setAttribute("open", "");
    }
    const wanted = document.adoptNode(section);
    if (!shown) place(root, wanted, before);
    else if (!shown.isEqualNode(wanted)) swap(shown, wanted);
    before = document.getElementById(section.id);
  }
  document.dispatchEvent(new Event("crop:refreshed"));
}

function place(root, section, before) {
  if (before) before.after(section);
  else (root.querySelector("section[id]") ?? root.firstChild).before(section);
}

function swap(shown, section) {
  const focused = shown.contains(document.activeElement) ? tabbable(shown).indexOf(document.activeElement) : -1;
  shown.replaceWith(section);
  if (focused >= 0) (tabbable(section)[focused] ?? main).focus({ preventScroll: true });
}

const tabbable = (section) => [...section.querySelectorAll("a, button, input, select, summary, [tabindex]")];

async function refresh() {
  await refreshFirst();
  await painted(); // the rest takes longer, and is asked for when this can be seen
  refreshAll();
}

listen(refresh);
setInterval(refresh, MINUTE_MS); // the clock moves on by itself
