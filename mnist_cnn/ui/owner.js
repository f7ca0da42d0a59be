// Keeps the owner's ticket in this browser, for this very address and port alone, and shows it when
// a page is opened; takes the key out of a link that was opened. A page that is framed by another
// site's does neither, so that nobody can lay something over the owner's buttons. A cookie without
// any secret tells the server that a ticket will be shown, so that it waits for it.
const WAITED_FOR = "digits-owner=1";
const SECONDS = 90 * 86400;
const LINK = /^#key=(.+)$/;
let shown = ""; // the session that was told; another follows when the server has forgotten it
let turned = ""; // the last unlocking or locking that was kept; older tabs do not undo a newer one
let current = {};

function framed() {
  try {
    return window.top.location.origin !== window.location.origin;
  } catch {
    return true;
  }
}

function keyOfLink() {
  const found = LINK.exec(window.location.hash);
  if (!found) return "";
  window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  try {
    return decodeURIComponent(found[1]);
  } catch {
    return found[1];
  }
}

function kept(act) {
  try {
    return act(window.localStorage);
  } catch {
    return null; // the browser keeps nothing: it asks again next time
  }
}

function wait(seconds) {
  document.cookie = `${WAITED_FOR}; max-age=${seconds}; path=/; SameSite=Lax`;
}

function show(key, ticket) {
  const waits = document.cookie.includes(WAITED_FOR);
  if (waits && !ticket && !framed()) wait(0);
  if (key || ticket || waits) current.tell("shown", { key, ticket });
}

window.addEventListener("hashchange", () => {
  if (current.tell && !framed()) show(keyOfLink(), current.ticket);
});

window.addEventListener("storage", ({ key, newValue }) => {
  const gone = key === null || (key === current.name && newValue === null);
  if (gone && current.ticket) current.tell("shown", { locked: true }); // in another tab
});

export default function ({ data, setTriggerValue }) {
  current = { tell: setTriggerValue, ticket: data.ticket, name: data.name };
  const own = framed() ? () => null : kept;
  if (data.turn && turned !== data.turn) {
    turned = data.turn;
    if (!data.ticket) own((storage) => !storage.removeItem(data.name)) && wait(0);
    else if (own((storage) => !storage.setItem(data.name, data.ticket))) wait(SECONDS);
  }
  if (shown === data.session || data.ticket) return;
  shown = data.session;
  show(framed() ? "" : keyOfLink(), own((storage) => storage.getItem(data.name)));
}
