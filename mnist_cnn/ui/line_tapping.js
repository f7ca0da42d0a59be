// The picture of a line as it was read. A tap on a symbol, or on the nearest one, opens what else it
// could be under the picture; so does Enter. A choice is told as the symbol's place and its text.
const NEAR = 24; // pixels that a finger may miss a box by
let open = ""; // the box of the symbol whose choices are shown: it stays while one writes on

function boxes(root) {
  return [...root.querySelectorAll("g[role=button]")];
}

// The place of the symbol at or nearest to a point of the screen; the smaller one where two are.
function nearest(root, x, y) {
  const found = boxes(root).map((box, place) => {
    const { left, right, top, bottom } = box.querySelector("rect").getBoundingClientRect();
    const away = Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
    return { place, away, area: (right - left) * (bottom - top) };
  });
  found.sort((a, b) => a.away - b.away || a.area - b.area);
  return found.length && found[0].away <= NEAR ? found[0].place : -1;
}

function choiceButton(text, symbol) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.className = text === symbol.text ? "now" : "";
  button.setAttribute("aria-pressed", text === symbol.text);
  return button;
}

// Marks the open symbol, and shows its choices.
function show(root, symbols) {
  const now = symbols.findIndex((symbol) => symbol.box === open);
  boxes(root).forEach((box, place) => box.setAttribute("aria-expanded", place === now));
  const panel = root.querySelector(".choices");
  panel.hidden = now < 0;
  panel.replaceChildren();
  if (now < 0) return;
  const symbol = symbols[now];
  const words = document.createElement("p");
  words.textContent = `${symbol.name}. It is …`;
  panel.setAttribute("aria-label", words.textContent);
  panel.append(words);
  for (const texts of symbol.choices) {
    const row = document.createElement("div");
    row.append(...texts.map((text) => choiceButton(text, symbol)));
    panel.append(row);
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const symbols = data.symbols;
  const had = boxes(parentElement).indexOf(document.activeElement);
  let root = parentElement.querySelector(".line-picture");
  if (!root) {
    root = document.createElement("div");
    root.className = "line-picture";
    parentElement.append(root);
  }
  root.innerHTML = `${data.picture}<div class="choices" role="group" hidden></div>`;
  show(root, symbols);
  if (had >= 0) boxes(root)[had]?.focus({ preventScroll: true });

  const panel = root.querySelector(".choices");
  const toggle = (place) => {
    open = symbols[place] && symbols[place].box !== open ? symbols[place].box : "";
    show(root, symbols);
    if (open) panel.scrollIntoView({ block: "nearest", behavior: "smooth" });
  };
  const close = () => {
    const place = symbols.findIndex((symbol) => symbol.box === open);
    toggle(place);
    boxes(root)[place]?.focus({ preventScroll: true });
    return place;
  };
  root.querySelector("svg").onclick = (event) => toggle(nearest(root, event.clientX, event.clientY));
  panel.onclick = (event) => {
    if (event.target.tagName !== "BUTTON") return;
    setTriggerValue("chosen", [close(), event.target.textContent]);
  };
  root.onkeydown = (event) => {
    const place = boxes(root).indexOf(event.target);
    if (event.key === "Escape" && open) close();
    else if (place >= 0 && ["Enter", " "].includes(event.key)) {
      toggle(place);
      panel.querySelector("button")?.focus();
    } else return;
    event.preventDefault();
  };
}
