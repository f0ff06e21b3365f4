"""What catalog listens to: agencies, so that only real ones are designated."""

from sqlmodel.ext.asyncio.session import AsyncSession

from catalog.commands.designations import learn_agency
from chassis.delivery import Consumers, Envelope
from contracts.accounts.v1 import AgencyOpened

consumers = Consumers(service="catalog")


@consumers.on(AgencyOpened)
async def agency_opened(session: AsyncSession, event: AgencyOpened, _: Envelope) -> None:
    """Keep the agency."""
    await learn_agency(session, event)
