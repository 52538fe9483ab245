"""Check-ins: people arrive in bursts and queue at the gates."""

import heapq
import random
from datetime import datetime, timedelta

from portal.exchange.demo.catalog import BALCONY, BALCONY_LIST, MAIN_LIST, VIP, VIP_LIST
from portal.exchange.demo.kit import Fair, Json, dice, stamp
from portal.exchange.demo.orders import Sale, attendees

#: How many came yesterday and today.
YESTERDAY, TODAY = 1010, 490
GATES = 4

#: Bursts of arrivals: weight, hour, minute, spread in minutes.
_BURSTS = {
    -1: ((5, 9, 38, 6), (7, 9, 56, 7), (5, 10, 22, 8), (3, 11, 5, 15), (2, 13, 20, 30), (1, 15, 30, 40)),
    0: ((4, 9, 12, 7), (6, 9, 48, 9), (3, 10, 25, 14), (2, 11, 40, 25), (1, 13, 30, 30)),
}
_DOORS = {-1: (9, 30), 0: (9, 0)}


def _arrival(rng: random.Random, fair: Fair, day: int) -> datetime:
    bursts = _BURSTS[day]
    _, hour, minute, spread = rng.choices(bursts, [burst[0] for burst in bursts])[0]
    moment = fair.at(day, hour, minute) + timedelta(minutes=rng.gauss(0, spread))
    return min(max(moment, fair.at(day, *_DOORS[day])), fair.at(day, 14, 50))


def _through_gates(rng: random.Random, arrivals: list[tuple[datetime, int]]) -> list[tuple[datetime, int]]:
    """When each is let in: the first free gate takes the next in the queue, some seconds each."""
    gates = [arrivals[0][0]] * GATES
    heapq.heapify(gates)
    entries = []
    for arrived, number in arrivals:
        done = max(arrived, heapq.heappop(gates)) + timedelta(seconds=4 + rng.expovariate(1 / 5))
        heapq.heappush(gates, done)
        entries.append((done, number))
    return entries


def check_in(fair: Fair, sales: list[Sale]) -> list[tuple[datetime, Json]]:
    """Checks half of the attendees in; returns who came when, by time."""
    rng = dice("entry")
    opening = stamp(fair.at(-1, 8))
    groups: list[list[Json]] = []
    late: list[list[Json]] = []
    for sale in sales:
        if group := attendees([sale]):
            (groups if sale.row["datetime"] < opening else late).append(group)
    rng.shuffle(groups)
    came: list[tuple[datetime, Json]] = []
    for day, wanted in ((-1, YESTERDAY), (0, TODAY)):
        if day == 0:
            groups += late
        people: list[Json] = []
        arrivals: list[tuple[datetime, int]] = []
        while len(people) < wanted:
            group = groups.pop()[: wanted - len(people)]
            together = _arrival(rng, fair, day)
            arrivals += [(together, len(people) + index) for index in range(len(group))]
            people += group
        came += [(moment, people[number]) for moment, number in _through_gates(rng, sorted(arrivals))]
    for moment, ticket in came:
        ticket["checkins"].append({"list": MAIN_LIST, "datetime": stamp(moment)})
        _further(rng, moment, ticket)
    return came


def _further(rng: random.Random, moment: datetime, ticket: Json) -> None:
    """Some go on to the lounge or the balcony."""
    inner = {VIP: VIP_LIST, BALCONY: BALCONY_LIST}.get(ticket["item"])
    if inner and rng.random() < 0.6:
        later = moment + timedelta(seconds=rng.randrange(240, 3000))
        if later.hour < 15:
            ticket["checkins"].append({"list": inner, "datetime": stamp(later)})
