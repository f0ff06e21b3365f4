"""All messages of all producers, loaded; import this where the whole registry is needed."""

import contracts.accounts.v1
import contracts.catalog.v1
import contracts.connector_gateway.v1
import contracts.notifications.v1
import contracts.submissions.v1
from contracts.event import EVENTS

__all__ = ["EVENTS"]
