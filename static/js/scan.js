// Scanning without waiting: each code is sent in its turn, the field is free at once, and each result is heard and seen.

const form = document.getElementById("scan-form");
const field = document.getElementById("scan-code");
const waiting = document.getElementById("scan-waiting");
const sound = document.getElementById("scan-sound");
const RETRY = 3000;

// What is sent comes from the queue: the field is empty by then, and must not be called wrong for it.
form.noValidate = true;

const queue = [];
let working = false;

// ------------------------------------------------------------------ sending

function showWaiting(stuck) {
  waiting.hidden = !stuck;
  if (stuck) {
    waiting.textContent = form.dataset.waitingText.replace("{n}", queue.length.toLocaleString(document.documentElement.lang));
  }
}

// Whether a scan is done with (recorded, or refused for good), is to be tried again, or cannot be sent from this page.
async function send(entry) {
  let status = 0;
  const note = (event) => {
    status = event.detail.xhr?.status ?? 0;
  };
  form.addEventListener("htmx:afterRequest", note, { once: true });
  try {
    const target = document.getElementById("scan-live");
    await window.htmx.ajax("POST", form.action, { source: form, target, swap: "outerHTML", values: entry });
  } catch {
    // No network: the status says so.
  }
  form.removeEventListener("htmx:afterRequest", note);
  if ([200, 403, 422].includes(status)) {
    return "done";
  }
  return status === 0 || status === 429 || status >= 500 ? "later" : "never";
}

async function work() {
  if (working) {
    return;
  }
  working = true;
  while (queue.length) {
    const outcome = await send(queue[0]);
    if (outcome === "done") {
      queue.shift();
      showWaiting(false);
      continue;
    }
    // The code stays first in the queue: nothing that was scanned is lost while the network or the sign-in is away.
    showWaiting(true);
    if (outcome === "never") {
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY));
  }
  working = false;
}

export function scan(code) {
  const trimmed = code.trim();
  if (trimmed) {
    awake();
    queue.push({ code: trimmed, scanned: new Date().toISOString() });
    work();
  }
}

window.addEventListener("beforeunload", (event) => {
  if (queue.length) {
    event.preventDefault();
  }
});

// What a hand-held scanner types belongs into the field, wherever the focus went.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.requestConfig?.parameters?.of_last) {
    field.focus({ preventScroll: true });
  }
});

// ----------------------------------------------------------------- feedback

const TONES = { done: [[880, 0.12]], waiting: [[660, 0.09], [660, 0.09]], refused: [[220, 0.4]] };
const SHAKES = { done: [60], waiting: [60, 60, 60], refused: [250] };
let audio = null;

function awake() {
  if (quiet()) {
    return;
  }
  // Browsers let a page sound only after somebody touched it: the scan itself is that touch.
  audio ??= new AudioContext();
  audio.resume();
}

function quiet() {
  return sound.getAttribute("aria-pressed") !== "true";
}

function play(kind) {
  navigator.vibrate?.(SHAKES[kind] ?? []);
  if (quiet() || !audio) {
    return;
  }
  let at = audio.currentTime;
  for (const [pitch, lasts] of TONES[kind] ?? []) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.2, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + lasts);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + lasts);
    at += lasts + 0.06;
  }
}

document.addEventListener("htmx:afterSwap", (event) => {
  const kind = document.getElementById("scan-live")?.dataset.result;
  if (kind && event.detail.target?.id === "scan-live") {
    play(kind);
  }
});

function remembered() {
  try {
    return localStorage.getItem("scan-sound");
  } catch {
    return null;
  }
}

sound.setAttribute("aria-pressed", String(remembered() !== "off"));
sound.addEventListener("click", () => {
  const on = quiet();
  sound.setAttribute("aria-pressed", String(on));
  try {
    localStorage.setItem("scan-sound", on ? "on" : "off");
  } catch {
    // No storage: it holds for this page.
  }
  field.focus();
});

// The form's submits come from scan-early.js, also those from before this was loaded.
window.scanning.take = scan;
window.scanning.early.splice(0).forEach(scan);
