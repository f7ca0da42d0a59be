// The picture of a line as it was read. A tap on a symbol, or on the nearest one, opens what else it
// could be under the picture; so does Enter. A choice is told as the symbol's place and its text.
const NEAR = 24; // pixels that a finger may miss a box by
let open = { writing: "", place: -1 };

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
  boxes(root).forEach((box, place) => box.setAttribute("aria-expanded", place === open.place));
  const panel = root.querySelector(".choices");
  const symbol = symbols[open.place];
  panel.hidden = !symbol;
  panel.replaceChildren();
  if (!symbol) return;
  const words = document.createElement("p");
  words.textContent = `${symbol.name}. It is …`;
  panel.setAttribute("aria-label", words.textContent);
  panel.append(words);
  for (const texts of symbol.choices) {
    const row = document.createElement("div");
    row.append(...texts.map((text) => choiceButton(text, symbol)));
    panel.append(row);
  }
  panel.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

export default function ({ data, parentElement, setTriggerValue }) {
  const writing = JSON.stringify(data.writing);
  const inside = parentElement.contains(document.activeElement);
  const had = inside ? boxes(parentElement).indexOf(document.activeElement) : -1;
  if (open.writing !== writing) open = { writing, place: -1 };
  let root = parentElement.querySelector(".line-picture");
  if (!root) {
    root = document.createElement("div");
    root.className = "line-picture";
    parentElement.append(root);
  }
  root.innerHTML = `${data.picture}<div class="choices" role="group" hidden></div>`;
  show(root, data.symbols);
  if (had >= 0) boxes(root)[had]?.focus({ preventScroll: true });

  const toggle = (place) => {
    open.place = place === open.place ? -1 : place;
    show(root, data.symbols);
  };
  const close = () => {
    const place = open.place;
    toggle(place);
    boxes(root)[place]?.focus({ preventScroll: true });
  };
  root.querySelector("svg").onclick = (event) => toggle(nearest(root, event.clientX, event.clientY));
  root.querySelector(".choices").onclick = (event) => {
    if (event.target.tagName !== "BUTTON") return;
    setTriggerValue("chosen", [open.place, event.target.textContent]);
    close();
  };
  root.onkeydown = (event) => {
    const place = boxes(root).indexOf(event.target);
    if (event.key === "Escape" && open.place >= 0) close();
    else if (place >= 0 && ["Enter", " "].includes(event.key)) {
      toggle(place);
      root.querySelector(".choices button")?.focus();
    } else return;
    event.preventDefault();
  };
}
