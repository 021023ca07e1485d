// The page's one live stream, and its writes. A page imports what it needs; there is never a second EventSource.

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content;

const listeners = new Set();
let source = null;

/** Calls `heard(entries)` with what happens from the position on that this page shows; returns how to stop. */
export function listen(heard) {
  listeners.add(heard);
  source ??= open();
  return () => listeners.delete(heard);
}

function open() {
  const stream = new EventSource(`/live?after=${meta("crop-position") ?? ""}`);
  stream.addEventListener("open", () => say("live", "live"));
  stream.addEventListener("error", () => say("away", "no connection, trying again"));
  stream.addEventListener("entries", (message) => {
    const entries = JSON.parse(message.data);
    for (const heard of listeners) heard(entries);
  });
  addEventListener("pagehide", () => stream.close());
  return stream;
}

function say(state, words) {
  const place = document.getElementById("live");
  place.dataset.state = state;
  if (place.textContent !== words) place.textContent = words;
}

/** What the server says when it does not do what it was asked. */
export class Refusal extends Error {
  constructor({ error, message, mend }, status) {
    super(mend ? `${message} ${mend}` : message);
    this.name = error;
    this.status = status;
  }
}

/** Sends a write as JSON with this run's token; the server's JSON, or a `Refusal`. A server that is away throws TypeError. */
export async function post(address, value, options = {}) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Crop-Token": meta("crop-token") ?? "" },
    body: JSON.stringify(value),
    ...options,
  });
  const told = await answer.json();
  if (!answer.ok) throw new Refusal(told, answer.status);
  return told;
}

/** Shows a line at the top that stays until the next one; nothing takes it away. */
export function notice(words = "") {
  const place = document.getElementById("notice");
  place.textContent = words;
  place.hidden = !words;
}
