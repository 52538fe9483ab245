"""A phone's camera sees a badge: the code is read on the phone, by a program of this server, and recorded once."""

from pathlib import Path

import pytest
import segno
from playwright.sync_api import Browser, Request, expect

from tests.journeys.conftest import PHONE, Site

WIDE, HIGH = 640, 480


def film(path: Path, text: str) -> None:
    """A film of one still picture, a QR code on white, in the form that Chromium takes for a camera."""
    matrix = [list(row) for row in segno.make_qr(text, error="m").matrix_iter(scale=6, border=4)]
    left, top = (WIDE - len(matrix[0])) // 2, (HIGH - len(matrix)) // 2
    light = bytearray(b"\xeb" * (WIDE * HIGH))
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                light[(top + y) * WIDE + left + x] = 16
    frame = b"FRAME\n" + bytes(light) + b"\x80" * (WIDE * HIGH // 2)
    path.write_bytes(f"YUV4MPEG2 W{WIDE} H{HIGH} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 10)


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_the_camera_reads_a_badge(browser: Browser, chromium_path: str, site: Site, tmp_path: Path) -> None:
    gate = f"{site.url}/pretixdroid/api/bigevents/sampleconf/search/?key={site.facts.device_key}&query=tariq"
    film(tmp_path / "badge.y4m", "no ticket of this fair")
    seeing = browser.browser_type.launch(
        executable_path=chromium_path,
        args=[
            *("--no-sandbox", "--disable-gpu", "--use-fake-ui-for-media-stream"),
            *("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={tmp_path / 'badge.y4m'}"),
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ],
    )
    elsewhere: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((site.url, "data:", "blob:")):
            elsewhere.append(request.url)

    try:
        page = seeing.new_context(viewport=PHONE, base_url=site.url, permissions=["camera"]).new_page()
        page.on("request", note)
        found = page.request.get(gate).json()["results"]
        film(tmp_path / "badge.y4m", found[0]["secret"])
        page.goto("/e/")
        page.locator("button[name=locale][value=en]").first.click()
        page.goto(f"/e/{site.facts.lead_scanning_access_code}")
        page.get_by_role("main").get_by_role("button").first.click()
        page.get_by_role("button", name="Camera").click()
        expect(page.locator("#scan-live .scan-result")).to_be_visible(timeout=30_000)
        expect(page.locator("#scan-live")).to_have_attribute("data-result", "done")
        expect(page.locator(".scan-list li")).to_have_count(1)
        page.wait_for_timeout(500)
        page.get_by_role("button", name="Camera").click()
        expect(page.locator("#scan-video")).to_be_hidden()
        expect(page.locator("#scan-live")).to_have_attribute("data-result", "done")
    finally:
        seeing.close()
    assert elsewhere == []
