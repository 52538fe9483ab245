"""A gate at the fair: its device, and a hand for everything that a test wants to be different."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.checkin.models import CheckinList, CheckinRefusal, Device
from portal.core.codes import hash_token
from portal.core.database import db
from portal.events.models import Event, Item, Question, QuestionOption
from portal.tickets.models import Answer, Checkin, Order, OrderPosition
from portal.tickets.search import position_search_text
from tests.fair import Fair, add, make_position

PREFIX = {2: "pretixdroid", 3: "eventyaydroid"}


def body(answer: TestResponse) -> Any:
    """The JSON of an answer."""
    assert answer.content_type == "application/json"
    return answer.json


@dataclass
class Gate:
    """A device at the main entrance, and the fair behind it. Changes are committed at once."""

    app: Flask
    client: FlaskClient
    fair: Fair
    key: str
    event: str = "bigevents/sampleconf"
    number: int = 100

    # ------------------------------------------------------------------------------------------- what it sends

    def path(self, door: str, version: Any = 3, subevent: Any = None) -> str:
        middle = "" if subevent is None else f"{subevent}/"
        return f"/{PREFIX[version]}/api/{self.event}/{middle}{door}/"

    def post(self, secret: str, *, version: Any = 3, subevent: Any = None, **form: str) -> TestResponse:
        path = f"{self.path('redeem', version, subevent)}?key={self.key}"
        return self.client.post(path, data={"secret": secret, **form})

    def redeem(self, secret: str, *, version: Any = 3, subevent: Any = None, **form: str) -> Any:
        answer = self.post(secret, version=version, subevent=subevent, **form)
        assert answer.status_code == 200, answer.text
        assert answer.content_type == "application/json"
        return answer.json

    def get(self, door: str, *, version: Any = 3, subevent: Any = None, **query: str) -> TestResponse:
        return self.client.get(self.path(door, version, subevent), query_string={"key": self.key, **query})

    def search(self, query: str, **options: Any) -> list[Any]:
        answer = self.get("search", query=query, **options)
        assert answer.status_code == 200, answer.text
        found: list[Any] = body(answer)["results"]
        return found

    # ------------------------------------------------------------------------------------------- what is there

    def ticket(self, name: tuple[str, str] = ("Grace", "Hopper"), **values: Any) -> str:
        """A new ticket of an order of its own; returns the secret."""
        self.number += 1
        order = {key: values.pop(key) for key in list(values) if key in ("invoice_name", "invoice_company", "code")}
        attention = values.pop("order_attention", False)
        with self.app.app_context():
            event = db.session.get_one(Event, self.fair.event)
            item = db.session.get_one(Item, values.pop("item_id", self.fair.item))
            position = make_position(event, item, self.number, name, **values)
            for key, value in order.items():
                setattr(position.order, key, value)
            position.order.checkin_attention = attention
            parent = db.session.get(OrderPosition, position.addon_to_id) if position.addon_to_id else None
            position.search_text = position_search_text(
                attendee_name=position.attendee_name,
                attendee_email=position.attendee_email,
                company=position.company,
                parent_name=parent.attendee_name if parent else None,
                invoice_name=position.order.invoice_name,
                invoice_company=position.order.invoice_company,
            )
            db.session.commit()
            return position.secret

    def item(self, name: str = "Workshop", **values: Any) -> int:
        """A new product."""
        with self.app.app_context():
            item = add(
                Item(event_id=self.fair.event, name={"en": name}, default_price=Decimal(1), position=5, **values)
            )
            db.session.commit()
            return item.id

    def question(self, kind: str = "S", *, options: tuple[str, ...] = (), **values: Any) -> tuple[int, list[int]]:
        """A question asked at check-in for the standard ticket; returns its id and its options'."""
        with self.app.app_context():
            items = values.pop("items", [self.fair.item])
            defaults = {"ask_during_checkin": True, "required": True, "position": 1}
            self.number += 1
            question = add(
                Question(
                    event_id=self.fair.event,
                    question=values.pop("question", {"en": "Your answer", "de": "Ihre Antwort"}),
                    type=kind,
                    identifier=f"Q{self.number}",
                    items=[db.session.get_one(Item, item) for item in items],
                    **(defaults | values),
                )
            )
            made = [
                add(QuestionOption(question_id=question.id, identifier=text, answer={"en": text}, position=number)).id
                for number, text in enumerate(options)
            ]
            db.session.commit()
            return question.id, made

    def device(self, key: str, **values: Any) -> "Gate":
        """Another device of the event; on the same list unless told otherwise."""
        with self.app.app_context():
            items = [db.session.get_one(Item, item) for item in values.pop("items", [])]
            defaults = {"event_id": self.fair.event, "list_id": self.fair.checkin_list, "name": "Gate 2"}
            add(Device(key_hash=hash_token(key), items=items, **(defaults | values)))
            db.session.commit()
        return Gate(self.app, self.client, self.fair, key, self.event)

    def new_list(self, **values: Any) -> int:
        """Another list of the event."""
        with self.app.app_context():
            items = [db.session.get_one(Item, item) for item in values.pop("items", [])]
            defaults = {"event_id": self.fair.event, "name": "Side entrance"}
            made = add(CheckinList(limit_products=items, **(defaults | values)))
            db.session.commit()
            return made.id

    def change(self, model: Any, where: Any, **values: Any) -> None:
        """Set columns of rows."""
        with self.app.app_context():
            db.session.execute(sa.update(model).where(where).values(**values))
            db.session.commit()

    def pending(self, include: bool = True) -> None:
        """Let the list include pending orders."""
        self.change(CheckinList, CheckinList.id == self.fair.checkin_list, include_pending=include)

    def entries(self, secret: str) -> list[Checkin]:
        """The log of a ticket."""
        with self.app.app_context():
            return list(
                db.session.scalars(
                    sa.select(Checkin)
                    .join(OrderPosition, OrderPosition.id == Checkin.position_id)
                    .where(OrderPosition.secret == secret)
                    .order_by(Checkin.id)
                )
            )

    def answers(self, secret: str) -> dict[int, tuple[str, list[int]]]:
        """The stored answers of a ticket by question: text and options."""
        options = Answer.metadata.tables["answer_options"]
        with self.app.app_context():
            rows = db.session.execute(
                sa.select(Answer.question_id, Answer.answer, options.c.option_id)
                .join(OrderPosition, OrderPosition.id == Answer.position_id)
                .outerjoin(options, options.c.answer_id == Answer.id)
                .where(OrderPosition.secret == secret)
                .order_by(options.c.option_id)
            ).all()
        found: dict[int, tuple[str, list[int]]] = {}
        for question, text, option in rows:
            found.setdefault(question, (text, []))[1].extend([] if option is None else [option])
        return found

    def refusals(self) -> list[str]:
        """The reasons of refused attempts, in order."""
        with self.app.app_context():
            return list(db.session.scalars(sa.select(CheckinRefusal.reason).order_by(CheckinRefusal.id)))

    def order(self, secret: str, /, **values: Any) -> None:
        """Set columns of a ticket's order."""
        orders = sa.select(OrderPosition.order_id).where(OrderPosition.secret == secret)
        self.change(Order, Order.id.in_(orders), **values)

    def position(self, secret: str, /, **values: Any) -> None:
        """Set columns of a ticket."""
        self.change(OrderPosition, OrderPosition.secret == secret, **values)

    def id_of(self, secret: str) -> int:
        """The ticket's id."""
        with self.app.app_context():
            return db.session.scalars(sa.select(OrderPosition.id).where(OrderPosition.secret == secret)).one()


@pytest.fixture
def gate(app: Flask, client: FlaskClient, fair: Fair) -> Gate:
    """The fair's own device, at the main entrance."""
    return Gate(app, client, fair, fair.device_key)


#: A moment in the past, on the fair's first morning.
MORNING = dt.datetime(2026, 11, 20, 8, 15, tzinfo=dt.UTC)
