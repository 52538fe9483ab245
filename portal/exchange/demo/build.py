"""Puts the demo together: one organizer with a fair that is running, and a small series."""

from datetime import date, datetime, timedelta

from portal.accounts.models import PERMISSIONS
from portal.exchange.demo import catalog
from portal.exchange.demo.entry import check_in
from portal.exchange.demo.exhibitors import TAGS, Exhibitor, build_exhibitors
from portal.exchange.demo.facts import EVENT_SLUG, DemoFacts, demo_banner_facts
from portal.exchange.demo.hall import build_hall, make_carts
from portal.exchange.demo.kit import LAST_HOUR, ZONE, ZONE_NAME, Fair, Json, dice, stamp
from portal.exchange.demo.leads import Badges, scan_leads
from portal.exchange.demo.orders import BoxOffice, SeatOffice
from portal.exchange.demo.series import build_series
from portal.exchange.demo.vouchers import VoucherBook

#: How long ago carts were filled, in minutes; those of the second list have expired.
_OPEN_CARTS = (4, 9, 17, 22, 26, 31, 44, 52)
_EXPIRED_CARTS = (95, 180, 1300, 1500)


def demo_day(now: datetime) -> date:
    """The day to build the demo for, so that nothing that it tells has yet to happen."""
    local = now.astimezone(ZONE)
    return local.date() if local.hour >= LAST_HOUR else local.date() - timedelta(days=1)


def build_demo(today: date) -> Json:
    """The demo's bundle: a fair that opened the day before ``today``. What is past happened before 15:00 in Berlin."""
    fair, facts = Fair(today), demo_banner_facts()
    return {
        "format": "portal-bundle",
        "version": 1,
        "source": "demo",
        "organizer": {"slug": facts.organizer, "name": "Big Events", "email": "hello@bigevents.example.org"},
        "users": [
            {"email": user.email, "password": user.password, "name": user.name, "is_admin": user is facts.admin_user}
            for user in facts.users
        ],
        "teams": _teams(facts),
        "resellers": [
            {
                "name": "Ticketkiosk Nord Ltd & Co. KG",
                "public_name": "Ticketkiosk Nord",
                "public_url": "https://ticketkiosk.example.org",
                "support_email": "support@ticketkiosk.example.org",
                "support_phone": "+49 30 23125 000",
                "communication_language": "de",
                "members": [facts.organizer_user.email],
            }
        ],
        "oauth_applications": [
            {
                "name": "Floor plan sync",
                "owner": facts.organizer_user.email,
                "client_id": facts.oauth_client_id,
                "client_secret": facts.oauth_client_secret,
                "redirect_uris": ["https://app.example.org/callback"],
            }
        ],
        "events": [_fair(fair, facts), build_series(fair, facts)],
    }


def _teams(facts: DemoFacts) -> list[Json]:
    return [
        {
            "name": "Crew",
            "all_events": True,
            "limit_events": [],
            "permissions": list(PERMISSIONS),
            "members": [facts.organizer_user.email],
            "tokens": [{"name": "sync", "token": facts.team_token}],
        },
        {
            "name": "Booth service",
            "all_events": False,
            "limit_events": [EVENT_SLUG],
            "permissions": ["can_change_event_settings", "can_view_vouchers"],
            "members": [facts.helper_user.email],
            "tokens": [],
        },
    ]


def _voucher_locales(exhibitors: list[Exhibitor]) -> list[str | None]:
    """Most exhibitors have vouchers: the language each is written to in, None for those without."""
    return [exhibitor.row["locale"] if number % 7 != 6 else None for number, exhibitor in enumerate(exhibitors)]


def _fair(fair: Fair, facts: DemoFacts) -> Json:
    hall = build_hall()
    exhibitors = build_exhibitors(facts)
    book = VoucherBook(dice("vouchers"), hall, fair, _voucher_locales(exhibitors))
    first_seat = str(hall.seats[1]["seat_guid"])
    taken = book.held_seats() | {first_seat}
    carts = make_carts(hall, taken, dice("carts"), _cart_moments(fair))
    seats = SeatOffice(dice("seats"), hall, taken)
    sales = BoxOffice(fair, seats, book).sell(first_seat)
    scan_leads(fair, exhibitors, Badges(check_in(fair, sales)))
    return {
        "slug": facts.event,
        "name": {"en": "Sample conference", "de": "Beispielkonferenz"},
        "live": True,
        "locale": "en",
        "locales": ["en", "de"],
        "currency": "EUR",
        "date_from": stamp(fair.at(-1, 10)),
        "date_to": stamp(fair.at(1, 18)),
        "timezone": ZONE_NAME,
        "has_subevents": False,
        "url": f"https://tickets.example.org/{facts.organizer}/{facts.event}/",
        "settings": catalog.settings(),
        "subevents": [],
        "items": catalog.items(),
        "questions": catalog.questions(),
        "vouchers": [voucher.row for voucher in book.vouchers],
        "orders": [sale.row for sale in sales],
        "carts": carts,
        "seating_plan": {"name": "Main hall", "layout": hall.layout},
        "seats": hall.seats,
        "checkin_lists": catalog.checkin_lists(),
        "devices": catalog.devices(facts),
        "exhibitor_tags": list(TAGS),
        "exhibitors": [
            exhibitor.row
            | {
                "vouchers": [
                    {"code": voucher.row["code"], "exhibitor_comment": voucher.comment}
                    for voucher in book.vouchers
                    if voucher.exhibitor == number
                ]
            }
            for number, exhibitor in enumerate(exhibitors)
        ],
    }


def _cart_moments(fair: Fair) -> list[tuple[str, str]]:
    """Open carts stay open for two weeks, so that the hall shows them as long as somebody tries the demo."""
    until = stamp(fair.at(14, 18))
    filled = [(stamp(fair.now - timedelta(minutes=minutes)), until) for minutes in _OPEN_CARTS]
    gone = [fair.now - timedelta(minutes=minutes) for minutes in _EXPIRED_CARTS]
    return filled + [(stamp(moment), stamp(moment + timedelta(minutes=30))) for moment in gone]
