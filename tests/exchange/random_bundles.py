"""Random bundles that are valid, for properties of loading and dumping."""

from typing import Any

from hypothesis import strategies as st

from portal.events.models import QUESTION_TYPES

Json = dict[str, Any]

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12).filter(str.strip)
ADDRESSES = st.sampled_from(["ada@example.org", "zoë@example.net", "x.y+z@example.com", None])
MONEY = st.integers(0, 10**9).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")
MOMENTS = st.builds(
    lambda day, hour, micro, zone: (
        f"2026-{day // 28 % 12 + 1:02d}-{day % 28 + 1:02d}T{hour:02d}:30:00.{micro:06d}{zone}"
    ),
    st.integers(0, 400),
    st.integers(0, 23),
    st.sampled_from([0, 1, 500000]),
    st.sampled_from(["Z", "+02:00", "-11:00"]),
)
NAMES = st.fixed_dictionaries({"en": WORDS}, optional={"de": WORDS, "de-formal": WORDS})
PARTS: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"_scheme": st.just("full"), "full_name": WORDS}),
    st.fixed_dictionaries({"_scheme": st.just("given_family"), "given_name": WORDS, "family_name": WORDS}),
)
FLAGS = st.booleans()


class _Maker:
    """Draws one event; ids count up over all kinds."""

    def __init__(self, draw: Any, slug: str, number: int) -> None:
        self.draw = draw
        self.slug = slug
        self._last = number

    def next_id(self) -> int:
        self._last += self.draw(st.integers(1, 9))
        return self._last

    def some(self, entries: list[Any]) -> list[Any]:
        return [entry for entry in entries if self.draw(FLAGS)]

    def one(self, entries: list[Any]) -> Any:
        return self.draw(st.sampled_from(entries))

    def maybe(self, entries: list[Any]) -> Any:
        return self.draw(st.sampled_from([None, *entries]))

    def times(self, most: int) -> range:
        return range(self.draw(st.integers(0, most)))

    def event(self) -> Json:
        draw = self.draw
        self.dates = [self.next_id() for _ in self.times(2)]
        self.items = [self._item() for _ in range(draw(st.integers(1, 3)))]
        self.item_ids = [item["id"] for item in self.items]
        self.questions = [self._question(number) for number in self.times(2)]
        self.seats = [self._seat(number) for number in self.times(4)]
        self.vouchers = [self._voucher(number) for number in self.times(3)]
        self.lists = [self._list() for _ in self.times(2)]
        self.tickets: list[str] = []
        tags = draw(st.lists(WORDS, max_size=3, unique=True))
        return {
            "slug": self.slug,
            "name": draw(NAMES),
            "live": draw(FLAGS),
            "locale": draw(st.sampled_from(["en", "de", "de-formal"])),
            "date_from": "2026-01-01T00:00:00Z",
            "date_to": draw(st.sampled_from([None, "2026-02-01T00:00:00+01:00"])),
            "timezone": draw(st.sampled_from(["UTC", "Europe/Berlin"])),
            "has_subevents": bool(self.dates),
            "settings": {"lead_notes": draw(FLAGS), "lead_tags": draw(st.lists(WORDS, max_size=2))},
            "subevents": [{"id": ident, "name": draw(NAMES), "date_from": draw(MOMENTS)} for ident in self.dates],
            "items": self.items,
            "questions": self.questions,
            "seats": self.seats,
            "vouchers": self.vouchers,
            "checkin_lists": self.lists,
            "devices": [self._device(number) for number in self.times(2) if self.lists],
            "orders": [self._order(number) for number in self.times(4)],
            "carts": [self._cart(number) for number in self.times(2)],
            "exhibitor_tags": tags,
            "exhibitors": self._exhibitors(tags),
        }

    def _item(self) -> Json:
        draw = self.draw
        variations = [
            {"id": self.next_id(), "value": draw(NAMES), "default_price": draw(st.none() | MONEY), "position": number}
            for number in self.times(2)
        ]
        return {
            "id": self.next_id(),
            "name": draw(NAMES),
            "default_price": draw(MONEY),
            "admission": draw(FLAGS),
            "position": draw(st.integers(0, 5)),
            "variations": variations,
        }

    def _question(self, number: int) -> Json:
        return {
            "id": self.next_id(),
            "identifier": f"Q{number}",
            "question": self.draw(NAMES),
            "type": self.draw(st.sampled_from(QUESTION_TYPES)),
            "required": self.draw(FLAGS),
            "items": self.some(self.item_ids),
            "options": [
                {"id": self.next_id(), "identifier": f"O{option}", "answer": self.draw(NAMES), "position": option}
                for option in self.times(2)
            ],
        }

    def _seat(self, number: int) -> Json:
        place = st.none() | st.floats(-1000, 1000)
        return {
            "id": self.next_id(),
            "subevent": self.one(self.dates) if self.dates else None,
            "zone_name": self.draw(WORDS),
            "row_label": self.draw(st.none() | WORDS),
            "seat_guid": f"seat-{number}",
            "product": self.maybe(self.item_ids),
            "blocked": self.draw(FLAGS),
            "x": self.draw(place),
            "y": self.draw(place),
        }

    def _place(self) -> Json:
        """A subevent and a seat of it."""
        seat = self.maybe(self.seats)
        if seat is None:
            return {"subevent": self.maybe(self.dates), "seat": None}
        return {"subevent": seat["subevent"], "seat": {"seat_guid": seat["seat_guid"]}}

    def _product(self) -> Json:
        item = self.one(self.items)
        return {"item": item["id"], "variation": self.maybe([entry["id"] for entry in item["variations"]])}

    def _voucher(self, number: int) -> Json:
        mode, place = self.draw(st.sampled_from(["none", "set", "subtract", "percent"])), self._place()
        return {
            "id": self.next_id(),
            "code": f"{self.slug}-{number}",
            "max_usages": self.draw(st.integers(0, 99)),
            "price_mode": mode,
            "value": None if mode == "none" else self.draw(MONEY),
            "valid_until": self.draw(st.none() | MOMENTS),
            "comment": self.draw(WORDS),
            "subevent": place["subevent"],
            "seat": place["seat"] and place["seat"]["seat_guid"],
        } | self.draw(st.sampled_from([{}, self._product()]))

    def _list(self) -> Json:
        return {
            "id": self.next_id(),
            "name": self.draw(WORDS),
            "all_products": self.draw(FLAGS),
            "limit_products": self.some(self.item_ids),
            "subevent": self.maybe(self.dates),
            "include_pending": self.draw(FLAGS),
        }

    def _device(self, number: int) -> Json:
        return {
            "name": f"Gate {number}",
            "key": f"{self.slug}-key-{number}",
            "list": self.one(self.lists)["id"],
            "items": self.some(self.item_ids),
            "all_items": self.draw(FLAGS),
            "api_version": self.draw(st.sampled_from([None, 2, 3])),
        }

    def _answers(self) -> list[Json]:
        return [
            {
                "question": question["id"],
                "answer": self.draw(WORDS),
                "options": self.some([option["id"] for option in question["options"]]),
            }
            for question in self.some(self.questions)
        ]

    def _checkins(self) -> list[Json]:
        moments = self.draw(st.lists(MOMENTS, max_size=3, unique=True))
        return [
            {
                "id": self.next_id(),
                "list": self.one(self.lists)["id"],
                "datetime": moment,
                "type": self.draw(st.sampled_from(["entry", "entry", "exit"])),
                "forced": self.draw(FLAGS),
                "nonce": self.draw(st.sampled_from([None, f"nonce-{number}"])),
            }
            for number, moment in enumerate(moments)
            if self.lists
        ]

    def _order(self, number: int) -> Json:
        draw = self.draw
        positions: list[Json] = []
        for index in range(draw(st.integers(0, 3))):
            secret = f"{self.slug}-{number}-{index}"
            self.tickets.append(secret)
            parents = [entry["id"] for entry in positions if entry["addon_to"] is None]
            positions.append(
                {
                    "id": self.next_id(),
                    "positionid": index + 1,
                    "price": draw(MONEY),
                    "attendee_name_parts": draw(PARTS),
                    "attendee_email": draw(ADDRESSES),
                    "company": draw(st.none() | WORDS),
                    "country": draw(st.sampled_from([None, "DE"])),
                    "voucher": self.maybe([voucher["id"] for voucher in self.vouchers]),
                    "secret": secret,
                    "pseudonymization_id": draw(st.sampled_from([None, f"P{number}{index}"])),
                    "addon_to": self.maybe(parents),
                    "canceled": draw(FLAGS),
                    "valid_until": draw(st.none() | MOMENTS),
                    "blocked": draw(st.sampled_from([None, ["admin"]])),
                    "answers": self._answers(),
                    "checkins": self._checkins(),
                }
                | self._product()
                | self._place()
            )
        invoice = st.fixed_dictionaries({"name": WORDS, "name_parts": PARTS, "company": st.none() | WORDS})
        return {
            "code": f"C{number}",
            "status": draw(st.sampled_from("npec")),
            "testmode": draw(FLAGS),
            "email": draw(ADDRESSES),
            "datetime": draw(MOMENTS),
            "invoice_address": draw(st.none() | invoice),
            "positions": positions,
        }

    def _cart(self, number: int) -> Json:
        return (
            {
                "id": self.next_id(),
                "cart_id": f"cart-{number}",
                "price": self.draw(MONEY),
                "datetime": self.draw(MOMENTS),
                "expires": self.draw(MOMENTS),
                "attendee_name_parts": self.draw(PARTS),
                "answers": self._answers(),
            }
            | self._product()
            | self._place()
        )

    def _exhibitors(self, tags: list[str]) -> list[Json]:
        free = list(self.vouchers)
        return [self._exhibitor(number, tags, free) for number in self.times(2)]

    def _exhibitor(self, number: int, tags: list[str], free: list[Json]) -> Json:
        draw = self.draw
        vouchers = self.some(free)
        for voucher in vouchers:
            free.remove(voucher)
        return {
            "id": self.next_id(),
            "name": draw(WORDS),
            "booth": draw(st.none() | WORDS),
            "contact_name_parts": draw(PARTS),
            "contact_email": draw(ADDRESSES),
            "locale": draw(st.sampled_from(["en", "de"])),
            "access_code": f"{self.slug}FULL{number}",
            "lead_scanning_access_code": draw(st.sampled_from([None, f"{self.slug}SCAN{number}"])),
            "allow_lead_access": draw(FLAGS),
            "lead_scanning_scope_by_device": draw(FLAGS),
            "exhibitor_tags": self.some(tags),
            "vouchers": [{"code": voucher["code"], "exhibitor_comment": draw(WORDS)} for voucher in vouchers],
            "leads": [
                {
                    "secret": secret,
                    "notes": draw(WORDS),
                    "rating": draw(st.none() | st.integers(0, 5)),
                    "tags": draw(st.lists(WORDS, max_size=2, unique=True)),
                    "scanned": draw(MOMENTS),
                    "first_upload": draw(MOMENTS),
                    "device_uuid": draw(st.sampled_from([None, "phone-1"])),
                }
                for secret in self.some(self.tickets)
            ],
        }


@st.composite
def bundles(draw: Any) -> Json:
    """A bundle of one or two events."""
    return {
        "format": "portal-bundle",
        "version": 1,
        "source": draw(st.sampled_from(["pretix.example.org", "elsewhere"])),
        "organizer": {"slug": "bigevents", "name": draw(WORDS)},
        "users": [{"email": "ada@example.org", "name": draw(WORDS)}],
        "teams": [
            {
                "name": draw(WORDS),
                "all_events": draw(FLAGS),
                "limit_events": draw(st.sampled_from([[], ["one"]])),
                "permissions": ["can_view_orders"],
                "members": draw(st.sampled_from([[], ["ada@example.org"]])),
                "tokens": [{"name": "sync", "token": "token-of-the-team"}],
            }
        ],
        "events": [
            _Maker(draw, slug, start).event()
            for slug, start in (("one", 0), ("two", 10_000))[: draw(st.integers(1, 2))]
        ],
    }
