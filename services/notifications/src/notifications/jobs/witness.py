"""Reading new notices where the public reads them, so that it is proved since when it can."""

import httpx
import structlog
from markupsafe import escape

from chassis.clock import now
from chassis.database import Database
from notifications.commands.notices import note_sighting
from notifications.queries import notices as queries

log = structlog.get_logger()
BATCH = 20
TIMEOUT = 5.0


async def see_new(database: Database, client: httpx.AsyncClient, url: str) -> bool:
    """Read each new notice at ``url``, the gateway; return whether all of them could be read.

    What counts is a page that says what the notice says. A gateway that is down, or that shows
    something else, proves nothing: such a notice is read again, and nobody counts days for it.
    """
    async with database.transaction() as session:
        unseen = await queries.unseen_notices(session, most=BATCH)
    is_read = True
    for notice in unseen:
        address = f"{url}/notices/{notice.id}"
        try:
            answer = await client.get(address, headers={"Accept": "text/html"}, timeout=TIMEOUT)
        except httpx.HTTPError as why:
            log.warning("notice cannot be read", url=address, why=f"{type(why).__name__}: {why}")
            return False
        if answer.status_code != 200 or str(escape(notice.public_reason)) not in answer.text:
            log.warning("notice cannot be read", url=address, status=answer.status_code)
            is_read = False
            continue
        async with database.transaction() as session:
            await note_sighting(session, notice, url=address, page=answer.content, now=now())
    return is_read
