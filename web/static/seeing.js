// Keeps a page that shows things up to date: when something happened, its sections are fetched again and replaced.

import { listen } from "./live.js";

const APART_MS = 250;
const MINUTE_MS = 60_000;
let asked = false;
let busy = false;

async function refresh() {
  asked = busy;
  if (busy) return;
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok) replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // the server is away; the stream says so, and comes back
  }
  setTimeout(() => {
    busy = false;
    if (asked) refresh();
  }, APART_MS);
}

// Sections appear, change and go; what is open stays open, and what has the focus keeps it.
function replace(page) {
  const fresh = [...page.querySelectorAll("main section[id]")];
  for (const gone of document.querySelectorAll("main section[id]")) {
    if (!fresh.some((section) => section.id === gone.id)) gone.remove();
  }
  let before = null;
  for (const section of fresh) {
    const shown = document.getElementById(section.id);
    for (const opened of shown?.querySelectorAll("details[open]") ?? []) {
      section.querySelector(`#${CSS.escape(opened.id)}`)?.setAttribute("open", "");
    }
    const wanted = document.adoptNode(section);
    if (!shown) place(wanted, before);
    else if (!shown.isEqualNode(wanted)) swap(shown, wanted);
    before = document.getElementById(section.id);
  }
  document.dispatchEvent(new Event("crop:refreshed"));
}

function place(section, before) {
  if (before) before.after(section);
  else document.querySelector("main section[id]")?.before(section);
}

function swap(shown, section) {
  const focused = shown.contains(document.activeElement) ? tabbable(shown).indexOf(document.activeElement) : -1;
  shown.replaceWith(section);
  if (focused >= 0) (tabbable(section)[focused] ?? document.getElementById("main")).focus({ preventScroll: true });
}

const tabbable = (section) => [...section.querySelectorAll("a, button, input, select, summary, [tabindex]")];

listen(refresh);
setInterval(refresh, MINUTE_MS); // the clock moves on by itself
