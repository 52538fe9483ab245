"""``python -m bench.map``: how long until a hall of seats can be worked with in a browser, and where that time goes."""

import argparse
import json
import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
from playwright.sync_api import Browser, StorageState, sync_playwright

from bench import data
from bench.__main__ import databases, load_data, served
from bench.rows.seats import MAP
from tests import services

#: Milliseconds in which a hall of this many seats is to be interactive.
GOAL, SEATS = 1500, 10_000
WAIT = 120_000
RESULTS = Path(__file__).parent / "map.json"
DESK = {"width": 1280, "height": 900}

#: Runs in the page before anything else: notes when the last zone in view was drawn, and tasks that hold the thread.
_WATCH = """
window.bench = { long: [], drawn: 0 };
new PerformanceObserver((list) => bench.long.push(...list.getEntries().map((one) => [one.startTime, one.duration])))
  .observe({ type: "longtask", buffered: true });
// Two frames later what was drawn is on the screen; a canvas waits a little before it draws.
bench.shown = async () => {
  await new Promise((done) => setTimeout(done, document.querySelector(".far-seats") ? 40 : 0));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now();
};
const look = () => {
  const map = document.getElementById("map");
  if (map && document.readyState !== "loading" && map.querySelector(".seat") && !waits(map)) {
    bench.shown().then((when) => { bench.drawn = when; });
    return;
  }
  requestAnimationFrame(look);
};
const waits = (map) => {
  const box = map.getBoundingClientRect();
  return [...map.querySelectorAll(".zone[aria-busy]")].some((zone) => {
    const at = zone.getBoundingClientRect();
    return at.right > box.left && at.left < box.right && at.bottom > box.top && at.top < box.bottom;
  });
};
requestAnimationFrame(look);
"""
_READ = """
() => {
  const page = performance.getEntriesByType("navigation")[0];
  const paint = Object.fromEntries(performance.getEntriesByType("paint").map((one) => [one.name, one.startTime]));
  const parts = performance.getEntriesByType("resource");
  const zones = parts.filter((one) => one.name.includes("/zones/"));
  const last = Math.max(0, ...bench.long.map(([start, took]) => (start <= bench.drawn ? start + took : 0)));
  const sum = (list, of) => list.reduce((total, one) => total + of(one), 0);
  return {
    interactive: Math.max(bench.drawn, last),
    page_server: page.responseStart - page.requestStart,
    page_parsed: page.domInteractive,
    first_paint: paint["first-contentful-paint"] ?? 0,
    zones_server: sum(zones, (one) => one.responseStart - one.requestStart),
    zones_arrived: Math.max(page.responseEnd, ...zones.map((one) => one.responseEnd)),
    longest_task: Math.max(0, ...bench.long.map((one) => one[1])),
    requests: 1 + parts.length,
    kilobytes: (page.transferSize + sum(parts, (one) => one.transferSize)) / 1000,
    zone_kilobytes: sum(zones, (one) => one.decodedBodySize) / 1000,
  };
}
"""
#: What the browser's main thread did, by the names of its trace.
_WORK = {
    "script": ("EvaluateScript", "FunctionCall", "v8.compileModule", "v8.evaluateModule", "RunMicrotasks"),
    "parse": ("ParseHTML", "ParseAuthorStyleSheet"),
    "style": ("UpdateLayoutTree",),
    "layout": ("Layout",),
    "paint": ("PrePaint", "Paint", "Layerize", "Commit"),
    "hit test": ("HitTest",),
    "collecting": ("MinorGC", "MajorGC", "BlinkGC.AtomicPhase"),
}


def signed_in(browser: Browser, url: str) -> StorageState:
    """What a browser keeps of an organizer's sign-in."""
    page = browser.new_page(base_url=url)
    page.goto("/login")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password").fill("demo-organizer")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Events", exact=True).wait_for()
    state = page.context.storage_state()
    page.context.close()
    return state


def one(browser: Browser, url: str, state: StorageState, *, traced: bool = False) -> dict[str, float]:
    """The map in a new browser, whose cache is empty: milliseconds from the start of the navigation, and sizes.

    At the end a seat is clicked: how long until it is drawn as blocked.
    """
    context = browser.new_context(base_url=url, storage_state=state, viewport=DESK)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(WAIT)
    page.add_init_script(_WATCH)
    if traced:
        browser.start_tracing(page=page, categories=["devtools.timeline", "v8", "blink"])
    page.goto(MAP, wait_until="commit")
    page.wait_for_function("() => bench.drawn", timeout=WAIT)
    found: dict[str, float] = page.evaluate(_READ)
    if traced:
        return _work(json.loads(browser.stop_tracing()))
    memory = context.new_cdp_session(page)
    memory.send("Performance.enable")
    metrics = {each["name"]: each["value"] for each in memory.send("Performance.getMetrics")["metrics"]}
    found["megabytes"] = metrics["JSHeapUsedSize"] / 1e6
    found["nodes"] = metrics["Nodes"]
    found["click"] = _click(page)
    found["move"] = _move(page)
    context.close()
    return found


