// Messages that float: from answers (swapped into #toasts), from the HX-Trigger event "toast", from other modules
// (the event "portal:toast"). A detail is {message, kind?, undo?: {url, values?, target?, swap?, label?}}.

const region = document.getElementById("toasts");
const template = document.getElementById("toast-template");
const SHORT = 5000;
const WITH_UNDO = 10000;
const MOST = 3;

function build({ message, kind = "done", undo }) {
  const drawn = template.content.querySelector(`.toast.${CSS.escape(kind)}`) ?? template.content.querySelector(".toast");
  const toast = drawn.cloneNode(true);
  toast.querySelector(".toast-text").textContent = message;
  if (undo) {
    const button = template.content.querySelector("[data-toast-undo]").cloneNode(true);
    if (undo.label) {
      button.querySelector("[data-label-text]").textContent = undo.label;
    }
    button.addEventListener("click", () => {
      window.htmx.ajax("POST", undo.url, {
        source: region,
        target: undo.target ?? region,
        swap: undo.swap ?? (undo.target ? "outerHTML" : "beforeend"),
        values: undo.values ?? {},
      });
      toast.remove();
    });
    toast.querySelector("[data-toast-close]").before(button);
  }
  return toast;
}

function watch(toast) {
  if (toast.dataset.watched) {
    return;
  }
  toast.dataset.watched = "yes";
  toast.querySelector("[data-toast-close]")?.addEventListener("click", () => toast.remove());
  if (toast.hasAttribute("data-toast-stays") || toast.classList.contains("refused")) {
    return;
  }
  const lasts = toast.querySelector("form, [data-toast-undo]") ? WITH_UNDO : SHORT;
  let timer;
  const start = () => {
    timer = setTimeout(() => toast.remove(), lasts);
  };
  // Time stands still while someone reads or reaches for it.
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusin", () => clearTimeout(timer));
  toast.addEventListener("focusout", start);
  start();
}

function show(detail) {
  if (!detail?.message) {
    return;
  }
  // The same words once: twenty failed requests are one message.
  for (const shown of region.querySelectorAll(".toast")) {
    if (!detail.undo && shown.querySelector(".toast-text").textContent === detail.message) {
      shown.remove();
    }
  }
  region.append(build(detail));
}

new MutationObserver(() => {
  const shown = [...region.querySelectorAll(".toast")];
  shown.slice(0, -MOST).forEach((toast) => toast.remove());
  shown.forEach(watch);
}).observe(region, { childList: true });

document.addEventListener("portal:toast", (event) => show(event.detail));
document.addEventListener("toast", (event) => {
  const { value, ...detail } = event.detail ?? {};
  show(typeof value === "string" ? { message: value } : detail);
});
