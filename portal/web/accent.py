"""The one colour that an event may set: made readable on light and on dark, and served as a style sheet of its own."""

import colorsys
import re
from collections.abc import Callable

from flask import Blueprint, Flask, Response
from flask.typing import ResponseReturnValue

from portal.core.errors import NotFound
from portal.web.access import public

blueprint = Blueprint("accent", __name__)

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
#: What WCAG asks of text, with a little to spare.
CONTRAST = 4.6
_LIGHT, _DARK = ("#f8f7f3", "#eceae3"), ("#121518", "#252a30")
Rgb = tuple[float, float, float]


def _rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(rgb: Rgb) -> str:
    return "#" + "".join(f"{round(255 * min(max(part, 0), 1)):02x}" for part in rgb)


def contrast(one: str, other: str) -> float:
    """The ratio of two colours' luminance (WCAG 2): 1 for the same, 21 for black on white."""

    def luminance(colour: str) -> float:
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _rgb(colour)]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _mixed(one: str, other: str, share: float) -> str:
    pairs = zip(_rgb(one), _rgb(other), strict=True)
    red, green, blue = (a * share + b * (1 - share) for a, b in pairs)
    return _hex((red, green, blue))


def _shifted(colour: str, step: float, good: Callable[[str], bool]) -> str:
    """The colour, lighter or darker by steps until it is good."""
    hue, light, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    while not good(colour) and 0 <= light <= 1:
        light += step
        colour = _hex(colorsys.hls_to_rgb(hue, min(max(light, 0), 1), saturation))
    return colour


def tokens(colour: str, *, dark: bool) -> dict[str, str]:
    """The style sheets' colours that follow from an accent, on paper or in the dark."""
    paper = _DARK if dark else _LIGHT
    share = 0.18 if dark else 0.1

    def readable(candidate: str) -> bool:
        grounds = (*paper, _mixed(candidate, paper[0], share))
        return all(contrast(candidate, ground) >= CONTRAST for ground in grounds)

    accent = _shifted(colour, 0.01 if dark else -0.01, readable)
    strong = _mixed(accent, "#ffffff" if dark else "#000000", 0.65)
    return {
        "--accent": accent,
        "--accent-strong": strong,
        "--accent-tint": _mixed(accent, paper[0], share),
        "--fill": _mixed(accent, paper[0], 0.75),
        "--on-accent": max(("#ffffff", "#06131a"), key=lambda ink: contrast(ink, accent)),
    }


@blueprint.get("/accent/<colour>.css")
@public
def sheet(colour: str) -> ResponseReturnValue:
    """The style sheet of a colour (six hexadecimal digits)."""
    if not COLOUR.fullmatch(f"#{colour}"):
        raise NotFound()
    light, dark = (
        " ".join(f"{name}: {value};" for name, value in tokens(f"#{colour}", dark=dark).items())
        for dark in (False, True)
    )
    css = (
        f":root {{ {light} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root:not([data-theme=light]) {{ {dark} }} }}\n"
        f'@media screen {{ :root[data-theme="dark"] {{ {dark} }} }}\n'
    )
    return Response(css, content_type="text/css; charset=utf-8", headers={"Cache-Control": "public, max-age=31536000"})


def init_app(app: Flask, accent: Callable[[], str | None]) -> None:
    """Serve the style sheets, and tell templates the colour of the event at hand."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals["event_accent"] = accent
