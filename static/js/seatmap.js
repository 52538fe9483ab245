// The map of seats: clicks, keys and the selection. What a seat is comes from the server, drawn; here is what one does.

import { watchView } from "./seatmap-view.js";

const map = document.getElementById("map");
const ask = document.getElementById("ask");
const svgName = "http://www.w3.org/2000/svg";

const hall = map?.querySelector(".hall");
const line = document.getElementById("seat-line");
const form = document.getElementById("selection");
const selected = new Set();
const undoable = [];
let last = null;

const seatOf = (node) => node?.closest?.(".hall .seat");
const idOf = (seat) => seat.id.slice(5);
const seatById = (id) => document.getElementById(`seat-${id}`);
const allSeats = () => [...hall.querySelectorAll(".seat")];
const held = (seat) => ["sold", "cart", "voucher"].includes(seat.dataset.state);
const blocked = (seat) => seat.dataset.blocked !== undefined;
const withDate = (values) => (map.dataset.subevent ? { ...values, subevent: map.dataset.subevent } : values);

// ------------------------------------------------------------- reading

function tell(seat) {
  line.textContent = seat ? [seat.getAttribute("aria-label"), seat.dataset.who].filter(Boolean).join(" · ") : line.dataset.idle;
}

// ------------------------------------------------------------ changing

function post(url, values) {
  window.htmx.ajax("POST", url, { source: map, target: map, swap: "none", values: withDate(values) });
}

function change(seats, block) {
  const ids = seats.map(idOf).join(",");
  if (ids) {
    post(map.dataset.change, { [block ? "block" : "free"]: "marked", ids });
  }
}

function undo() {
  const change = undoable.pop();
  if (change) {
    post(map.dataset.undo, { change });
  }
}

function details(seat) {
  window.htmx.ajax("GET", `${map.dataset.seats}${idOf(seat)}`, { source: map, target: ask, swap: "innerHTML", values: withDate({}) });
}

function press(seat) {
  if (!map.dataset.may || held(seat)) {
    details(seat);
  } else {
    change([seat], !blocked(seat));
  }
}

// ----------------------------------------------------------- selection

function ring(seat, on) {
  seat.classList.toggle("selected", on);
  seat.querySelector(".second")?.remove();
  if (map.dataset.may) {
    seat.setAttribute("aria-pressed", String(on));
  }
  if (on) {
    const second = document.createElementNS(svgName, "circle");
    second.setAttribute("class", "second");
    second.setAttribute("r", "9.7");
    seat.prepend(second);
  }
}

function choose(seats, on = true) {
  if (!form) {
    return;
  }
  for (const seat of seats) {
    if (on) {
      selected.add(idOf(seat));
    } else {
      selected.delete(idOf(seat));
    }
    ring(seat, on);
  }
  showSelection();
}

function chooseNothing() {
  if (!form) {
    return;
  }
  for (const id of selected) {
    const seat = seatById(id);
    if (seat) {
      ring(seat, false);
    }
  }
  selected.clear();
  showSelection();
}

function words(name) {
  const count = selected.size.toLocaleString(document.documentElement.lang);
  return selected.size === 1 ? map.dataset[`${name}One`] : map.dataset[`${name}Text`].replace("{n}", count);
}

function showSelection() {
  form.hidden = selected.size === 0;
  form.elements.ids.value = [...selected].join(",");
  document.getElementById("selected-count").textContent = words("select");
  for (const name of ["block", "free"]) {
    form.querySelector(`button[name="${name}"] [data-label-text]`).textContent = words(name);
  }
}

const sameZone = (seat) => [...seat.parentElement.querySelectorAll(".seat")];
const sameRow = (seat) => sameZone(seat).filter((other) => other.dataset.row === seat.dataset.row);

function range(from, to) {
  const row = sameRow(to);
  const [a, b] = [row.indexOf(from), row.indexOf(to)];
  return a < 0 ? [to] : row.slice(Math.min(a, b), Math.max(a, b) + 1);
}

// -------------------------------------------------------------- walking

function centre(seat) {
  const { x, y, width, height } = seat.getBoundingClientRect();
  return [x + width / 2, y + height / 2];
}

function neighbour(seat, key) {
  const [x, y] = centre(seat);
  const along = key === "ArrowLeft" || key === "ArrowRight" ? 0 : 1;
  const sign = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
  let best = null;
  let least = Infinity;
  for (const other of allSeats()) {
    const at = centre(other);
    const ahead = sign * (at[along] - [x, y][along]);
    const aside = Math.abs(at[1 - along] - [x, y][1 - along]);
    if (other !== seat && ahead > 0.5 && aside <= ahead * 2 && ahead + 2 * aside < least) {
      best = other;
      least = ahead + 2 * aside;
    }
  }
  return best;
}

function walk(seat) {
  if (!seat) {
    return;
  }
  for (const other of hall.querySelectorAll('.seat[tabindex="0"]')) {
    if (other.parentElement === seat.parentElement) {
      other.setAttribute("tabindex", "-1");
    }
  }
  seat.setAttribute("tabindex", "0");
  seat.focus({ preventScroll: true });
}

