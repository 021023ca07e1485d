// Sends what a page has to say, one after the other, until the server has answered for each.

import { post, Refusal } from "./live.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 3_000;
const ADDRESS = {
  marks: "/crop/marks", undo: "/crop/undo", redo: "/crop/redo",
  choose: "/select/decide", reject: "/select/decide", reopen: "/select/decide",
};

/**
 * `next()` gives the entry to send, or null; `answered(entry, answer)` and `rejected(entry, why)` end it; `waiting(why)`
 * is called while it cannot be sent. The result is a function that begins to send, and does nothing while that goes on.
 */
export function sender({ page, next, answered, rejected, waiting }) {
  let busy = false;
  return async function send() {
    if (busy) return;
    busy = true;
    let pause = FIRST_PAUSE_MS;
    for (let entry = next(); entry; entry = next()) {
      try {
        answered(entry, await ask(ADDRESS[entry.kind], { ...entry, page }));
        pause = FIRST_PAUSE_MS;
      } catch (error) {
        if (isFinal(error)) {
          rejected(entry, error.message);
          continue;
        }
        waiting(error instanceof Refusal ? error.message : "The server is away.");
        await new Promise((resolve) => setTimeout(resolve, pause));
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    }
    busy = false;
  };
}

/** Whether sending the same again would be answered the same again: what is wrong is wrong with the request. */
const isFinal = (error) => error instanceof Refusal && [400, 404, 409, 422].includes(error.status);

/** `post`, also to a server that was started anew: it takes its own token only, and its page has it. */
export async function ask(address, value) {
  try {
    return await post(address, value);
  } catch (error) {
    if (error.status !== 403 || !(await renewToken())) throw error;
    return post(address, value);
  }
}

/** Whether there is another token now than this page had. */
async function renewToken() {
  const meta = document.querySelector('meta[name="crop-token"]');
  const text = await (await fetch(location.href, { headers: { accept: "text/html" } })).text();
  const token = new DOMParser().parseFromString(text, "text/html").querySelector('meta[name="crop-token"]')?.content;
  if (!meta || !token || token === meta.content) return false;
  meta.content = token;
  return true;
}
