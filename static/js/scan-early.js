// Runs before the page's form is there: what a scanner types before the scanning itself is loaded waits for it, where
// the browser would leave the page, and half of the next code with it.
window.scanning = { take: null, early: [] };

document.addEventListener("submit", (event) => {
  const { take, early } = window.scanning;
  if (event.target.id !== "scan-form" || !early) {
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  const field = event.target.elements.code;
  if (take) {
    take(field.value);
  } else {
    early.push(field.value);
  }
  field.value = "";
  field.focus();
}, { capture: true });

// Where it did not come (an old browser), the form works as without script; what waited is sent first.
window.addEventListener("load", async () => {
  const { take, early } = window.scanning;
  if (take) {
    return;
  }
  window.scanning.early = null;
  const form = document.getElementById("scan-form");
  for (const code of early) {
    const values = new FormData(form);
    values.set("code", code);
    await fetch(form.action, { method: "POST", body: new URLSearchParams(values) });
  }
  if (early.length) {
    location.reload();
  }
});
