// What a web page needs, to copy: collects what is drawn on a <canvas>, and asks the API about it.
//     const wipe = collect(canvas, async strokes => show(await predict(strokes)));

/** Draws with the pen, mouse or finger on a canvas; after each stroke `drawn` gets all of them, each a
 *  list of [x, y]. Returns a function that wipes the canvas for the next drawing. */
export function collect(canvas, drawn) {
  const pen = canvas.getContext("2d");
  let strokes = [];
  let drawing = null; // the pointer that is down: a second finger or a palm draws nothing
  function wipe() {
    strokes = [];
    drawing = null;
    pen.fillStyle = "black";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    Object.assign(pen, { lineWidth: 16, lineCap: "round", lineJoin: "round", strokeStyle: "white" });
  }
  function to(event) {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const x = (event.clientX - left) * canvas.width / width;
    const y = (event.clientY - top) * canvas.height / height;
    strokes.at(-1).push([x, y]);
    pen.lineTo(x, y);
    pen.stroke();
  }
  canvas.style.touchAction = "none"; // a finger draws, and does not scroll
  canvas.onpointerdown = event => {
    if (drawing !== null) return;
    drawing = event.pointerId;
    canvas.setPointerCapture(event.pointerId);
    strokes.push([]);
    pen.beginPath();
    to(event);
  };
  canvas.onpointermove = event => { if (event.pointerId === drawing) to(event); };
  canvas.onpointerup = canvas.onpointercancel = event => {
    if (event.pointerId !== drawing) return;
    drawing = null;
    drawn(strokes);
  };
  wipe();
  return wipe;
}

/** What the network makes of a drawing: {digit, confidence, probabilities, status}. Throws an Error with
 *  a sentence for people. `POST /read` takes the same body for numbers and equations. */
export async function predict(strokes, api = "http://127.0.0.1:8000") {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ strokes });
  const reply = await fetch(`${api}/predict`, { method: "POST", headers, body }).catch(() => {
    throw new Error(`${api} does not answer; is it running, and does it let this page in?`);
  });
  const answer = await reply.json().catch(() => null);
  if (!answer) throw new Error(`What answers at ${api} is not Digits (status ${reply.status}).`);
  if (answer.error) throw new Error(answer.error.message);
  return answer;
}
