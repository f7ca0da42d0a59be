// Stands beside the drawing canvases of a page. Takes their own toolbar away, which is invisible and
// swallows strokes all the same; gives them a name; lets keys draw and correct; writes an answer over
// the drawing; tells when the pen rests, and how wide a phone is.
const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  .dc-toolbar { display: none !important }
  .dc-root:focus-visible { outline: 3px solid #4cc2ff; outline-offset: 2px }
  .pen { position: absolute; z-index: 30; width: 14px; height: 14px; margin: -9px; border: 2px solid
         #ffc857; border-radius: 50%; pointer-events: none; display: none }
  .pen.down { background: #ffc857 }
  .dc-root:focus-visible .pen { display: block }
  .answer { position: absolute; inset: 0; z-index: 20; pointer-events: none }
  .answer svg { display: block; width: 100%; height: 100% }
  .answer text { fill: #4cc2ff; font-weight: 600 }`);
const STEP = 14;
const MOVES = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const dressed = new WeakSet();
// What the page that is shown now says, and whom what happens is told to.
let current = { press: () => {}, rest: 0, label: "", answer: null };
const seen = new WeakSet();

// When the pen was last lifted; what is pressed then is told once the canvas has told its stroke.
let lifted = -Infinity;
const TOLD = 300;
for (const kind of ["mouseup", "pointerup"]) {
  window.addEventListener(kind, () => { lifted = performance.now(); }, true);
}

function press(key) {
  const wait = lifted + TOLD - performance.now();
  if (wait > 0) setTimeout(() => current.press(key), wait);
  else current.press(key);
}

function mouse(kind, target, canvas, at) {
  const box = canvas.getBoundingClientRect();
  target.dispatchEvent(new MouseEvent(kind, {
    bubbles: true, cancelable: true, view: window, button: 0, buttons: kind === "mouseup" ? 0 : 1,
    clientX: box.left + at.x, clientY: box.top + at.y,
  }));
}

// Writes an answer over the drawing that it answers, no part of it, until the next stroke begins.
function write(over) {
  const answer = current.answer;
  const host = over.getRootNode().host;
  const here = answer && host.closest(`.st-key-${answer.canvas.replaceAll(" ", "-")}`);
  over.hidden = !here;
  if (!here) return;
  const { text, x, y, size } = answer;
  over.innerHTML = `<svg aria-hidden="true"><text x="${x}" y="${y}" font-size="${size}"></text></svg>`;
  over.querySelector("text").textContent = text;
}

// Tells once the pen has been up for as long as the page wants to know, after it was down.
function tellRests(frame) {
  let timer = 0;
  const down = new Set();
  frame.addEventListener("pointerdown", ({ pointerId }) => {
    clearTimeout(timer);
    down.add(pointerId);
    const ends = (event) => {
      if (event.pointerId !== pointerId) return;  // a palm, another finger
      for (const kind of ["pointerup", "pointercancel"]) window.removeEventListener(kind, ends, true);
      down.delete(pointerId);
      clearTimeout(timer);
      if (!current.rest || down.size) return;
      timer = setTimeout(() => { if (frame.isConnected) current.press("Rest"); }, current.rest);
    };
    for (const kind of ["pointerup", "pointercancel"]) window.addEventListener(kind, ends, true);
  }, true);
}

function dress(root, canvas) {
  const frame = root.querySelector(".dc-root");
  const pen = document.createElement("div");
  pen.className = "pen";
  const over = document.createElement("div");
  over.className = "answer";
  frame.append(over, pen);
  write(over);
  frame.addEventListener("pointerdown", () => { over.hidden = true; }, true);
  frame.tabIndex = 0;
  tellRests(frame);
  frame.setAttribute("role", "application");
  frame.setAttribute("aria-label", current.label);
  const at = { x: canvas.clientWidth / 2, y: canvas.clientHeight / 4 };
  let down = false;
  const show = () => {
    pen.style.left = `${at.x}px`;
    pen.style.top = `${at.y}px`;
    pen.classList.toggle("down", down);
  };
  const lift = () => {
    if (down) mouse("mouseup", document, canvas, at);
    down = false;
  };
  show();
  frame.addEventListener("blur", () => { lift(); show(); });
  frame.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (MOVES[event.key]) {
      const [x, y] = MOVES[event.key];
      at.x = Math.min(Math.max(at.x + STEP * x, 4), canvas.clientWidth - 4);
      at.y = Math.min(Math.max(at.y + STEP * y, 4), canvas.clientHeight - 4);
      if (down) mouse("mousemove", document, canvas, at);
    } else if (event.key === " ") {
      if (down) lift();
      else { over.hidden = true; mouse("mousedown", canvas, canvas, at); down = true; }
    } else if (event.key === "Escape") lift();
    else if (/^[0-9]$/.test(event.key) || ["Enter", "Backspace"].includes(event.key)) {
      lift();
      press(event.key);
    } else return;
    event.preventDefault();
    show();
  });
}

function look() {
  for (const host of document.querySelectorAll('[data-testid="stBidiComponentIsolated"]')) {
    const root = host.shadowRoot;
    if (!root) continue;
    if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets.push(sheet);
    if (!seen.has(root)) { seen.add(root); observer.observe(root, { childList: true, subtree: true }); }
    const canvas = root.querySelector("canvas.upper-canvas");
    if (canvas && !dressed.has(canvas)) {
      dressed.add(canvas);
      dress(root, canvas);
    }
  }
}

const observer = new MutationObserver(look);
observer.observe(document.body, { childList: true, subtree: true });

export default function ({ data, setTriggerValue, setStateValue }) {
  const mine = { ...data, press: (key) => setTriggerValue("key", key) };
  current = mine;
  look();
  for (const host of document.querySelectorAll('[data-testid="stBidiComponentIsolated"]')) {
    const over = host.shadowRoot?.querySelector(".answer");
    if (over) write(over);
  }
  const narrow = window.innerWidth < 640 ? window.innerWidth : 0;
  if (narrow !== data.narrow) setStateValue("narrow", narrow);
  return () => { if (current === mine) current = { ...mine, answer: null }; };
}
