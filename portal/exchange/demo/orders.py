"""Orders: who bought what and when, on which seats, and what they answered."""

import random
from dataclasses import dataclass, field
from datetime import timedelta

from portal.core.names import compose
from portal.exchange.demo import catalog
from portal.exchange.demo.catalog import ADMISSION, BALCONY, PARKING, PRESS, SHIRT, STANDARD, STUDENT, VIP
from portal.exchange.demo.hall import Hall
from portal.exchange.demo.kit import ORDER_LETTERS, SECRET_LETTERS, Codes, Fair, Json, dice, money, stamp, weighted
from portal.exchange.demo.names import People, Person
from portal.exchange.demo.places import EXAMPLE_DOMAINS, City, Company, make_companies, some_city
from portal.exchange.demo.vouchers import VoucherBook

ATTENDEES = 3000
#: The contracts' own orders, for Peter Miller.
CONTRACT_ORDERS = ("U0HW7", "T0E7E")
CONTRACT_POSITION = 134

_GROUPS = ((1, 0.68), (2, 0.19), (3, 0.07), (4, 0.03), (5, 0.015), (6, 0.008), (10, 0.004))
_PRODUCTS = ((STANDARD, 0.8), (VIP, 0.015), (BALCONY, 0.06), (STUDENT, 0.1), (PRESS, 0.025))
_STATUSES = (("p", 0.905), ("n", 0.045), ("e", 0.02), ("c", 0.03))
_DIETS = ("Vegetarian", "Vegan", "No nuts please", "Gluten-free", "Halal", "Keine Milchprodukte", "Vegetarisch", "")
_MAIL_HOSTS = ("mail", "post", "inbox", "letters")


@dataclass(slots=True)
class Sale:
    """An order in the making: its row, and the attendees' positions that may sit in the hall."""

    row: Json
    tickets: list[Json] = field(default_factory=list)

    @property
    def counts(self) -> bool:
        """Whether its tickets are good: paid, and no test."""
        return self.row["status"] == "p" and not self.row["testmode"]


class SeatOffice:
    """Gives away neighbouring seats, the best rows first, where nobody else sits."""

    def __init__(self, rng: random.Random, hall: Hall, taken: set[str]) -> None:
        self._rng = rng
        self._taken = taken
        self._rows = {product: hall.rows(product) for product in (STANDARD, VIP, BALCONY)}

    def _free(self, seat: Json) -> bool:
        return not seat["blocked"] and seat["seat_guid"] not in self._taken

    def neighbours(self, product: int, count: int) -> list[str]:
        """Guids of neighbouring free seats; nothing where a few tries found none."""
        rows = self._rows[product]
        for _ in range(40):
            row = rows[int(len(rows) * self._rng.random() ** 1.4)]
            if len(row) < count:
                continue
            start = int(self._rng.triangular(0, len(row) - count + 1))
            seats = row[start : start + count]
            if len(seats) == count and all(self._free(seat) for seat in seats):
                guids = [str(seat["seat_guid"]) for seat in seats]
                self._taken.update(guids)
                return guids
        return []

    def any(self, product: int, count: int) -> list[str]:
        """Guids of free seats, neighbours or not; fewer where the rest is not there."""
        free = [str(seat["seat_guid"]) for row in self._rows[product] for seat in row if self._free(seat)][:count]
        self._taken.update(free)
        return free


