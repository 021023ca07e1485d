// Keeps a page that only shows things up to date: when something happened, its sections are fetched again and replaced.

import { listen } from "./live.js";

const APART_MS = 250;
let asked = false, busy = false;

async function refresh() {
  if (busy) return void (asked = true);
  busy = true;
  asked = false;
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

function replace(page) {
  for (const fresh of page.querySelectorAll("main section[id]")) {
    const shown = document.getElementById(fresh.id);
    if (shown && !shown.contains(document.activeElement) && shown.innerHTML !== fresh.innerHTML) shown.replaceWith(fresh);
  }
}

listen(refresh);
