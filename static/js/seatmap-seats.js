// The seats as they are drawn: what each is, where it is, the rings of the selection, and how new ones take their places.

const svgName = "http://www.w3.org/2000/svg";
const map = document.getElementById("map");
const hall = map?.querySelector(".hall");
const rings = document.getElementById("rings");
const words = map ? JSON.parse(map.dataset.words) : {};

export const seatOf = (node) => node?.closest?.(".hall .seat");
export const idOf = (seat) => seat.id.slice(5);
export const seatById = (id) => document.getElementById(`seat-${id}`);
export const allSeats = () => [...hall.querySelectorAll(".seat")];
export const blocked = (seat) => seat.classList.contains("s-blocked") || seat.classList.contains("and-blocked");
export const held = (seat) => ["sold", "cart", "voucher"].includes(stateOf(seat));
export const sameZone = (seat) => [...seat.closest(".zone").querySelectorAll(".seat")];
export const sameRow = (seat) => sameZone(seat).filter((other) => other.dataset.row === seat.dataset.row);

function stateOf(seat) {
  return /\bs-(\w+)/.exec(seat.getAttribute("class"))[1];
}

// Where a seat is stands in its shape: reading that asks for no layout.
export function pointOf(seat) {
  const shape = seat.localName === "g" ? seat.firstElementChild : seat;
  const at = shape.localName === "circle" ? [shape.getAttribute("cx"), shape.getAttribute("cy")] : /^M(\S+) ([^m]+)/.exec(shape.getAttribute("d")).slice(1);
  return at.map(Number);
}

// ----------------------------------------------------------- selection

export const selected = new Map();

export function mark(id, on) {
  const seat = seatById(id);
  seat?.setAttribute("aria-selected", String(on));
  if (!on) {
    selected.get(id)?.remove();
    selected.delete(id);
    return;
  }
  const ring = selected.get(id) ?? document.createElementNS(svgName, "circle");
  selected.set(id, ring);
  if (seat && !ring.isConnected) {
    ring.setAttribute("r", "9.7");
    const [x, y] = pointOf(seat);
    ring.setAttribute("cx", x);
    ring.setAttribute("cy", y);
    rings.append(ring);
  }
}

// ------------------------------------------------- what the server drew anew

// Told before their zone came: it may have been drawn before what they tell.
const early = new Map();

// New seats come in a template, so that htmx does not look at thousands of them; they take their places here.
export function takeOver() {
  const fresh = document.getElementById("fresh")?.content;
  if (!fresh?.firstElementChild) {
    return;
  }
  for (const seat of fresh.querySelectorAll(".seat")) {
    const before = seatById(idOf(seat));
    if (before) {
      replace(before, seat);
    } else if (hall.querySelector(".waiting")) {
      early.set(seat.id, seat);
    }
    showRow(seat);
  }
  fresh.replaceChildren();
}

function replace(before, seat) {
  if (["class", "aria-label", "data-who", "data-why"].every((name) => before.getAttribute(name) === seat.getAttribute(name))) {
    return;
  }
  const focused = document.activeElement === before;
  for (const name of ["tabindex", "aria-selected"]) {
    if (before.hasAttribute(name)) {
      seat.setAttribute(name, before.getAttribute(name));
    }
  }
  before.replaceWith(seat);
  if (focused) {
    seat.focus({ preventScroll: true });
  }
}

// A zone that was empty so far.
export function placeZone(empty, text) {
  const drawn = document.createElement("template");
  drawn.innerHTML = text;
  const zone = drawn.content.querySelector(".zone");
  if (!zone) {
    return;
  }
  empty.replaceWith(zone);
  if (early.size || selected.size) {
    for (const seat of zone.querySelectorAll(".seat")) {
      if (selected.has(idOf(seat))) {
        mark(idOf(seat), true);
      }
      if (early.has(seat.id)) {
        replace(seat, early.get(seat.id));
        early.delete(seat.id);
      }
    }
  }
}

function showRow(seat) {
  const row = document.getElementById(`row-${idOf(seat)}`);
  if (!row) {
    return;
  }
  row.querySelector("[data-word]").textContent = words[stateOf(seat)];
  row.querySelector("[data-also]").hidden = !(blocked(seat) && stateOf(seat) !== "blocked");
  row.querySelector("[data-reason]").textContent = seat.dataset.why ?? "";
  const [block, free] = ["block", "free"].map((name) => row.querySelector(`button[name="${name}"]`));
  if (block && free) {
    const inside = row.contains(document.activeElement);
    block.hidden = blocked(seat);
    free.hidden = !blocked(seat);
    if (inside && document.activeElement?.hidden !== false) {
      (block.hidden ? free : block).focus({ preventScroll: true });
    }
  }
}
