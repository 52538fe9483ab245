// What every page needs: request headers, busy buttons, focus, dialogs, menus, copying, selection, theme.

const text = (name) => document.querySelector(`meta[name="text-${name}"]`)?.content ?? "";

// ---------------------------------------------------------------- requests

let running = 0;

function count(change) {
  running = Math.max(0, running + change);
  document.body.toggleAttribute("data-requests", running > 0);
}

document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token && event.detail.verb !== "get") {
    event.detail.headers["X-CSRFToken"] = token;
  }
});

document.addEventListener("htmx:beforeSend", (event) => {
  count(1);
  const source = event.detail.requestConfig?.triggeringEvent?.submitter ?? event.detail.elt;
  busy(source?.closest?.("button"));
});

document.addEventListener("htmx:afterRequest", (event) => {
  count(-1);
  const source = event.detail.requestConfig?.triggeringEvent?.submitter ?? event.detail.elt;
  idle(source?.closest?.("button"));
});

// A refusal that is a message of ours goes to the toasts, wherever its request came from.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status < 400 || xhr.status === 422) {
    return;
  }
  if (xhr.getResponseHeader("HX-Retarget")) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  } else if (xhr.responseText.trimStart().startsWith('<div class="toast')) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
    event.detail.target = document.getElementById("toasts");
    event.detail.swapOverride = "beforeend";
  }
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => say(text("network"), "refused"));
}
document.addEventListener("htmx:responseError", () => say(text("server"), "refused"));

function say(message, kind) {
  document.dispatchEvent(new CustomEvent("portal:toast", { detail: { message, kind } }));
}

// ------------------------------------------------------------ busy buttons

function busy(button) {
  if (!button || button.ariaBusy === "true") {
    return;
  }
  button.style.minWidth = `${button.offsetWidth}px`;
  button.ariaBusy = "true";
  button.dataset.busy = "";
  const label = button.querySelector("[data-label-text]");
  if (label && button.dataset.busyText) {
    button.dataset.idleText = label.textContent;
    label.textContent = button.dataset.busyText;
  }
}

function idle(button) {
  if (button?.dataset.busy === undefined) {
    return;
  }
  button.ariaBusy = null;
  delete button.dataset.busy;
  button.style.minWidth = "";
  const label = button.querySelector("[data-label-text]");
  if (label && button.dataset.idleText !== undefined) {
    label.textContent = button.dataset.idleText;
    delete button.dataset.idleText;
  }
}

document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented && event.target.method === "post" && !event.target.hasAttribute("data-download")) {
    busy(event.submitter);
  }
});

window.addEventListener("pageshow", () => {
  document.querySelectorAll("button[data-busy]").forEach(idle);
});

// ------------------------------------------------------- focus after swaps

document.addEventListener("htmx:afterSettle", (event) => {
  const target = event.detail.elt;
  const wrong = target.querySelector?.('[aria-invalid="true"]');
  if (event.detail.xhr?.status === 422 && wrong) {
    (wrong.matches("fieldset") ? wrong.querySelector("input") : wrong)?.focus();
    return;
  }
  // What somebody types, a scanner for one, must not end up half elsewhere.
  if (document.activeElement?.dataset?.typing) {
    return;
  }
  const wanted = target.querySelector?.("[data-focus]");
  if (wanted) {
    wanted.focus();
  } else if (target.matches?.("[data-focus]")) {
    target.focus();
  }
});

window.addEventListener("DOMContentLoaded", () => document.querySelector('[aria-invalid="true"]')?.focus());

// ----------------------------------------------------- dialogs and menus

const nativeCommands = "commandForElement" in HTMLButtonElement.prototype;

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener && !nativeCommands) {
    document.getElementById(opener.dataset.dialog)?.showModal();
  }
  // A click on the veil closes.
  if (event.target instanceof HTMLDialogElement && event.target.open) {
    event.target.close();
  }
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) {
      menu.open = false;
    }
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") {
    return;
  }
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("input", (event) => {
  const { typed } = event.target.dataset;
  if (typed !== undefined) {
    const same = event.target.value.trim().toLowerCase() === typed.trim().toLowerCase();
    event.target.setCustomValidity(same ? "" : event.target.labels[0]?.textContent ?? typed);
  }
});

// ----------------------------------------------------------------- copying

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) {
    return;
  }
  const source = document.getElementById(button.dataset.copy);
  const value = source?.value ?? source?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(value);
  } catch {
    // Without https there is no clipboard: the value is selected, to copy by hand.
    source?.select?.();
    if (!document.execCommand("copy")) {
      return;
    }
  }
  const label = button.querySelector("[data-label-text]");
  const before = label.textContent;
  button.style.minWidth = `${button.offsetWidth}px`;
  label.textContent = text("copied");
  button.classList.add("copied");
  setTimeout(() => {
    label.textContent = before;
    button.classList.remove("copied");
  }, 1500);
});

document.addEventListener("focusin", (event) => {
  if (event.target.matches?.("input[data-select]")) {
    event.target.select();
  }
});

// -------------------------------------------------------- selecting rows

function recount(form) {
  const boxes = [...form.querySelectorAll('td.select input[name][type="checkbox"]')];
  const chosen = boxes.filter((box) => box.checked).length;
  const all = form.querySelector("[data-select-all]");
  if (all) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  const label = form.querySelector("[data-bulk-count]");
  if (label) {
    label.textContent = label.dataset.bulkCount.replace("{n}", chosen.toLocaleString(document.documentElement.lang));
  }
}

document.addEventListener("change", (event) => {
  const form = event.target.closest?.(".bulk-form");
  if (!form) {
    return;
  }
  if (event.target.matches("[data-select-all]")) {
    for (const box of form.querySelectorAll('td.select input[name][type="checkbox"]')) {
      box.checked = event.target.checked;
    }
  }
  recount(form);
});

// --------------------------------------------------------- seconds to wait

function countDown(label) {
  const until = Date.now() + Number(label.dataset.countdown) * 1000;
  const timer = setInterval(() => {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left <= 0) {
      clearInterval(timer);
      label.textContent = label.dataset.countdownDone;
    } else if (left > 1) {
      label.textContent = label.dataset.countdownText.replace("{n}", left);
    }
  }, 1000);
}

// -------------------------------------------------- what only works with script

function reveal(root) {
  for (const part of root.querySelectorAll("[data-needs-script][hidden]")) {
    part.hidden = false;
  }
  root.querySelectorAll(".bulk-form").forEach(recount);
}

document.addEventListener("htmx:load", (event) => reveal(event.detail.elt.parentElement ?? event.detail.elt));
reveal(document);
document.querySelectorAll("[data-countdown]").forEach(countDown);

// ------------------------------------------------------------------- theme

function chosenTheme() {
  return document.documentElement.dataset.theme ?? "";
}

function showTheme() {
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosenTheme()));
  }
}

for (const group of document.querySelectorAll("[data-themes]")) {
  group.hidden = false;
  group.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-theme-choice]")?.dataset.themeChoice;
    if (choice === undefined) {
      return;
    }
    if (choice) {
      document.documentElement.dataset.theme = choice;
    } else {
      delete document.documentElement.dataset.theme;
    }
    try {
      localStorage.setItem("theme", choice);
    } catch {
      // No storage: it holds for this page.
    }
    showTheme();
  });
}
showTheme();
