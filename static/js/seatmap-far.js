// A large hall seen from afar: its seats on one canvas instead of tens of thousands of shapes. The seats themselves stay
// where they are, unseen: what they are, what one does with them and how they are chosen is the same as ever.

import { pointOf } from "./seatmap-seats.js";

const REACH = 10;
const HALF = 12;
const NEAR = 11;
const SETTLED = 150;
const SOON = 30;

export function paintFar(map, hall) {
  const canvas = document.createElement("canvas");
  canvas.className = "far-seats";
  canvas.setAttribute("aria-hidden", "true");
  const paper = canvas.getContext("2d");
  // What lies beneath the seats lies beneath the canvas.
  const ground = hall.cloneNode(false);
  ground.setAttribute("class", "beneath");
  ground.setAttribute("aria-hidden", "true");
  ground.append(...hall.querySelectorAll(":scope > .ground"));
  hall.before(ground, canvas);
  map.classList.add("far");

  const zones = new Map();
  const stamps = new Map();
  const fresh = new Set();
  let stampScale = 0;
  let drawn = null;
  let asked = 0;
  let settling = 0;

  function read(zone) {
    const seats = [...zone.querySelectorAll(".seat")].map((seat) => {
      const [x, y] = pointOf(seat);
      return { seat, x, y, look: seat.getAttribute("class") };
    });
    const [xs, ys] = [seats.map(({ x }) => x), seats.map(({ y }) => y)];
    const edge = (of, list, by) => list.reduce((a, b) => of(a, b), -by * Infinity) + by * HALF;
    return { seats, left: edge(Math.min, xs, -1), top: edge(Math.min, ys, -1), right: edge(Math.max, xs, 1), bottom: edge(Math.max, ys, 1) };
  }

  function known(zone) {
    const found = zones.get(zone) ?? read(zone);
    zones.set(zone, found);
    return found;
  }

  // One picture a look, from the very shapes and styles that the seat has.
  function stamp(seat, look, scale) {
    const found = stamps.get(look);
    if (found) {
      return found;
    }
    const picture = document.createElement("canvas");
    picture.width = picture.height = Math.ceil(2 * HALF * scale);
    const pen = picture.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, picture.width / 2, picture.height / 2);
    for (const shape of seat.localName === "g" ? seat.children : [seat]) {
      const style = getComputedStyle(shape);
      const path = new Path2D();
      if (shape.localName === "circle") {
        path.arc(0, 0, Number(shape.getAttribute("r")), 0, 2 * Math.PI);
      } else {
        path.addPath(new Path2D(shape.getAttribute("d").replace(/^M\S+ [^m]+/, "M0 0")));
      }
      if (style.fill !== "none") {
        pen.fillStyle = style.fill;
        pen.fill(path);
      }
      if (style.stroke !== "none") {
        pen.strokeStyle = style.stroke;
        pen.lineWidth = Number.parseFloat(style.strokeWidth);
        pen.lineCap = style.strokeLinecap;
        pen.stroke(path);
      }
    }
    stamps.set(look, picture);
    return picture;
  }

  // How the hall lies on the canvas: its scale, and where its origin is.
  function lie() {
    const [box, matrix] = [map.getBoundingClientRect(), hall.getScreenCTM()];
    return { scale: matrix.a, left: matrix.e - box.left - map.clientLeft, top: matrix.f - box.top - map.clientTop };
  }

  function draw() {
    asked = clearTimeout(asked);
    const dots = window.devicePixelRatio;
    const [width, height] = [map.clientWidth * dots, map.clientHeight * dots].map(Math.round);
    if (canvas.width !== width || canvas.height !== height) {
      [canvas.width, canvas.height] = [width, height];
    }
    drawn = lie();
    canvas.style.transform = "";
    const scale = drawn.scale * dots;
    if (scale !== stampScale) {
      stamps.clear();
      stampScale = scale;
    }
    paper.clearRect(0, 0, width, height);
    fresh.clear();
    hall.querySelectorAll(".zone:not(.near)").forEach(drawZone);
  }

  function drawZone(zone) {
    const { seats, ...edges } = known(zone);
    const dots = window.devicePixelRatio;
    const [scale, left, top] = [drawn.scale * dots, drawn.left * dots, drawn.top * dots];
    if (edges.right * scale + left < 0 || edges.left * scale + left > canvas.width || edges.bottom * scale + top < 0 || edges.top * scale + top > canvas.height) {
      return;
    }
    for (const { seat, x, y, look } of seats) {
      const picture = stamp(seat, look, scale);
      paper.drawImage(picture, x * scale + left - picture.width / 2, y * scale + top - picture.height / 2);
    }
  }

  // A zone that comes is drawn beside those that are there.
  function drawFresh() {
    if (drawn && !asked) {
      fresh.forEach(drawZone);
    } else {
      soon();
    }
    fresh.clear();
  }

  function soon(wait = 0) {
    asked ||= setTimeout(draw, wait);
  }

  // Close by, the zones in view are shapes again.
  function settle() {
    const [box, matrix] = [map.getBoundingClientRect(), hall.getScreenCTM()];
    for (const zone of hall.querySelectorAll(".zone")) {
      const { left, top, right, bottom } = known(zone);
      const [from, to] = [new DOMPoint(left, top), new DOMPoint(right, bottom)].map((point) => point.matrixTransform(matrix));
      const near = matrix.a * 14 >= NEAR && to.x > box.left && from.x < box.right && to.y > box.top && from.y < box.bottom;
      zone.classList.toggle("near", near);
    }
    draw();
  }

  // While it moves, what was drawn moves along; it is drawn anew now and then, and when it stands still.
  function moved() {
    ground.style.transform = hall.style.transform;
    if (drawn) {
      const now = lie();
      const larger = now.scale / drawn.scale;
      canvas.style.transform = `translate(${now.left - drawn.left * larger}px, ${now.top - drawn.top * larger}px) scale(${larger})`;
    }
    soon(SETTLED);
    clearTimeout(settling);
    settling = setTimeout(settle, SETTLED);
  }

  function seatAt(clientX, clientY) {
    const at = new DOMPoint(clientX, clientY).matrixTransform(hall.getScreenCTM().inverse());
    let best = null;
    let least = REACH;
    for (const [zone, part] of zones) {
      if (!zone.classList.contains("near") && at.x > part.left && at.x < part.right && at.y > part.top && at.y < part.bottom) {
        for (const one of part.seats) {
          const far = Math.hypot(one.x - at.x, one.y - at.y);
          if (far < least) {
            [best, least] = [one.seat, far];
          }
        }
      }
    }
    return best;
  }

  new MutationObserver((changes) => {
    let changed = false;
    for (const { target, addedNodes } of changes) {
      if (target === hall) {
        [...addedNodes].filter((node) => node.matches?.(".zone")).forEach((zone) => fresh.add(zone));
      } else if (zones.delete(target)) {
        changed = true;
      }
    }
    if (fresh.size) {
      [...zones.keys()].filter((zone) => !zone.isConnected).forEach((zone) => zones.delete(zone));
      drawFresh();
    }
    if (changed) {
      soon(SOON);
    }
  }).observe(hall, { childList: true, subtree: true });

  const recolour = () => {
    stamps.clear();
    soon();
  };
  new MutationObserver(recolour).observe(document.documentElement, { attributes: true });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
  new ResizeObserver(moved).observe(map);
  soon();
  return { moved, seatAt };
}
