// Forms that are written in place: [data-inplace] saves when left or with Ctrl+Enter and gives up with Esc,
// [data-quick] saves with Ctrl+Enter, [data-resets] shows what is saved again where saving failed.

let back = "";

const changed = (form) => [...form.querySelectorAll("textarea")].some((area) => area.value !== area.defaultValue);

function leave(form) {
  form.dataset.left = "yes";
  if (changed(form)) {
    form.requestSubmit(form.querySelector('button[type="submit"]'));
  } else {
    form.querySelector("[data-cancel]").click();
  }
}

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form[data-inplace], form[data-quick]");
  if (!form) {
    return;
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    back = form.id;
    form.requestSubmit(form.querySelector('button[type="submit"]'));
  } else if (event.key === "Escape" && form.matches("[data-inplace]")) {
    event.preventDefault();
    back = form.id;
    form.dataset.left = "yes";
    form.querySelector("[data-cancel]").click();
  }
});

document.addEventListener("focusout", (event) => {
  const form = event.target.closest?.("form[data-inplace]");
  if (!form || form.dataset.left || !document.hasFocus() || form.contains(event.relatedTarget)) {
    return;
  }
  // A click on a button of the form may take the focus nowhere: what it does comes first.
  setTimeout(() => {
    if (form.isConnected && !form.dataset.left && !form.contains(document.activeElement) && !form.querySelector("[aria-busy]")) {
      leave(form);
    }
  }, 150);
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.target.closest?.("form[data-inplace]");
  if (form) {
    form.dataset.left = "yes";
  }
});

// A note on the lead's own page is saved by its button only: who leaves without it is asked.
window.addEventListener("beforeunload", (event) => {
  if ([...document.querySelectorAll("form[data-quick]")].some(changed)) {
    event.preventDefault();
  }
});

// Whoever saved by keyboard goes on where they were.
document.addEventListener("htmx:afterSettle", () => {
  const place = back && document.getElementById(back);
  if (place && (document.activeElement === document.body || document.activeElement === null)) {
    (place.matches("a") ? place : place.querySelector("textarea"))?.focus();
  }
  back = "";
});

for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(name, (event) => {
    const form = event.target.closest?.("form");
    if (form?.matches("[data-resets]")) {
      form.reset();
    } else if (form) {
      delete form.dataset.left;
    }
  });
}
