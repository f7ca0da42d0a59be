// A picture with an outline around what was read. Another piece is tapped, or a box dragged around
// it, by a mouse at once and by a finger after "Choose a part", since fingers also scroll. Pressed
// by a key, that button brings a box: arrows move it, Shift and arrows size it, Enter reads it. What
// was chosen is told as left, top, right and bottom in shares of the picture; null is all of it.
const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 0.15; // of a piece's size, around it

function rectangle([left, top, right, bottom], [width, height], className) {
  const rect = document.createElementNS(SVG, "rect");
  rect.setAttribute("x", left * width);
  rect.setAttribute("y", top * height);
  rect.setAttribute("width", Math.max(0, right - left) * width);
  rect.setAttribute("height", Math.max(0, bottom - top) * height);
  rect.setAttribute("class", className);
  return rect;
}

function drawn({ picture, size, parts }) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
  svg.setAttribute("role", "group");
  svg.setAttribute("aria-label", "Your picture");
  const image = document.createElementNS(SVG, "image");
  image.setAttribute("href", picture);
  image.setAttribute("width", size[0]);
  image.setAttribute("height", size[1]);
  svg.append(image);
  parts.slice(1).forEach((part, number) => {
    const piece = rectangle(part, size, "piece");
    piece.setAttribute("role", "button");
    piece.setAttribute("tabindex", "0");
    piece.setAttribute("aria-label", `Read this piece instead (${number + 1})`);
    svg.append(piece);
  });
  if (parts.length) svg.append(rectangle(parts[0], size, "taken"));
  return svg;
}

function around([left, top, right, bottom], [width, height]) {
  const margin = MARGIN * Math.max((right - left) * width, (bottom - top) * height);
  const [x, y] = [margin / width, margin / height];
  return [Math.max(0, left - x), Math.max(0, top - y), Math.min(1, right + x), Math.min(1, bottom + y)];
}

const STEP = 0.03; // of the picture, that an arrow moves a box or its edge

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function stepped([left, top, right, bottom], [x, y], sizing) {
  if (sizing) {
    return [left, top, Math.max(left + STEP, Math.min(1, right + x)), Math.max(top + STEP, Math.min(1, bottom + y))];
  }
  const across = Math.max(-left, Math.min(1 - right, x));
  const down = Math.max(-top, Math.min(1 - bottom, y));
  return [left + across, top + down, right + across, bottom + down];
}

export default function ({ data, parentElement, setTriggerValue }) {
  let root = parentElement.querySelector(".picture-part");
  if (!root) {
    root = document.createElement("div");
    root.className = "picture-part";
    parentElement.append(root);
  }
  const svg = drawn(data);
  const words = document.createElement("p");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = data.partly ? "Read all of it" : "Choose a part";
  words.append(button);
  root.replaceChildren(svg, words);

  const tell = (part) => setTriggerValue("part", part);
  const pieces = [...svg.querySelectorAll(".piece")];
  const choose = (piece) => tell(around(data.parts[1 + pieces.indexOf(piece)], data.size));
  let finger = false; // whether a finger drags a box, or scrolls
  button.onclick = (event) => {
    if (data.partly) return tell(null);
    if (event.detail === 0) return byKeys(); // a key pressed it
    finger = !finger;
    svg.classList.toggle("choosing", finger);
    button.textContent = finger ? "Drag a box around the digit" : "Choose a part";
  };
  const byKeys = (part = [0.25, 0.25, 0.75, 0.75]) => {
    svg.querySelector(".keyed")?.remove();
    const frame = rectangle(part, data.size, "dragged keyed");
    frame.setAttribute("tabindex", "0");
    frame.setAttribute("role", "button");
    frame.setAttribute("aria-label", "Read this box: arrows move it, Shift and arrows size it");
    frame.onkeydown = (event) => {
      const arrow = ARROWS[event.key];
      if (event.key === "Enter" || event.key === " ") tell(part);
      else if (arrow) byKeys(stepped(part, arrow.map((way) => way * STEP), event.shiftKey));
      else if (event.key === "Escape") {
        frame.remove();
        button.textContent = "Choose a part";
        button.focus();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    };
    svg.append(frame);
    button.textContent = "Arrows move the box, Shift sizes it, Enter reads it";
    frame.focus();
  };

  let from = null;
  let box = null;
  const place = (event) => {
    const { left, top, width, height } = svg.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  };
  const between = ([a, b], [c, d]) => [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
  svg.onpointerdown = (event) => {
    if (event.button || (event.pointerType === "touch" && !finger)) return;
    from = place(event);
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
  };
  svg.onpointermove = (event) => {
    if (!from) return;
    box?.remove();
    box = rectangle(between(from, place(event)), data.size, "dragged");
    svg.append(box);
  };
  svg.onpointercancel = () => {
    from = null;
    box?.remove();
  };
  svg.onpointerup = (event) => {
    const start = from;
    from = null;
    const end = place(event);
    const { width, height } = svg.getBoundingClientRect();
    if (start && Math.hypot((end[0] - start[0]) * width, (end[1] - start[1]) * height) > 12) {
      return tell(between(start, end).map((edge) => Math.min(1, Math.max(0, edge))));
    }
    box?.remove();
    const under = document.elementsFromPoint(event.clientX, event.clientY);
    const piece = pieces.find((found) => under.includes(found));
    if (piece) choose(piece);
  };
  svg.onkeydown = (event) => {
    if (!pieces.includes(event.target) || !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    choose(event.target);
  };
}