class BoxOffice:
    """Sells the fair's tickets, order by order."""

    def __init__(self, fair: Fair, seats: SeatOffice, book: VoucherBook) -> None:
        self._fair = fair
        self._seats = seats
        self._book = book
        self._rng = rng = dice("orders")
        self._people = People(rng)
        self._companies = make_companies(rng, 320)
        self._codes = Codes(rng, ORDER_LETTERS, 5, CONTRACT_ORDERS)
        self._secrets = Codes(rng, SECRET_LETTERS, 32)
        self._badges = Codes(rng, ORDER_LETTERS, 10, ("ZSNYSG3URZ",))
        self._mailboxes: dict[str, int] = {}
        self._last_id = CONTRACT_POSITION - 1

    def sell(self, first_seat: str) -> list[Sale]:
        """All orders by time; the contract's come first, on ``first_seat``."""
        sales = [self._contract_order(CONTRACT_ORDERS[0], first_seat), self._contract_order(CONTRACT_ORDERS[1], None)]
        sold = len(sales)
        sizes = []
        while sold < ATTENDEES:
            sizes.append(min(weighted(self._rng, _GROUPS), ATTENDEES - sold))
            sold += sizes[-1]
        for size, placed in zip(sizes, self._moments(len(sizes)), strict=True):
            sales.append(self._order(size, placed))
        for sale in self._rng.sample(sales[2:], 8):
            sale.row["testmode"] = True
        self._use_vouchers(sales)
        return sales

    def _moments(self, count: int) -> list[str]:
        """When people buy: from half a year ago, more and more towards the fair, hardly by night."""
        rng = self._rng
        moments = []
        for _ in range(count):
            days = int(170 * rng.betavariate(1.1, 2.2)) + 2
            hour = min(23, max(0, round(rng.gauss(14, 4.2))))
            moments.append(self._fair.at(-days, hour, rng.randrange(60), rng.randrange(60)))
        late = count // 60
        for number in range(late):
            moments[number] = self._fair.at(-1, 8) + timedelta(minutes=rng.randrange(24 * 60))
        return [stamp(moment) for moment in sorted(moments)]

    def _mail(self, person: Person, domain: str) -> str:
        address = f"{person.mailbox}@{domain}"
        count = self._mailboxes[address] = self._mailboxes.get(address, 0) + 1
        return address if count == 1 else f"{person.mailbox}{count}@{domain}"

    def _order_row(self, code: str, status: str, email: str, placed: str, locale: str) -> Json:
        return {
            "code": code,
            "status": status,
            "testmode": False,
            "email": email,
            "locale": locale,
            "datetime": placed,
            "checkin_attention": self._rng.random() < 0.01,
            "invoice_address": None,
            "positions": [],
        }

    def _position(self, sale: Sale, item: int, variation: int | None, addon_to: int | None = None) -> Json:
        self._last_id += 1
        contract = self._last_id == CONTRACT_POSITION
        position: Json = {
            "id": self._last_id,
            "positionid": len(sale.row["positions"]) + 1,
            "item": item,
            "variation": variation,
            "price": money(catalog.price_of(item, variation)),
            "attendee_name_parts": {},
            "attendee_email": None,
            "company": None,
            "city": None,
            "country": None,
            "voucher": None,
            "secret": "4rfgp263jduratnsvwvy6cc6r6wnptbj" if contract else self._secrets.next(),
            "pseudonymization_id": "ZSNYSG3URZ" if contract else self._badges.next(),
            "addon_to": addon_to,
            "subevent": None,
            "seat": None,
            "canceled": False,
            "answers": [],
            "checkins": [],
        }
        sale.row["positions"].append(position)
        return position

    def _contract_order(self, code: str, seat: str | None) -> Sale:
        placed = stamp(self._fair.at(-175, 11, 3 if seat else 33))
        sale = Sale(self._order_row(code, "p", "peter.miller@example.org", placed, "en") | {"checkin_attention": False})
        ticket = self._position(sale, STANDARD, catalog.EARLY_BIRD)
        ticket["attendee_name_parts"] = {"_scheme": "given_family", "given_name": "Peter", "family_name": "Miller"}
        ticket["attendee_email"] = "peter.miller@example.org"
        ticket["seat"] = {"seat_guid": seat} if seat else None
        sale.tickets.append(ticket)
        return sale

    def _order(self, size: int, placed: str) -> Sale:
        rng = self._rng
        item = weighted(rng, _PRODUCTS)
        guids = self._guids(item, size)
        if item in (VIP, BALCONY) and len(guids) < size:
            item, guids = STANDARD, []
        status = weighted(rng, _STATUSES)
        at_work = item in (PRESS, VIP) or (item != STUDENT and rng.random() < 0.68)
        company = self._companies[int(len(self._companies) * rng.random() ** 1.7)] if at_work else None
        city = company.city if company else some_city(rng)
        domain = company.domain if company else f"{rng.choice(_MAIL_HOSTS)}.{rng.choice(EXAMPLE_DOMAINS)}"
        guests = [self._people.someone()]
        while len(guests) < size:
            guests.append(self._people.someone(None if company else guests[0]))
        addresses = [self._mail(guest, domain) for guest in guests]
        locale = "de" if city.country in ("DE", "AT", "CH") else "en"
        sale = Sale(self._order_row(self._codes.next(), status, addresses[0], placed, locale))
        variation = None
        if item == STANDARD:
            early = placed < stamp(self._fair.at(-60))
            variation = catalog.EARLY_BIRD if early else catalog.REGULAR
        for guest, address in zip(guests, addresses, strict=True):
            self._ticket(sale, item, variation, guest, address, company, city)
        for ticket, guid in zip(sale.tickets, guids, strict=False):
            ticket["seat"] = {"seat_guid": guid}
        self._cancel_some(sale)
        self._invoice(sale, guests[0], company)
        return sale

    def _guids(self, item: int, size: int) -> list[str]:
        if item in (VIP, BALCONY):
            return self._seats.neighbours(item, size) or self._seats.any(item, size)
        if item == STANDARD and self._rng.random() < 0.17:
            return self._seats.neighbours(item, size)
        return []

    def _ticket(
        self,
        sale: Sale,
        item: int,
        variation: int | None,
        guest: Person,
        address: str,
        company: Company | None,
        city: City,
    ) -> None:
        rng = self._rng
        ticket = self._position(sale, item, variation)
        ticket["attendee_name_parts"] = guest.parts
        ticket["attendee_email"] = address if rng.random() < 0.96 else None
        ticket["company"] = company.name if company else None
        ticket["city"], ticket["country"] = city.name, city.country
        ticket["answers"] = self._answers(item, company)
        sale.tickets.append(ticket)
        if rng.random() < 0.07:
            shirt = self._position(sale, SHIRT, rng.choice((catalog.RED, catalog.BLUE)), ticket["id"])
            if rng.random() < 0.8:
                shirt["answers"] = [_choice(catalog.SIZE, rng.choice((0, 1, 1, 2, 2, 3)))]
        if rng.random() < 0.04:
            self._position(sale, PARKING, None, ticket["id"])

    def _answers(self, item: int, company: Company | None) -> list[Json]:
        rng = self._rng
        answers = []
        if item in (STANDARD, VIP) and company and rng.random() < 0.7:
            answers.append(_choice(catalog.STAFF, rng.randrange(5)))
        if item in (STANDARD, VIP) and rng.random() < 0.12 and (diet := rng.choice(_DIETS)):
            answers.append({"question": catalog.DIET, "answer": diet, "options": []})
        if rng.random() < 0.5:
            answer = "True" if rng.random() < 0.6 else "False"
            answers.append({"question": catalog.NEWSLETTER, "answer": answer, "options": []})
        return answers

    def _cancel_some(self, sale: Sale) -> None:
        """One of a larger group does not come: the ticket and what hangs on it are cancelled, the seat is free."""
        if len(sale.tickets) < 2 or sale.row["status"] != "p" or self._rng.random() > 0.08:
            return
        gone = sale.tickets[-1]
        for position in sale.row["positions"]:
            if gone["id"] in (position["id"], position["addon_to"]):
                position["canceled"] = True
                position["seat"] = None

    def _invoice(self, sale: Sale, buyer: Person, company: Company | None) -> None:
        if self._rng.random() < (0.75 if company else 0.1):
            name = company.name if company else None
            sale.row["invoice_address"] = {"name": compose(buyer.parts), "name_parts": buyer.parts, "company": name}

    def _use_vouchers(self, sales: list[Sale]) -> None:
        """Tickets use the vouchers that have takers; a cancelled order's use does not count."""
        tickets = [
            (sale, ticket)
            for sale in sales[2:]
            if sale.row["status"] != "e" and not sale.row["testmode"]
            for ticket in sale.tickets
            if not ticket["canceled"]
        ]
        self._rng.shuffle(tickets)
        for voucher in self._book.vouchers:
            for sale, ticket in tickets:
                if voucher.used >= voucher.wanted:
                    break
                fits = voucher.accepts(ticket["item"], ticket["variation"], sale.row["datetime"])
                if ticket["voucher"] is None and fits:
                    ticket["voucher"] = voucher.id
                    before = catalog.price_of(ticket["item"], ticket["variation"])
                    ticket["price"] = money(voucher.price(before))
                    voucher.used += sale.row["status"] != "c"
            voucher.row["redeemed"] = voucher.used


_OPTIONS = {question["id"]: question["options"] for question in catalog.questions()}


def _choice(question: int, position: int) -> Json:
    option = _OPTIONS[question][position]
    return {"question": question, "answer": option["answer"]["en"], "options": [option["id"]]}


def attendees(sales: list[Sale]) -> list[Json]:
    """Positions that admit somebody and count: paid, neither cancelled nor a test."""
    return [
        ticket
        for sale in sales
        if sale.counts
        for ticket in sale.tickets
        if not ticket["canceled"] and ticket["item"] in ADMISSION
    ]
