"""Pages of seats for organizers, all of one blueprint: the map and the upload of plans."""

from flask import Blueprint

blueprint = Blueprint("seating", __name__, url_prefix="/organizer/<organizer>/<event>/seats")
