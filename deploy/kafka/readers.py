"""Lets systems of the province read the open topics, and takes it away again (decisions/0019).

``KAFKA_BOOTSTRAP=host:port python -m deploy.kafka.readers grant kho-du-lieu`` prints a password
that is shown once; ``revoke kho-du-lieu`` ends it; ``list`` says who may read. What is open stands
in ``contracts.topics`` and nowhere else.
"""

import asyncio
import os
import re
import secrets
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest
from aiokafka.protocol.api import Request

from contracts.topics import TOPICS
from deploy.kafka.scram import AlterScramUser
from deploy.kafka.topics import administrator

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
NO_SUCH_USER = 91
ANY, READ, ALLOW = 1, 3, 3
EVERYWHERE = "*"


class Resource(IntEnum):
    """What a rule is about, as the protocol counts it."""

    ANY = 1
    TOPIC = 2
    GROUP = 3


class Pattern(IntEnum):
    """How a rule names it, as the protocol counts it."""

    ANY = 1
    LITERAL = 3
    PREFIXED = 4


@dataclass(frozen=True)
class Reader:
    """A system that may read; ``user`` is its name at the broker and of its consumer groups.

    The prefix keeps it out of the groups of the services, whose names never begin so.
    """

    name: str

    def __post_init__(self) -> None:
        """Refuse what is no name: lower-case words joined by hyphens, as in codes."""
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r}: lower-case letters, digits and single hyphens")

    @property
    def user(self) -> str:
        """Return ``reader.<name>``."""
        return f"reader.{self.name}"

    @property
    def principal(self) -> str:
        """Return how rules name it."""
        return f"User:{self.user}"

    def rules(self) -> Iterable[tuple[Resource, str, Pattern]]:
        """Return all that it may read: every open topic, and offsets of its own groups."""
        for topic in TOPICS:
            if topic.is_open:
                yield Resource.TOPIC, topic.name, Pattern.LITERAL
        yield Resource.GROUP, self.user, Pattern.LITERAL
        yield Resource.GROUP, f"{self.user}.", Pattern.PREFIXED


async def grant(bootstrap: str, reader: Reader) -> str:
    """Let ``reader`` in and return its new password; an older one ends, within five minutes also
    where somebody is connected with it.

    Topics that were closed meanwhile are taken away. The brokers learn of all this a moment after
    this returns. ``RuntimeError`` where the broker refuses,
    above all because it has no authorizer.
    """
    password = secrets.token_urlsafe(32)
    async with administrator(bootstrap) as admin:
        await _forget_rules(admin, reader)
        for resource, name, pattern in reader.rules():
            rule = (resource, name, pattern, reader.principal, EVERYWHERE, READ, ALLOW)
            _check((await _ask(admin, CreateAclsRequest(*rule))).creation_responses)
        answer = await _ask(admin, AlterScramUser(reader.user, password))
        _check([result[1:] for result in answer.results])
    return password


async def revoke(bootstrap: str, reader: Reader) -> int:
    """Shut ``reader`` out, also where it is connected; return how many rules it had.

    Brokers learn of it a moment after this returns, and a request that is under way is answered.
    """
    async with administrator(bootstrap) as admin:
        count = await _forget_rules(admin, reader)
        answer = await _ask(admin, AlterScramUser(reader.user))
        _check([result[1:] for result in answer.results if result[1] != NO_SUCH_USER])
    return count


async def granted(bootstrap: str) -> dict[str, list[str]]:
    """Return the topics that each user of the broker may read."""
    everything = (Resource.TOPIC, None, Pattern.ANY, None, None, READ, ALLOW)
    found: dict[str, list[str]] = {}
    async with administrator(bootstrap) as admin:
        answer = await _ask(admin, DescribeAclsRequest(*everything))
    _check([(answer.error_code, answer.error_message)])
    for _, topic, _, rules in answer.resources:
        for principal, *_ in rules:
            found.setdefault(principal.removeprefix("User:"), []).append(topic)
    return {user: sorted(topics) for user, topics in sorted(found.items())}


async def _forget_rules(admin: AIOKafkaAdminClient, reader: Reader) -> int:
    all_of_it = (Resource.ANY, None, Pattern.ANY, reader.principal, None, ANY, ANY)
    answer = await _ask(admin, DeleteAclsRequest(*all_of_it))
    _check(answer.filter_responses)
    return sum(len(rules) for _, _, rules in answer.filter_responses)


async def _ask(admin: AIOKafkaAdminClient, request: Request[Any]) -> Any:
    client = admin._client  # the administrator of aiokafka 0.14 has no method for rules and users
    return await client.send(client.get_random_node(), request)


def _check(results: Iterable[Any]) -> None:
    for code, message, *_ in results:
        if code:
            raise RuntimeError(f"the broker refuses: {message or for_code(code).__name__}")


def main(*arguments: str) -> str:
    """Do what the command line says and return what to print."""
    bootstrap = os.environ["KAFKA_BOOTSTRAP"]
    match arguments:
        case ("grant", name):
            reader = Reader(name)
            password = asyncio.run(grant(bootstrap, reader))
            return (
                f"user {reader.user}\npassword {password}\ngroup {reader.user} or {reader.user}.…"
            )
        case ("revoke", name):
            return f"{asyncio.run(revoke(bootstrap, Reader(name)))} rules taken away"
        case ("list",):
            who = asyncio.run(granted(bootstrap))
            return "\n".join(f"{user}: {', '.join(topics)}" for user, topics in who.items())
        case _:
            sys.exit("grant <name> | revoke <name> | list")


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
