"""The resources of a bundle, key by key (bundle contract; the voucher, order position and seat contracts)."""

from decimal import Decimal

from portal.events.models import QUESTION_TYPES
from portal.exchange.load import pretix
from portal.exchange.load.shapes import KEEP, Field, Shape
from portal.exchange.load.values import (
    INT64,
    address,
    amount,
    any_list,
    argon2_hash,
    boolean,
    coordinate,
    currency,
    email,
    email_list,
    list_of,
    locale,
    localised,
    moment,
    name_parts,
    number,
    one_of,
    or_blank,
    slug,
    strict_email,
    strings,
    text,
    text_or_null,
    timezone,
)
from portal.tickets.models import ORDER_STATUSES
from portal.vouchers.models import PRICE_MODES

_ZERO = Decimal(0)
_position = number(-(2**31) + 1, 2**31 - 1)
_foreign_id = number(0, INT64)

TOP_KEYS = "format version source organizer users teams resellers oauth_applications events"
TOP = Shape(nested=TOP_KEYS)

ORGANIZER = Shape(
    Field("slug", slug, required=True),
    Field("name", text(200, blank=False), required=True),
    Field("email", email),
    ignored=pretix.ORGANIZER,
)

USER = Shape(
    Field("email", strict_email, required=True),
    Field("name", text(200), KEEP),
    Field("is_admin", boolean, KEEP),
    Field("is_active", boolean, KEEP),
    Field("locale", locale, KEEP),
    nested="password password_hash id",
)
TEAM = Shape(
    Field("name", text(190, blank=False), required=True),
    Field("all_events", boolean, False),
    nested="limit_events permissions members tokens id",
)
TEAM_TOKEN = Shape(
    Field("name", text(190), ""),
    Field("active", boolean, True),
    nested="token token_hash id",
)
RESELLER = Shape(
    Field("name", text(190, blank=False), required=True),
    Field("public_name", text(190), ""),
    Field("public_url", or_blank(address), ""),
    Field("support_email", or_blank(email), ""),
    Field("support_phone", text(100), ""),
    Field("communication_language", locale, "en"),
    nested="members created_organizer id",
)
OAUTH_APPLICATION = Shape(
    Field("name", text(255, blank=False), required=True),
    Field("redirect_uris", strings(2000), []),
    Field("active", boolean, True),
    nested="owner client_id client_secret client_secret_hash id",
)

EVENT = Shape(
    Field("slug", slug, required=True),
    Field("name", localised, required=True),
    Field("live", boolean, False),
    Field("locale", locale, "en"),
    Field("currency", currency, "EUR"),
    Field("date_from", moment, required=True),
    Field("date_to", moment),
    Field("timezone", timezone, "UTC"),
    Field("url", address),
    nested="locales has_subevents settings subevents items questions vouchers orders carts seating_plan seats "
    "seat_category_mapping checkin_lists devices exhibitor_tags exhibitors",
    ignored=pretix.EVENT,
)
LOCALES = list_of(locale)

SUBEVENT = Shape(
    Field("name", localised, required=True),
    Field("date_from", moment, required=True),
    Field("date_to", moment),
    Field("active", boolean, True),
    nested="id seat_category_mapping seating_plan",
    ignored=pretix.SUBEVENT,
)
ITEM = Shape(
    Field("name", localised, required=True),
    Field("default_price", amount, _ZERO),
    Field("admission", boolean, False),
    Field("active", boolean, True),
    Field("checkin_attention", boolean, False),
    Field("position", _position, 0),
    nested="id variations",
    ignored=pretix.ITEM,
)
VARIATION = Shape(
    Field("value", localised, required=True),
    Field("default_price", amount),
    Field("active", boolean, True),
    Field("checkin_attention", boolean, False),
    Field("position", _position, 0),
    nested="id",
    ignored=pretix.VARIATION,
)
QUESTION = Shape(
    Field("question", localised, required=True),
    Field("type", one_of(*QUESTION_TYPES), required=True),
    Field("required", boolean, False),
    Field("position", _position, 0),
    Field("ask_during_checkin", boolean, False),
    nested="id identifier items options",
    ignored=pretix.QUESTION,
)
OPTION = Shape(
    Field("answer", localised, required=True),
    Field("position", _position, 0),
    nested="id identifier",
)
IDENTIFIER = text(190, blank=False)

VOUCHER = Shape(
    Field("code", text(255, blank=False), required=True),
    Field("max_usages", number(0), 1),
    Field("redeemed", number(0), 0),
    Field("valid_until", moment),
    Field("block_quota", boolean, False),
    Field("allow_ignore_quota", boolean, False),
    Field("price_mode", one_of(*PRICE_MODES), "none"),
    Field("value", amount),
    Field("quota", _foreign_id),
    Field("tag", text(255), ""),
    Field("comment", text(), ""),
    nested="id item variation seat subevent",
    ignored=pretix.VOUCHER,
)

