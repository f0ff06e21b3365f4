"""A dead letter goes back once its reason is mended, and takes effect once."""

from chassis.outbox import publish
from chassis.redrive import redrive
from contracts.topics import dead_letters_of
from tests.support import probe
from tests.support.kafka import records
from tests.support.postgres import fresh_database
from tests.support.waiting import until


async def one_dead() -> bool:
    """Say whether a dead letter has been laid down."""
    return len(await records(dead_letters_of("notifications").name)) == 1


async def test_a_mended_dead_letter_takes_effect_exactly_once(kafka: str) -> None:
    with fresh_database("chassis") as url:
        app = probe.create_probe(url, kafka)
        await probe.effects(app)
        async with probe.running(app):
            async with app.state.database.transaction() as session:
                publish(session, probe.a_flag("refuse"))
                publish(session, probe.a_flag("good"))
            await until(one_dead)
            probe.REFUSED.discard("refuse")
            assert await redrive(kafka, "notifications", reason="flag-refused") == (1, 0)

            async def both_kept() -> bool:
                return len(await probe.effects(app)) == 2

            await until(both_kept)
            assert await redrive(kafka, "notifications") == (0, 0)
            assert [reason for _, reason in await probe.effects(app)] == ["good", "refuse"]


async def test_a_letter_of_another_reason_waits_for_the_next_redrive(kafka: str) -> None:
    with fresh_database("chassis") as url:
        app = probe.create_probe(url, kafka)
        await probe.effects(app)
        async with probe.running(app):
            async with app.state.database.transaction() as session:
                publish(session, probe.a_flag("refuse"))
            await until(one_dead)
            probe.REFUSED.discard("refuse")
            assert await redrive(kafka, "notifications", reason="another") == (0, 1)
            assert await probe.effects(app) == []
            assert await redrive(kafka, "notifications") == (1, 0)

            async def kept() -> bool:
                return [reason for _, reason in await probe.effects(app)] == ["refuse"]

            await until(kept)
