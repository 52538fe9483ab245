// The map of seats: clicks, keys and the selection. What a seat is comes from the server, drawn; here is what one does.

import { allSeats, blocked, held, idOf, mark, pointOf, sameRow, sameZone, seatById, seatOf, selected, takeOver } from "./seatmap-seats.js";
import { watchView } from "./seatmap-view.js";

const map = document.getElementById("map");
const ask = document.getElementById("ask");
const hall = map?.querySelector(".hall");
const line = document.getElementById("seat-line");
const form = document.getElementById("selection");
const undoable = [];
let view = null;
let last = null;
// A change by the selection's form hides the button that had the focus: it goes back to a seat that was chosen.
let focusNext = null;

const withDate = (values) => (map.dataset.subevent ? { ...values, subevent: map.dataset.subevent } : values);

// ------------------------------------------------------------- reading

function tell(seat) {
  line.textContent = seat ? [seat.getAttribute("aria-label"), seat.dataset.why, seat.dataset.who].filter(Boolean).join(" · ") : line.dataset.idle;
}

// ------------------------------------------------------------ changing

function post(url, values) {
  window.htmx.ajax("POST", url, { source: map, target: map, swap: "none", values: withDate(values) });
}

function change(ids, block) {
  post(map.dataset.change, { [block ? "block" : "free"]: "marked", ids: ids.join(",") });
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
    change([idOf(seat)], !blocked(seat));
  }
}

// ----------------------------------------------------------- selection

function choose(ids, on = true) {
  if (form) {
    ids.forEach((id) => mark(id, on));
    showSelection();
  }
}

const chooseSeats = (seats, on) => choose(seats.map(idOf), on);
const chooseNothing = () => choose([...selected.keys()], false);
const chosenSeats = () => [...selected.keys()].map(seatById).filter(Boolean);

function words(name) {
  const count = selected.size.toLocaleString(document.documentElement.lang);
  return selected.size === 1 ? map.dataset[`${name}One`] : map.dataset[`${name}Text`].replace("{n}", count);
}

function showSelection() {
  form.hidden = selected.size === 0;
  form.elements.ids.value = [...selected.keys()].join(",");
  document.getElementById("selected-count").textContent = words("select");
  for (const name of ["block", "free"]) {
    form.querySelector(`button[name="${name}"] [data-label-text]`).textContent = words(name);
  }
}

function range(from, to) {
  const row = sameRow(to);
  const [a, b] = [row.indexOf(from), row.indexOf(to)];
  return a < 0 ? [to] : row.slice(Math.min(a, b), Math.max(a, b) + 1);
}

// One list of each kind, however many of its seats were chosen.
function widen(group, key) {
  const groups = new Map(chosenSeats().map((seat) => [key(seat), seat]));
  chooseSeats([...groups.values()].flatMap(group));
}

async function chooseFound(event) {
  const filter = event.target.closest("form");
  const answer = await fetch(`${filter.dataset.ids}?${new URLSearchParams(new FormData(filter))}`);
  if (answer.ok) {
    chooseNothing();
    choose((await answer.json()).map(String));
    map.scrollIntoView({ block: "nearest" });
  }
}

// -------------------------------------------------------------- walking

function neighbour(seat, key) {
  const here = pointOf(seat);
  const along = key === "ArrowLeft" || key === "ArrowRight" ? 0 : 1;
  const sign = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
  let best = null;
  let least = Infinity;
  for (const other of allSeats()) {
    const at = pointOf(other);
    const ahead = sign * (at[along] - here[along]);
    const aside = Math.abs(at[1 - along] - here[1 - along]);
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
  seat.closest(".zone").querySelector('.seat[tabindex="0"]')?.setAttribute("tabindex", "-1");
  seat.setAttribute("tabindex", "0");
  seat.focus({ preventScroll: true });
  view.reveal(seat);
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
      chooseSeats([seat, next]);
    }
    walk(next);
  } else if (key === " ") {
    chooseSeats([seat], !selected.has(idOf(seat)));
    last = seat.id;
  } else if (key === "Enter") {
    press(seat);
  } else if (key === "i") {
    details(seat);
  } else if ((key === "b" || key === "u") && map.dataset.may) {
    change(selected.size ? [...selected.keys()] : [idOf(seat)], key === "b");
  } else if (key === "Escape") {
    chooseNothing();
  } else {
    return;
  }
  event.preventDefault();
}

// ---------------------------------------------------------------- start

function pressed(seat, event) {
  if (event.shiftKey && map.dataset.may) {
    chooseSeats(range(last ? document.getElementById(last) : seat, seat));
  } else if ((event.ctrlKey || event.metaKey) && map.dataset.may) {
    chooseSeats([seat], !selected.has(idOf(seat)));
  } else {
    press(seat);
  }
  last = seat.id;
  walk(seat);
}

function onAnswers() {
  document.addEventListener("htmx:oobAfterSwap", takeOver);
  document.addEventListener("htmx:afterSettle", () => {
    takeOver();
    if (focusNext) {
      document.getElementById(focusNext)?.focus({ preventScroll: true });
      focusNext = null;
    }
    if (seatOf(document.activeElement)) {
      tell(seatOf(document.activeElement));
    }
    if (ask.querySelector("article") && !ask.open) {
      ask.showModal();
    }
  });
  document.addEventListener("seats-changed", ({ detail }) => {
    if (!detail.undoes) {
      undoable.push(detail.change);
    }
    if (selected.size && [form, ask].some((place) => place?.contains(document.activeElement))) {
      focusNext = (chosenSeats().find((seat) => seat.id === last) ?? chosenSeats()[0])?.id;
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
}

function start() {
  view = watchView(map, { seatOf, press: pressed, chooseInside: (seats) => chooseSeats(seats), mayChoose: Boolean(form) });
  document.addEventListener("keydown", onKey);
  // Clicks without a pointer come from screen readers.
  hall.addEventListener("click", (event) => event.detail === 0 && seatOf(event.target) && press(seatOf(event.target)));
  hall.addEventListener("focusin", (event) => seatOf(event.target) && tell(seatOf(event.target)));
  hall.addEventListener(map.dataset.far ? "pointermove" : "pointerover", (event) => {
    const seat = view.seatUnder(event);
    hall.classList.toggle("at-seat", Boolean(seat));
    if (seat) {
      tell(seat);
    }
  });
  hall.addEventListener("pointerleave", () => tell(seatOf(document.activeElement)));
  onAnswers();
  form?.querySelector("[data-row-all]").addEventListener("click", () => widen(sameRow, (seat) => `${seat.closest(".zone").id} ${seat.dataset.row}`));
  form?.querySelector("[data-zone-all]").addEventListener("click", () => widen(sameZone, (seat) => seat.closest(".zone").id));
  form?.querySelector("[data-select-none]").addEventListener("click", chooseNothing);
  document.querySelector("[data-select-found]")?.addEventListener("click", chooseFound);
}

if (map) {
  start();
}
