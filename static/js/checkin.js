// The gate's console: a hand scanner types and presses Enter, wherever the focus is.

const search = document.querySelector(".console-search input[type=search]");
const gate = document.getElementById("gate");
let pressed = false;
let acted = "";

// What was scanned or typed to its end is checked in at once; a name that somebody looks for is not.
function act() {
  const code = search.value.trim();
  if (!pressed || gate.querySelector(".console-found")?.dataset.q !== code) {
    return;
  }
  pressed = false;
  const form =
    gate.querySelector("form[data-exact]") ??
    (/^[0-9A-Za-z-]{8,}$/.test(code) ? gate.querySelector("form[data-code]") : null);
  if (form) {
    // What was typed to find it would come back later, in place of what the attempt came to.
    acted = code;
    window.htmx.trigger(search, "htmx:abort");
    form.requestSubmit();
  }
}

search?.addEventListener("input", () => {
  search.dataset.typing = "yes";
  if (search.value.trim() !== acted) {
    acted = "";
  }
});
search?.addEventListener("htmx:beforeRequest", (event) => {
  if (acted && search.value.trim() === acted) {
    event.preventDefault();
  }
});
search?.form.addEventListener("submit", (event) => {
  event.preventDefault();
  // The next code takes the place of this one, also where it comes before the answer.
  search.select();
  delete search.dataset.typing;
  pressed = true;
  act();
  // The search that typing began answers soon; where none is under way, one is sent.
  setTimeout(() => pressed && search.dispatchEvent(new Event("search", { bubbles: true })), 400);
});
gate?.addEventListener("htmx:afterSettle", act);

// After an attempt the next scan goes into the search, in place of the last one.
document.addEventListener("keydown", (event) => {
  if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey || event.key === " ") {
    return;
  }
  if (!search || document.querySelector("dialog[open]") || event.target.closest("input, textarea, select")) {
    return;
  }
  search.focus();
  search.select();
});

if (search && matchMedia("(min-width: 900px)").matches) {
  search.focus();
}
