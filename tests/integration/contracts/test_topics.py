"""A live broker has exactly the topics of the registry, cut and kept as it says."""

from typing import Any

from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from contracts.topics import TOPICS
from deploy.kafka.topics import administrator, make_topics


async def test_a_broker_has_the_topics_of_the_registry_as_it_says(kafka: str) -> None:
    async with administrator(kafka) as admin:
        described: list[dict[str, Any]] = await admin.describe_topics()
        kept = await settings_of(admin)
    cut = {
        topic["topic"]: len(topic["partitions"])
        for topic in described
        if not topic.get("is_internal") and not topic["topic"].startswith("__")
    }
    assert cut == {topic.name: topic.partitions for topic in TOPICS}
    for topic in TOPICS:
        assert kept[topic.name]["retention.ms"] == str(topic.retention_ms)
        assert kept[topic.name]["cleanup.policy"] == topic.cleanup
        assert kept[topic.name]["max.message.bytes"] == str(topic.max_message_bytes)


async def settings_of(admin: Any) -> dict[str, dict[str, str]]:
    """Return the settings of every topic by its name."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in TOPICS]
    return {
        resource[3]: {entry[0]: entry[1] for entry in resource[4]}
        for answer in await admin.describe_configs(asked)
        for resource in answer.resources
    }


async def test_topics_are_made_once(kafka: str) -> None:
    assert await make_topics(kafka) == 0
