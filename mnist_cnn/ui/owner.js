// Keeps the owner's ticket in this browser, for this very address and port alone, and shows it when
// a page is opened; takes the key out of a link that was opened. A page that is framed by another
// site's does neither, so that nobody can lay something over the owner's buttons.
const LINK = /^#key=(.+)$/;
let shown = false;
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

function show(key, ticket) {
  if (key || ticket) current.tell("shown", { key, ticket });
}

window.addEventListener("hashchange", () => current.tell && show(keyOfLink(), current.ticket));

export default function ({ data, setTriggerValue }) {
  if (framed()) return;
  current = { tell: setTriggerValue, ticket: data.ticket };
  if (data.ticket) kept((storage) => storage.setItem(data.name, data.ticket));
  if (data.forget) kept((storage) => storage.removeItem(data.name));
  if (shown || data.ticket) return;
  shown = true;
  show(keyOfLink(), kept((storage) => storage.getItem(data.name)));
}
