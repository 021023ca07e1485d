// Plays keys on the choosing page's state, one JSON line in, one out: {groups, keys} begins, {key, box?} presses.
import { createInterface } from "node:readline";

import { actionOf, bindings, CHOOSING } from "./keys.js";
import * as choosing from "./select-groups.js";

let state, table, requests = 0;
const meant = (key) => (key === "escape" ? { action: key } : actionOf({ key }, table));
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  if (asked.groups) [state, table] = [choosing.begin(asked.groups), bindings(CHOOSING, asked.keys)];
  if (asked.key) state = choosing.press(state, meant(asked.key), `r${++requests}`);
  if (asked.box) state = choosing.drawn(state, asked.box);
  const sent = [];
  if (asked.send) {
    for (let entry = choosing.unsent(state); entry; entry = choosing.unsent(state)) {
      sent.push(entry);
      state = choosing.answered(state, entry.id);
    }
  }
  const groups = state.groups.map((group) => ({ id: group.id, status: group.status, kept: choosing.kept(group), chosen: group.chosen, how: group.how }));
  console.log(JSON.stringify({ groups, sent, at: state.at, done: state.done, cropping: state.cropping?.image.name ?? null }));
}