function onKey(event) {
  const seat = seatOf(event.target);
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "z" && !event.target.closest("input, textarea, select")) {
    undo();
  } else if (!seat) {
    return;
  } else if (key.startsWith("Arrow")) {
    const next = neighbour(seat, key);
    if (event.shiftKey && next) {
      choose([seat, next]);
    }
    walk(next);
  } else if (key === " ") {
    choose([seat], !selected.has(idOf(seat)));
    last = seat.id;
  } else if (key === "Enter") {
    press(seat);
  } else if (key === "i") {
    details(seat);
  } else if ((key === "b" || key === "u") && map.dataset.may) {
    if (selected.size) {
      post(map.dataset.change, { [key === "b" ? "block" : "free"]: "marked", ids: [...selected].join(",") });
    } else {
      change([seat], key === "b");
    }
  } else if (key === "Escape") {
    chooseNothing();
  } else {
    return;
  }
  event.preventDefault();
}

// ------------------------------------------------- what the server drew anew

// New seats come in a template, so that htmx does not look at thousands of them; they take their places here.
function takeOver() {
  const fresh = document.getElementById("fresh")?.content;
  if (!fresh?.firstElementChild) {
    return;
  }
  const drawn = new Map(allSeats().map((seat) => [seat.id, seat]));
  for (const zone of fresh.querySelectorAll(".zone")) {
    document.getElementById(zone.id)?.replaceWith(zone);
    zone.querySelectorAll(".seat").forEach((seat) => selected.has(idOf(seat)) && ring(seat, true));
  }
  for (const seat of fresh.querySelectorAll(".seat")) {
    const before = drawn.get(seat.id);
    if (before && !same(before, seat)) {
      const focused = document.activeElement === before;
      for (const name of ["transform", "tabindex"]) {
        seat.setAttribute(name, before.getAttribute(name));
      }
      before.replaceWith(seat);
      if (selected.has(idOf(seat))) {
        ring(seat, true);
      }
      if (focused) {
        seat.focus({ preventScroll: true });
      }
    }
    showRow(seat);
  }
  fresh.replaceChildren();
}

const same = (one, other) =>
  ["aria-label", "data-state", "data-blocked", "data-who"].every((name) => one.getAttribute(name) === other.getAttribute(name));

function showRow(seat) {
  const row = document.getElementById(`row-${idOf(seat)}`);
  if (!row) {
    return;
  }
  row.querySelector("[data-word]").textContent = seat.dataset.word;
  row.querySelector("[data-also]").hidden = !(blocked(seat) && seat.dataset.state !== "blocked");
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

function start() {
  const view = watchView(map, {
    seatOf,
    press: (seat, event) => {
      if (event.shiftKey && map.dataset.may) {
        choose(range(last ? document.getElementById(last) : seat, seat));
      } else if ((event.ctrlKey || event.metaKey) && map.dataset.may) {
        choose([seat], !selected.has(idOf(seat)));
      } else {
        press(seat);
      }
      last = seat.id;
      walk(seat);
    },
    chooseInside: (seats) => choose(seats),
    mayChoose: Boolean(form),
  });
  document.addEventListener("keydown", onKey);
  // Clicks without a pointer come from screen readers.
  hall.addEventListener("click", (event) => event.detail === 0 && seatOf(event.target) && press(seatOf(event.target)));
  for (const name of ["pointerover", "focusin"]) {
    hall.addEventListener(name, (event) => seatOf(event.target) && tell(seatOf(event.target)));
  }
  hall.addEventListener("pointerleave", () => tell(seatOf(document.activeElement)));
  document.addEventListener("htmx:oobAfterSwap", takeOver);
  document.addEventListener("htmx:afterSettle", () => {
    takeOver();
    if (ask.querySelector("article") && !ask.open) {
      ask.showModal();
    }
  });
  document.addEventListener("seats-changed", ({ detail }) => {
    if (!detail.undoes) {
      undoable.push(detail.change);
    }
    ask.close();
    if (form) {
      chooseNothing();
      form.elements.reason.value = "";
    }
  });
  ask.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) {
      event.preventDefault();
      ask.close();
    }
  });
  ask.addEventListener("close", () => ask.replaceChildren());
  form?.querySelector("[data-row-all]").addEventListener("click", () => choose([...selected].map(seatById).filter(Boolean).flatMap(sameRow)));
  form?.querySelector("[data-zone-all]").addEventListener("click", () => choose([...new Set([...selected].map(seatById).filter(Boolean).map((seat) => seat.parentElement))].flatMap((zone) => [...zone.querySelectorAll(".seat")])));
  form?.querySelector("[data-select-none]").addEventListener("click", chooseNothing);
  document.querySelector("[data-select-found]")?.addEventListener("click", async (event) => {
    const filter = event.target.closest("form");
    const answer = await fetch(`${filter.dataset.ids}?${new URLSearchParams(new FormData(filter))}`);
    if (answer.ok) {
      chooseNothing();
      for (const id of await answer.json()) {
        selected.add(String(id));
        const seat = seatById(id);
        if (seat) {
          ring(seat, true);
        }
      }
      showSelection();
      map.scrollIntoView({ block: "nearest" });
    }
  });
  view.load();
}

if (map) {
  start();
}
