"""The demo's data: a bundle made up from a date, always the same for the same one."""

from portal.exchange.demo.build import build_demo, demo_day
from portal.exchange.demo.facts import DemoFacts, demo_banner_facts

__all__ = ["DemoFacts", "build_demo", "demo_banner_facts", "demo_day"]
