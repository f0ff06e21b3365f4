"""A dead letter goes back once its reason is mended, and takes effect once."""

from chassis.outbox import publish
from chassis.redrive import redrive
from contracts.topics import dead_letters_of
from tests.support import probe
from tests.support.kafka import records
from tests.support.postgres import fresh_database
from tests.support.waiting import until


async def test_a_mended_dead_letter_takes_effect_exactly_once(kafka: str) -> None:
    with fresh_database("chassis") as url:
        app = probe.create_probe(url, kafka)
        await probe.effects(app)
        async with probe.running(app):
            probe.REFUSED.add("refuse")
            async with app.state.database.transaction() as session:
                publish(session, probe.a_flag("refuse"))
                publish(session, probe.a_flag("good"))

            async def one_dead() -> bool:
                return len(await records(dead_letters_of("notifications").name)) == 1

            await until(one_dead)
            probe.REFUSED.discard("refuse")
            assert await redrive(kafka, "notifications", reason="another") == (0, 1)
            assert await redrive(kafka, "notifications") == (0, 0)
            assert [reason for _, reason in await probe.effects(app)] == ["good"]


async def test_letters_put_back_reach_their_reader(kafka: str) -> None:
    with fresh_database("chassis") as url:
        app = probe.create_probe(url, kafka)
        await probe.effects(app)
        async with probe.running(app):
            probe.REFUSED.add("refuse")
            async with app.state.database.transaction() as session:
                publish(session, probe.a_flag("refuse"))

            async def one_dead() -> bool:
                return len(await records(dead_letters_of("notifications").name)) == 1

            await until(one_dead)
            probe.REFUSED.discard("refuse")
            assert await redrive(kafka, "notifications", reason="flag-refused") == (1, 0)

            async def kept() -> bool:
                return [reason for _, reason in await probe.effects(app)] == ["refuse"]

            await until(kept)
            assert await redrive(kafka, "notifications") == (0, 0)
    probe.REFUSED.add("refuse")
