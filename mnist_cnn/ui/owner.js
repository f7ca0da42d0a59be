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

function takeKey() {
  const found = LINK.exec(window.location.hash);
  if (!found || !current.tell) return false;
  window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  current.tell("key", decodeURIComponent(found[1]));
  return true;
}

function kept(act) {
  try {
    return act(window.localStorage);
  } catch {
    return null; // the browser keeps nothing: it asks again next time
  }
}

window.addEventListener("hashchange", takeKey);

export default function ({ data, setTriggerValue }) {
  if (framed()) return;
  current.tell = setTriggerValue;
  if (data.ticket) kept((storage) => storage.setItem(data.name, data.ticket));
  if (data.forget) kept((storage) => storage.removeItem(data.name));
  const first = !shown;
  shown = true;
  if (takeKey() || !first || data.ticket || data.forget) return;
  const ticket = kept((storage) => storage.getItem(data.name));
  if (ticket) setTriggerValue("ticket", ticket);
}
