"""Pages of seats for organizers, all of one blueprint: the map and the upload of plans."""

from flask import Blueprint

from portal.seating import marks

blueprint = Blueprint("seating", __name__, url_prefix="/organizer/<organizer>/<event>/seats")
blueprint.add_app_template_global(marks.seat_marks)
blueprint.add_app_template_global(marks.sample, "seat_sample")
