// How the map is seen and pointed at: wheel and pinch zoom, moving, a rectangle drawn around seats, zones that come later.

import { paintFar } from "./seatmap-far.js";
import { allSeats, placeZone, pointOf } from "./seatmap-seats.js";

const LARGEST = 24;
const A_CLICK = 5;
const TAPPABLE = 20;
const AT_ONCE = 3;
const ACROSS = 14;

export function watchView(map, { seatOf, press, chooseInside, mayChoose }) {
  const hall = map.querySelector(".hall");
  const far = map.dataset.far ? paintFar(map, hall) : null;
  const lasso = document.getElementById("lasso");
  const pointers = new Map();
  let [x, y, scale] = [0, 0, 1];
  let mode = mayChoose && !window.matchMedia("(pointer: coarse)").matches ? "select" : "move";
  let began = null;

  function show() {
    const { width, height } = map.getBoundingClientRect();
    x = Math.min(width * 0.5, Math.max(x, width * 0.5 - width * scale));
    y = Math.min(height * 0.5, Math.max(y, height * 0.5 - height * scale));
    hall.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    far?.moved();
  }

  // The seat at a pointer: a shape, or what the canvas shows there.
  const seatUnder = (event) => seatOf(event.target) ?? far?.seatAt(event.clientX, event.clientY);

  function zoom(factor, clientX, clientY) {
    const box = map.getBoundingClientRect();
    const [atX, atY] = [clientX - box.x, clientY - box.y];
    // However large the hall, its seats can become large enough for a finger.
    const largest = Math.max(LARGEST, (2 * TAPPABLE * scale) / (ACROSS * hall.getScreenCTM().a));
    const next = Math.min(largest, Math.max(1, scale * factor));
    x = atX - ((atX - x) * next) / scale;
    y = atY - ((atY - y) * next) / scale;
    scale = next;
    if (scale === 1) {
      [x, y] = [0, 0];
    }
    show();
  }

  function setMode(wanted) {
    mode = wanted;
    map.classList.toggle("mode-move", mode === "move");
    for (const button of map.querySelectorAll("[data-mode]")) {
      button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
      if (button.dataset.mode === "select" && !mayChoose) {
        button.remove();
      }
    }
  }

  const inHall = (clientX, clientY) => new DOMPoint(clientX, clientY).matrixTransform(hall.getScreenCTM().inverse());

  function frame(event) {
    const from = inHall(began.x, began.y);
    const to = inHall(event.clientX, event.clientY);
    lasso.removeAttribute("hidden");
    for (const [name, value] of [
      ["x", Math.min(from.x, to.x)],
      ["y", Math.min(from.y, to.y)],
      ["width", Math.abs(from.x - to.x)],
      ["height", Math.abs(from.y - to.y)],
    ]) {
      lasso.setAttribute(name, value.toFixed(1));
    }
  }

  function inside(event) {
    const [one, other] = [inHall(began.x, began.y), inHall(event.clientX, event.clientY)];
    const [left, right] = [one.x, other.x].sort((a, b) => a - b);
    const [top, bottom] = [one.y, other.y].sort((a, b) => a - b);
    return allSeats().filter((seat) => {
      const [cx, cy] = pointOf(seat);
      return cx >= left && cx <= right && cy >= top && cy <= bottom;
    });
  }

  // A seat that was walked to comes into view.
  function reveal(seat) {
    const [box, at] = [map.getBoundingClientRect(), seat.getBoundingClientRect()];
    if (at.left < box.left || at.right > box.right || at.top < box.top || at.bottom > box.bottom) {
      x += box.left + box.width / 2 - at.left;
      y += box.top + box.height / 2 - at.top;
      show();
      load();
    }
  }

  hall.addEventListener("pointerdown", (event) => {
    if (event.button > 1) {
      return;
    }
    pointers.set(event.pointerId, event);
    if (pointers.size === 1) {
      const moves = mode === "move" || event.button === 1;
      began = { x: event.clientX, y: event.clientY, seat: seatUnder(event), moves, far: false };
    } else {
      began = { ...began, far: true, pinch: true };
      lasso.setAttribute("hidden", "");
    }
  });

  window.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before || !began) {
      return;
    }
    if (pointers.size === 2) {
      const other = [...pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
      const span = (pointer) => Math.hypot(pointer.clientX - other.clientX, pointer.clientY - other.clientY);
      x += (event.clientX - before.clientX) / 2;
      y += (event.clientY - before.clientY) / 2;
      zoom(span(event) / Math.max(1, span(before)), (event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2);
    } else if (!began.pinch) {
      began.far ||= Math.hypot(event.clientX - began.x, event.clientY - began.y) > A_CLICK;
      if (began.far && began.moves) {
        x += event.clientX - before.clientX;
        y += event.clientY - before.clientY;
        show();
      } else if (began.far) {
        frame(event);
      }
    }
    pointers.set(event.pointerId, event);
  });

  window.addEventListener("pointerup", (event) => {
    if (!pointers.delete(event.pointerId) || pointers.size) {
      return;
    }
    lasso.setAttribute("hidden", "");
    if (began.far && !began.moves && !began.pinch) {
      chooseInside(inside(event));
    } else if (!began.far && began.seat && event.button === 0) {
      const seat = document.getElementById(began.seat.id) ?? began.seat;
      const width = ACROSS * hall.getScreenCTM().a;
      // A finger cannot aim at seats this small: the first tap brings them closer.
      if (event.pointerType === "touch" && width < TAPPABLE) {
        zoom((TAPPABLE * 1.5) / width, event.clientX, event.clientY);
      } else {
        press(seat, event);
      }
    }
    began = null;
    load();
  });
  window.addEventListener("pointercancel", (event) => {
    pointers.delete(event.pointerId);
    lasso.setAttribute("hidden", "");
    began = null;
  });

  map.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.clientX, event.clientY);
    },
    { passive: false },
  );

  map.querySelector(".map-tools").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const box = map.getBoundingClientRect();
    if (button?.dataset.mode) {
      setMode(button.dataset.mode);
    } else if (button?.dataset.zoom) {
      zoom(Number(button.dataset.zoom), box.x + box.width / 2, box.y + box.height / 2);
    } else if (button) {
      [x, y, scale] = [0, 0, 1];
      show();
    }
    load();
  });

  // A large hall: the zones that can be seen, a few at a time.
  let loading = 0;
  function load() {
    const box = map.getBoundingClientRect();
    const matrix = hall.getScreenCTM();
    const waiting = [...hall.querySelectorAll("[data-load]")].filter((zone) => {
      const [left, top, right, bottom] = zone.dataset.box.split(" ");
      const from = new DOMPoint(left, top).matrixTransform(matrix);
      const to = new DOMPoint(right, bottom).matrixTransform(matrix);
      return to.x > box.left && from.x < box.right && to.y > box.top && from.y < box.bottom;
    });
    for (const zone of waiting.slice(0, AT_ONCE - loading)) {
      fill(zone);
    }
  }

  async function fill(zone) {
    const address = zone.dataset.load;
    delete zone.dataset.load;
    loading += 1;
    let text = "";
    try {
      const answer = await fetch(address);
      text = answer.ok && !answer.redirected ? await answer.text() : "";
    } catch {
      text = "";
    }
    loading -= 1;
    if (text) {
      placeZone(zone, text);
      load();
    } else {
      zone.dataset.load = address;
      document.dispatchEvent(new CustomEvent("portal:toast", { detail: { message: map.dataset.failed, kind: "refused" } }));
    }
  }

  setMode(mode);
  load();
  return { reveal, seatUnder };
}