ORDER = Shape(
    Field("code", text(16, blank=False), required=True),
    Field("status", one_of(*ORDER_STATUSES), required=True),
    Field("testmode", boolean, False),
    Field("email", email),
    Field("locale", locale),
    Field("datetime", moment, required=True),
    Field("checkin_attention", boolean, False),
    nested="invoice_address positions",
    ignored=pretix.ORDER,
)
INVOICE_ADDRESS = Shape(
    Field("name", text_or_null(500), column="invoice_name"),
    Field("name_parts", name_parts, column="invoice_name_parts"),
    Field("company", text_or_null(500), column="invoice_company"),
    ignored=pretix.INVOICE_ADDRESS,
)
POSITION = Shape(
    Field("price", amount, _ZERO),
    Field("attendee_name", text_or_null(500)),
    Field("attendee_name_parts", name_parts, {}),
    Field("attendee_email", email),
    Field("company", text_or_null(500)),
    Field("street", text_or_null()),
    Field("zipcode", text_or_null(50)),
    Field("city", text_or_null(500)),
    Field("country", text_or_null(2)),
    Field("state", text_or_null(200)),
    Field("phone", text_or_null(100)),
    Field("discount", _foreign_id),
    Field("tax_rate", amount, _ZERO),
    Field("tax_value", amount, _ZERO),
    Field("tax_rule", _foreign_id),
    Field("secret", text(255, blank=False), required=True),
    Field("pseudonymization_id", text_or_null(64)),
    Field("canceled", boolean, False),
    Field("valid_from", moment),
    Field("valid_until", moment),
    Field("blocked", any_list),
    Field("voucher_budget_use", amount),
    nested="id positionid item variation voucher addon_to subevent seat answers checkins",
    ignored=pretix.POSITION,
)
ANSWER = Shape(
    Field("answer", text(), ""),
    nested="question options option_identifiers",
    ignored=pretix.ANSWER,
)
CHECKIN = Shape(
    Field("datetime", moment, required=True),
    Field("type", one_of("entry", "exit"), "entry"),
    Field("auto_checked_in", boolean, False),
    Field("forced", boolean, False),
    Field("nonce", text_or_null(190)),
    nested="id list first",
    ignored=pretix.CHECKIN,
)
CART = Shape(
    Field("cart_id", text(255, blank=False), required=True),
    Field("price", amount, _ZERO),
    Field("attendee_name", text_or_null(500)),
    Field("attendee_name_parts", name_parts, {}),
    Field("attendee_email", email),
    Field("datetime", moment, required=True),
    Field("expires", moment, required=True),
    Field("includes_tax", boolean, True),
    nested="id item variation voucher addon_to subevent seat answers",
    ignored=pretix.CART,
)

SEAT = Shape(
    Field("zone_name", text(190), ""),
    Field("row_name", text(190), ""),
    Field("row_label", text_or_null(190)),
    Field("seat_number", text(190), ""),
    Field("seat_label", text_or_null(190)),
    Field("seat_guid", text(190, blank=False), required=True),
    Field("blocked", boolean, False),
    Field("x", coordinate),
    Field("y", coordinate),
    nested="id product subevent",
    ignored=pretix.SEAT,
)
SEAT_REFERENCE = Shape(
    Field("seat_guid", text(190, blank=False), required=True),
    ignored=pretix.SEAT_REFERENCE,
)
SEATING_PLAN = Shape(Field("name", text(255), ""), nested="layout id")

CHECKIN_LIST = Shape(
    Field("name", text(190, blank=False), required=True),
    Field("all_products", boolean, True),
    Field("include_pending", boolean, False),
    nested="id limit_products subevent",
    ignored=pretix.CHECKIN_LIST,
)
DEVICE = Shape(
    Field("name", text(190, blank=False), required=True),
    Field("all_items", boolean, True),
    Field("allow_search", boolean, True),
    Field("show_info", boolean, True),
    Field("api_version", number(2, 3)),
    Field("active", boolean, True),
    nested="id key key_hash list items",
    ignored=pretix.DEVICE,
)
EXHIBITOR = Shape(
    Field("name", text(190, blank=False), required=True),
    Field("internal_id", text_or_null(255)),
    Field("contact_name", text_or_null(500)),
    Field("contact_name_parts", name_parts, {}),
    Field("contact_email", email),
    Field("contact_cc_email", email_list),
    Field("booth", text_or_null(100)),
    Field("allow_lead_scanning", boolean, False),
    Field("allow_lead_access", boolean, False),
    Field("allow_voucher_access", boolean, False),
    Field("lead_scanning_scope_by_device", boolean, False),
    Field("comment", text(), ""),
    nested="id locale access_code lead_scanning_access_code exhibitor_tags vouchers leads",
)
EXHIBITOR_VOUCHER = Shape(Field("exhibitor_comment", text(), ""), nested="id code")
LEAD = Shape(
    Field("notes", text(), ""),
    Field("rating", number(0, 5)),
    Field("tags", strings(190), []),
    Field("device_name", text_or_null(190)),
    Field("device_uuid", text_or_null(190)),
    nested="secret scanned first_upload scope",
)

PASSWORD_HASH = argon2_hash