def _click(page: Any) -> float:
    """Milliseconds from a click on a free seat until it is drawn as blocked."""
    at = page.evaluate(
        """() => {
          const box = document.getElementById("map").getBoundingClientRect();
          const matrix = document.querySelector(".hall").getScreenCTM();
          const bottom = Math.min(box.bottom, innerHeight);
          const places = [...document.querySelectorAll(".hall .seat.s-free")].map((seat) => [
            seat, new DOMPoint(seat.getAttribute("cx"), seat.getAttribute("cy")).matrixTransform(matrix),
          ]);
          const [seat, at] = places.find(([, at]) => at.x > box.x + 9 && at.y > box.y + 60 && at.y < bottom - 9);
          addEventListener("pointerdown", () => { bench.pressed = performance.now(); }, { capture: true, once: true });
          const look = () => document.getElementById(seat.id).matches(".s-blocked")
            ? bench.shown().then((when) => { bench.blocked = when; })
            : setTimeout(look, 4);
          look();
          return [at.x, at.y];
        }"""
    )
    page.mouse.click(*at)
    page.wait_for_function("() => bench.blocked", timeout=WAIT)
    took: float = page.evaluate("() => bench.blocked - bench.pressed")
    return took


def _move(page: Any) -> float:
    """Milliseconds that a step of zooming takes until it is on the screen: the slowest of some."""
    took: float = page.evaluate(
        """async () => {
          const map = document.getElementById("map");
          const box = map.getBoundingClientRect();
          const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
          let most = 0;
          for (let step = 0; step < 6; step += 1) {
            const start = performance.now();
            const [clientX, clientY] = [box.x + box.width / 2, box.y + box.height / 2];
            map.dispatchEvent(new WheelEvent("wheel", { deltaY: -200, clientX, clientY, cancelable: true }));
            await frame();
            await frame();
            most = Math.max(most, performance.now() - start);
          }
          return most;
        }"""
    )
    return took


def _work(trace: dict[str, Any]) -> dict[str, float]:
    """Milliseconds of the busiest renderer's main thread by kind of work, each without what runs inside it."""
    events = [event for event in trace["traceEvents"] if event.get("ph") == "X" and "dur" in event]
    names = {name: kind for kind, some in _WORK.items() for name in some}
    threads = Counter(
        {
            key: sum(event["dur"] for event in events if (event["pid"], event["tid"]) == key and event["name"] in names)
            for key in {(event["pid"], event["tid"]) for event in events if event["name"] == "ParseHTML"}
        }
    )
    ((main, _),) = threads.most_common(1)
    spent: Counter[str] = Counter()
    open_: list[tuple[float, str]] = []
    for event in sorted(
        (event for event in events if (event["pid"], event["tid"]) == main and event["name"] in names),
        key=lambda event: (event["ts"], -event["dur"]),
    ):
        while open_ and open_[-1][0] <= event["ts"]:
            open_.pop()
        if open_:
            spent[open_[-1][1]] -= event["dur"]
        kind = names[event["name"]]
        spent[kind] += event["dur"]
        open_.append((event["ts"] + event["dur"], kind))
    return {kind: spent[kind] / 1000 for kind in _WORK}


def measure(browser: Browser, url: str, runs: int) -> dict[str, float]:
    """The median of some runs, after one that warms the server, and one run's work by kind."""
    state = signed_in(browser, url)
    one(browser, url, state)
    found = [one(browser, url, state) for _ in range(runs)]
    middle = {name: statistics.median(run[name] for run in found) for name in found[0]}
    middle["interactive_worst"] = max(run["interactive"] for run in found)
    return middle | one(browser, url, state, traced=True)


def main() -> None:
    """Read the arguments, measure halls of each size, print, and keep the results."""
    parser = argparse.ArgumentParser(prog="python -m bench.map", description=__doc__)
    parser.add_argument("--seats", type=int, action="append", help="of the hall; may be given several times")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    arguments = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=services.chromium_binary(), args=["--no-sandbox", "--disable-gpu"]
        )
        for seats in arguments.seats or (SEATS, 60_000):
            with (
                tempfile.TemporaryDirectory(prefix="portal-bench-") as name,
                databases([arguments.database], Path(name)) as urls,
            ):
                folder = Path(name)
                bundle = folder / "bundle.json"
                bundle.write_bytes(orjson.dumps(data.build(seats, seats)))
                environ = {
                    "DATABASE_URL": urls[arguments.database],
                    "INSTANCE_PATH": str(folder / "instance"),
                    "SECRET_KEY": data.SECRET_KEY,
                    "RATELIMIT_ENABLED": "0",
                }
                load_data(environ, bundle)
                with served("wsgi:app", services.free_port(), environ) as url:
                    results[str(seats)] = measure(browser, url, arguments.runs)
        browser.close()
    columns = "".join(f"{int(seats):>10,}" for seats in results)
    print(f"{'milliseconds, or as named':<28}{columns}")
    for name in next(iter(results.values())):
        print(f"{name.replace('_', ' '):<28}" + "".join(f"{each[name]:>10.1f}" for each in results.values()))
    if not arguments.seats and arguments.database == "sqlite":
        kept = {size: {name: round(value, 1) for name, value in each.items()} for size, each in results.items()}
        RESULTS.write_text(json.dumps(kept, indent=2) + "\n")
    took = results.get(str(SEATS), {}).get("interactive", 0)
    sys.exit(0 if took <= GOAL else 1)


if __name__ == "__main__":
    main()
