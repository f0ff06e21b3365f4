"""All messages of all producers, loaded; import this where the whole registry is needed."""

from contracts.accounts import v1 as accounts
from contracts.catalog import v1 as catalog
from contracts.connector_gateway import v1 as connector_gateway
from contracts.event import EVENTS as SAID
from contracts.notifications import v1 as notifications
from contracts.submissions import v1 as submissions

PRODUCERS = {
    "accounts": accounts,
    "catalog": catalog,
    "submissions": submissions,
    "notifications": notifications,
    "connector-gateway": connector_gateway,
}
"""The module of words of each service, by the service's name."""

EVENTS = dict(sorted(SAID.items(), key=lambda said: list(PRODUCERS).index(said[0].split(".")[0])))
"""Every message by its type: by producer, then as its module tells them, whatever was loaded
first."""
