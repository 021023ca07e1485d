// What the overview's buttons do: retry and withdraw crops, steer runs, put away what was seen.
// The buttons come and go with their sections, so the page listens for all of them.

import { notice, post } from "./live.js";

const SEEN = "crop-seen";

async function send(buttons, address, value) {
  for (const each of buttons) each.disabled = true;
  try {
    const told = await post(address, value);
    notice(told.refused?.length ? `${told.refused.length} refused: ${told.refused[0].message}` : "");
  } catch (error) {
    for (const each of buttons) each.disabled = false;
    notice(error instanceof TypeError ? "The server does not answer; nothing was changed." : error.message);
  }
}

// The page shows some of the failures; all of them are in the table.
async function everyFailure() {
  const answer = await fetch(`/tables/failures?format=json&${location.search.slice(1)}`);
  return answer.ok ? (await answer.json()).map((each) => each.subject) : [];
}

const ACTS = {
  act: (button) => send([button], `/crops/${button.dataset.act}`, { subjects: [button.dataset.subject] }),
  all: async (button) => send([button], "/crops/retry", { subjects: await everyFailure() }),
  wish: (button) => send([button], `/runs/${button.dataset.run}/${button.dataset.wish}`, {}),
  seen: () => {
    localStorage.setItem(SEEN, document.getElementById("problems").dataset.latest);
    unseen();
  },
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  for (const [name, act] of Object.entries(ACTS)) {
    if (button && name in button.dataset) return void act(button);
  }
});

/** Shows the problems that this browser has not put away yet. */
function unseen() {
  const section = document.getElementById("problems");
  if (!section) return;
  const seen = Number(localStorage.getItem(SEEN));
  for (const each of section.querySelectorAll("[data-position]")) each.hidden = Number(each.dataset.position) <= seen;
  section.hidden = Number(section.dataset.latest) <= seen;
}

document.addEventListener("crop:refreshed", unseen);
unseen();
