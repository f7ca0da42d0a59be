// Thousands of digits as dots in a plane, and one's own among them. A tap on a dot tells which; a
// line drawn around some, with the mouse or with Lasso on by finger, tells those; arrow keys go from
// dot to dot and Enter tells.
const PAPER = "#0b1018";

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function unpack(data) {
  const places = new Uint16Array(bytes(data.dots).buffer);
  return { places, labels: bytes(data.labels), read: bytes(data.read), count: places.length / 2 };
}

function build(parent) {
  const root = document.createElement("div");
  root.className = "digit-plane";
  root.innerHTML =
    '<canvas tabindex="0" role="application"></canvas><div class="tip" hidden></div>' +
    '<div class="below"><div class="legend"></div><button type="button" aria-pressed="false">Lasso</button></div>';
  parent.append(root);
  return root;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".digit-plane") || build(parentElement);
  const canvas = root.querySelector("canvas");
  const tip = root.querySelector(".tip");
  const button = root.querySelector("button");
  if (root.mark !== data.mark) {
    root.mark = data.mark;
    root.cloud = unpack(data);
    root.base = null;
    root.querySelector(".legend").innerHTML = data.colours
      .map((colour, digit) => `<span><i style="background:${colour}"></i>${digit}</span>`)
      .join("") + '<span><i class="wrong"></i>misread</span>';
  }
  const cloud = root.cloud;
  canvas.setAttribute("aria-label", data.label);
  let at = data.picked;
  let line = [];

  const place = (row) => [
    8 + (cloud.places[2 * row] / 65535) * (canvas.clientWidth - 16),
    8 + (cloud.places[2 * row + 1] / 65535) * (canvas.clientHeight - 16),
  ];

  // The dots are drawn once; what moves is drawn over a copy of them.
  const base = (width, height, ratio) => {
    if (root.base && root.base.width === Math.round(width * ratio)) return root.base;
    const drawn = document.createElement("canvas");
    drawn.width = Math.round(width * ratio);
    drawn.height = Math.round(height * ratio);
    const pen = drawn.getContext("2d");
    pen.scale(ratio, ratio);
    pen.fillStyle = PAPER;
    pen.fillRect(0, 0, width, height);
    const radius = cloud.count > 3000 ? 1.7 : 3;
    for (const wrong of [false, true]) {
      for (let row = 0; row < cloud.count; row += 1) {
        if ((cloud.labels[row] !== cloud.read[row]) !== wrong) continue;
        const [x, y] = place(row);
        pen.beginPath();
        pen.arc(x, y, wrong ? 4 : radius, 0, 7);
        pen.fillStyle = data.colours[cloud.labels[row]];
        pen.globalAlpha = wrong ? 1 : 0.75;
        pen.fill();
        if (wrong) { pen.strokeStyle = "#fff"; pen.lineWidth = 1.5; pen.stroke(); }
      }
    }
    root.base = drawn;
    return drawn;
  };

  const ring = (pen, x, y, radius, colour) => {
    pen.beginPath();
    pen.arc(x, y, radius, 0, 7);
    pen.strokeStyle = colour;
    pen.lineWidth = 2.5;
    pen.stroke();
  };

  const draw = () => {
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width) return;
    const ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      root.base = null;
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.drawImage(base(width, height, ratio), 0, 0);
    pen.scale(ratio, ratio);
    if (at !== null) { const [x, y] = place(at); ring(pen, x, y, 9, "#ffc857"); }
    if (data.own) {
      const x = 8 + data.own.x * (width - 16);
      const y = 8 + data.own.y * (height - 16);
      ring(pen, x, y, 13, "#ffffff");
      pen.beginPath();
      pen.arc(x, y, 11, 0, 7);
      pen.fillStyle = "#0e1117";
      pen.fill();
      pen.fillStyle = "#ffffff";
      pen.font = "700 15px sans-serif";
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.fillText(data.own.text, x, y + 1);
    }
    if (line.length > 1) {
      pen.beginPath();
      line.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      pen.closePath();
      pen.strokeStyle = "#ffc857";
      pen.fillStyle = "#ffc85722";
      pen.lineWidth = 2;
      pen.fill();
      pen.stroke();
    }
  };

  const nearest = (x, y, most) => {
    let [best, least] = [null, most * most];
    for (let row = 0; row < cloud.count; row += 1) {
      const [px, py] = place(row);
      const away = (px - x) ** 2 + (py - y) ** 2;
      if (away < least) [best, least] = [row, away];
    }
    return best;
  };

  const inside = (x, y) => {
    let odd = false;
    for (let i = 0, j = line.length - 1; i < line.length; j = i, i += 1) {
      const [[xi, yi], [xj, yj]] = [line[i], line[j]];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
    }
    return odd;
  };

  const tell = (row) => {
    tip.hidden = row === null;
    canvas.style.cursor = row === null ? "crosshair" : "pointer";
    if (row === null) return;
    const [x, y] = place(row);
    const wrong = cloud.labels[row] !== cloud.read[row];
    tip.textContent = wrong ? `a ${cloud.labels[row]}, read as ${cloud.read[row]}` : `a ${cloud.labels[row]}`;
    tip.style.left = `${Math.min(x + 12, canvas.clientWidth - 120)}px`;
    tip.style.top = `${y + 8}px`;
  };

  const point = (event) => [event.offsetX, event.offsetY];
  canvas.onpointerdown = (event) => {
    line = [point(event)];
    if (event.pointerType === "mouse" || button.ariaPressed === "true") canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointermove = (event) => {
    if (line.length && (event.pointerType === "mouse" ? event.buttons : button.ariaPressed === "true")) {
      line.push(point(event));
      draw();
    } else if (event.pointerType === "mouse") tell(nearest(...point(event), 8));
  };
  canvas.onpointerup = (event) => {
    const [x, y] = point(event);
    const far = line.some(([px, py]) => Math.hypot(px - x, py - y) > 10);
    if (far && line.length > 2) {
      const rows = [];
      for (let row = 0; row < cloud.count; row += 1) if (inside(...place(row))) rows.push(row);
      setTriggerValue("lasso", rows);
    } else if (!far) {
      const row = nearest(x, y, event.pointerType === "mouse" ? 10 : 22);
      if (row !== null) { at = row; setTriggerValue("dot", row); }
    }
    line = [];
    draw();
  };
  canvas.onpointerleave = () => tell(null);
  canvas.onpointercancel = () => { line = []; draw(); };
  canvas.onkeydown = (event) => {
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (event.key === "Enter" && at !== null) setTriggerValue("dot", at);
    if (!way) return;
    event.preventDefault();
    const [x, y] = at === null ? [canvas.clientWidth / 2, canvas.clientHeight / 2] : place(at);
    let [best, least] = [at, Infinity];
    for (let row = 0; row < cloud.count; row += 1) {
      const [px, py] = place(row);
      const along = (px - x) * way[0] + (py - y) * way[1];
      const aside = Math.abs((px - x) * way[1]) + Math.abs((py - y) * way[0]);
      if (along > 3 && along + 2 * aside < least) [best, least] = [row, along + 2 * aside];
    }
    at = best;
    tell(at);
    draw();
  };
  button.onclick = () => {
    const on = button.ariaPressed !== "true";
    button.ariaPressed = String(on);
    canvas.style.touchAction = on ? "none" : "pan-y";
  };
  const watcher = new ResizeObserver(draw);
  watcher.observe(canvas);
  draw();
  return () => watcher.disconnect();
}
