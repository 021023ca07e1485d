// What the pages keep in the browser: what was not sent yet, and boxes that were not submitted yet.
//
// Every entry has a key of its own, so that two pages never write over each other. Sending twice does no harm.

const OUTBOX = "crop.outbox.";
const DRAFT = "crop.draft.";

const read = (key) => {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null; // not ours, or cut off
  }
};

const keysWith = (start) => Object.keys(localStorage).filter((key) => key.startsWith(start)).sort();

/** Keeps an entry of the outbox until it is acknowledged; false where the browser has no room for it. */
export function keepUnsent(entry) {
  try {
    localStorage.setItem(OUTBOX + entry.id, JSON.stringify(entry));
    return true;
  } catch {
    return false;
  }
}

export const dropSent = (id) => localStorage.removeItem(OUTBOX + id);

/** Everything of these kinds that any page has not sent, oldest first. */
export const unsent = (kinds) =>
  keysWith(OUTBOX).map(read).filter((entry) => entry?.id && kinds.has(entry.kind)).sort((a, b) => a.at - b.at);

export const draftOf = (id) => read(DRAFT + id);
export const dropDraft = (id) => localStorage.removeItem(DRAFT + id);

export function keepDraft(id, draft) {
  try {
    localStorage.setItem(DRAFT + id, JSON.stringify(draft));
  } catch {
    // No room: a draft is lost by a reload, and by nothing else.
  }
}

/** A name of its own for this page, the same after a reload; another one for a duplicate of the tab. */
export async function pageId() {
  const known = sessionStorage.getItem("crop.page");
  if (known && (await isOurs(known))) return known;
  const id = crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem("crop.page", id);
  await isOurs(id);
  return id;
}

function isOurs(id) {
  if (!navigator.locks) return Promise.resolve(true); // only where the page came over plain HTTP from afar
  return new Promise((resolve) => {
    navigator.locks.request(`crop.page.${id}`, { ifAvailable: true }, (lock) => {
      resolve(Boolean(lock));
      return lock ? new Promise(() => {}) : undefined; // held as long as the page lives
    });
  });
}

export const newId = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2, 12)}`;
