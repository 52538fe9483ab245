"""All tables, imported so that migrations see every one of them."""

from portal.accounts import models as accounts
from portal.accounts.oauth import models as oauth
from portal.checkin import models as checkin
from portal.core import models as core
from portal.events import models as events
from portal.exchange import models as exchange
from portal.exhibitors import models as exhibitors
from portal.leads import models as leads
from portal.resellers import models as resellers
from portal.seating import models as seating
from portal.tickets import models as tickets
from portal.vouchers import models as vouchers

ALL = (core, accounts, oauth, events, tickets, vouchers, seating, exhibitors, leads, checkin, resellers, exchange)
