// The phone's camera as a scanner: the reader is fetched when somebody wants it, from this server, and nothing leaves
// the phone but the code it read.

import { scan } from "./scan.js";

const button = document.getElementById("scan-camera");
const panel = document.getElementById("scan-video");
const video = panel?.querySelector("video");
const canvas = document.createElement("canvas");
const pen = canvas.getContext("2d", { willReadFrequently: true });
const WIDE = 800;
const PAUSE = 120;
const SAME_AGAIN = 4000;

let reader = null;
let stream = null;
let last = { code: "", at: 0 };

if (navigator.mediaDevices?.getUserMedia && button) {
  button.hidden = false;
  button.addEventListener("click", () => (stream ? stop() : start()));
  document.addEventListener("visibilitychange", () => document.hidden && stop());
}

function say(message) {
  document.dispatchEvent(new CustomEvent("portal:toast", { detail: { message, kind: "refused" } }));
}

// The package's own form: a script that gives one name to the page.
function fetched(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", () => resolve(window.ZXingWASM));
    script.addEventListener("error", reject);
    document.head.append(script);
  });
}

async function start() {
  button.ariaBusy = "true";
  try {
    reader ??= await fetched(button.dataset.reader);
    // Without this the reader would look for its program on another host.
    reader.prepareZXingModule({ overrides: { locateFile: () => button.dataset.program } });
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch (error) {
    say(error?.name === "NotFoundError" ? button.dataset.missing : button.dataset.refused);
    return;
  } finally {
    button.ariaBusy = null;
  }
  video.srcObject = stream;
  panel.hidden = false;
  button.setAttribute("aria-pressed", "true");
  await video.play();
  look();
}

function stop() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  video.srcObject = null;
  panel.hidden = true;
  button.setAttribute("aria-pressed", "false");
}

async function look() {
  while (stream) {
    if (video.videoWidth) {
      await read();
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

async function read() {
  const ratio = Math.min(1, WIDE / video.videoWidth);
  canvas.width = Math.round(video.videoWidth * ratio);
  canvas.height = Math.round(video.videoHeight * ratio);
  pen.drawImage(video, 0, 0, canvas.width, canvas.height);
  const picture = pen.getImageData(0, 0, canvas.width, canvas.height);
  let found = [];
  try {
    found = await reader.readBarcodes(picture, { maxNumberOfSymbols: 1, tryHarder: true });
  } catch {
    stop();
    say(button.dataset.refused);
    return;
  }
  const code = found[0]?.text ?? "";
  // A badge stays in front of the camera for a while: it is one scan.
  if (code && (code !== last.code || Date.now() - last.at > SAME_AGAIN)) {
    scan(code);
  }
  if (code) {
    last = { code, at: Date.now() };
  }
}
