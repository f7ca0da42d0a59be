// The layers of a network, a row of small pictures each. One picture of all maps of a layer comes
// from the server and is shown in pieces, so that a new drawing changes a few pictures only. A tap on
// a piece, or Enter, opens what is said of that map; arrow keys move from map to map.
const COLUMNS = 8;
const whole = new Set(); // the layers of which all maps are shown

function tile(number) {
  const button = document.createElement("button");
  button.type = "button";
  button.tabIndex = number ? -1 : 0;
  button.append(document.createElement("span"));
  return button;
}

function makeRow(root) {
  const row = document.createElement("section");
  row.innerHTML =
    '<header><b></b> <span class="size"></span><span class="sentence"></span></header>' +
    '<div class="tiles" role="group"></div><button type="button" class="more"></button>';
  root.append(row);
  return row;
}

function dress(button, layer, place, picked) {
  const number = layer.order[place];
  const [column, line] = [place % COLUMNS, Math.floor(place / COLUMNS)];
  const x = (100 * column) / (COLUMNS - 1);
  const y = layer.rows > 1 ? (100 * line) / (layer.rows - 1) : 0;
  button.dataset.number = number;
  button.style.backgroundPosition = `${x}% ${y}%`;
  button.style.backgroundSize = `${100 * COLUMNS}% ${100 * layer.rows}%`;
  const what = layer.numbers ? "Number" : "Map";
  button.setAttribute("aria-label", `${what} ${number} of ${layer.title}, at most ${layer.peaks[place]}`);
  button.title = `${layer.numbers ? "" : "map "}${number}: ${layer.peaks[place]}`;
  const open = picked && picked[0] === layer.key && picked[1] === number;
  button.setAttribute("aria-expanded", Boolean(open));
  button.firstChild.textContent = number;
}

function show(row, layer, data) {
  row.dataset.key = layer.key;
  row.querySelector("b").textContent = layer.title;
  row.querySelector(".size").textContent = layer.size;
  row.querySelector(".sentence").textContent = layer.sentence;
  const tiles = row.querySelector(".tiles");
  tiles.setAttribute("aria-label", `${layer.title}, ${layer.size}, the strongest first`);
  const place = data.picked && data.picked[0] === layer.key ? layer.order.indexOf(data.picked[1]) : -1;
  const count = whole.has(layer.key) || place >= COLUMNS ? layer.order.length : Math.min(COLUMNS, layer.order.length);
  while (tiles.children.length > count) tiles.lastChild.remove();
  while (tiles.children.length < count) tiles.append(tile(tiles.children.length));
  if (![...tiles.children].some((button) => button.tabIndex === 0)) tiles.firstChild.tabIndex = 0;
  tiles.style.setProperty("--sprite", `url("${layer.sprite}")`);
  [...tiles.children].forEach((button, at) => dress(button, layer, at, data.picked));
  const more = row.querySelector(".more");
  more.hidden = layer.order.length <= COLUMNS;
  more.textContent = count < layer.order.length ? `All ${layer.order.length}` : "Fewer";
  let detail = row.querySelector(".detail");
  if (place < 0) { detail?.remove(); return; }
  if (!detail) {
    detail = document.createElement("div");
    detail.className = "detail";
    row.append(detail);
  }
  detail.innerHTML = data.detail;
}

export default function ({ data, parentElement, setTriggerValue }) {
  let root = parentElement.querySelector(".map-sheet");
  if (!root) {
    root = document.createElement("div");
    root.className = "map-sheet";
    parentElement.append(root);
  }
  const draw = () => {
    while (root.children.length > data.layers.length) root.lastChild.remove();
    while (root.children.length < data.layers.length) makeRow(root);
    data.layers.forEach((layer, at) => show(root.children[at], layer, data));
  };
  draw();
  root.onclick = (event) => {
    const link = event.target.closest("a");
    if (link && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault(); // a page that is loaded anew knows nothing of this session
      setTriggerValue("digit", link.getAttribute("href"));
      return;
    }
    const row = event.target.closest("section");
    const button = event.target.closest("button");
    if (!row || !button) return;
    if (button.className === "more") {
      if (!whole.delete(row.dataset.key)) whole.add(row.dataset.key);
      draw();
      return;
    }
    const open = button.getAttribute("aria-expanded") === "true";
    setTriggerValue("picked", open ? [] : [row.dataset.key, Number(button.dataset.number)]);
  };
  root.onkeydown = (event) => {
    const tiles = event.target.closest(".tiles");
    if (!tiles) return;
    const all = [...tiles.children];
    const at = all.indexOf(event.target.closest("button"));
    const across = Math.round(tiles.clientWidth / (all[0].clientWidth + 4)) || COLUMNS;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = all[at + step];
    if (!next) return;
    all.forEach((button) => { button.tabIndex = -1; });
    next.tabIndex = 0;
    next.focus();
  };
}
