"""The door for policies: how a connection may be used, and what it may push (Điều 3.5)."""

from typing import Annotated, Self

from fastapi import APIRouter, Response
from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from chassis.clock import Now
from chassis.database import Transaction
from chassis.etags import Tag, etag_of
from chassis.http import Body
from connector_gateway.api.bodies import CodeInPath
from connector_gateway.api.callers import Operator, Reader, person
from connector_gateway.commands import policies as commands
from connector_gateway.domain.connections import Connection, Grants, WhileSuspended
from connector_gateway.domain.contents import LARGEST
from connector_gateway.domain.detectors import Detector
from connector_gateway.domain.policies import Format, Policy, Signing, Terms, network
from connector_gateway.domain.quotas import Quota
from connector_gateway.errors.connections import ConnectionUnknown
from connector_gateway.queries import View
from connector_gateway.queries import connections as queries
from contracts.identifiers import RegimeCode, StatisticsCode

router = APIRouter(tags=["policies"])

MOST = 1_000_000_000_000


def _network(said: str) -> str:
    try:
        return network(said)
    except ValueError as why:
        raise PydanticCustomError("network", "network") from why


Network = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=50), AfterValidator(_network)
]
"""A network (CIDR, its host bits zero) or a single address, of IPv4 or IPv6."""
Times = Annotated[int, Field(ge=1, le=100_000)]


class QuotaBody(Body):
    """How much may be pushed; null means no limit."""

    deliveries_per_minute: Times | None = None
    burst: Times | None = Field(default=None, description="At once; null: those of a minute")
    bytes_per_day: Annotated[int, Field(ge=LARGEST, le=MOST)] | None = Field(
        default=None, description="As sent, by the day of Vietnam; one delivery always fits"
    )

    @model_validator(mode="after")
    def _burst_has_a_pace(self) -> Self:
        if self.burst is not None and self.deliveries_per_minute is None:
            raise PydanticCustomError("burst", "burst without deliveries_per_minute")
        return self


class PolicyBody(Body):
    """Everything that operators set for a connection; nothing is left to a default."""

    formats: Annotated[list[Format], Field(min_length=1, max_length=3)]
    regimes: list[RegimeCode] | None
    agencies: list[StatisticsCode] | None
    networks: Annotated[list[Network], Field(min_length=1, max_length=200)] | None
    quota: QuotaBody
    signed: Signing
    while_suspended: WhileSuspended
    suspends_automatically: list[Detector] = Field(
        default_factory=list,
        max_length=len(Detector),
        description="Detectors that may stop it for a security risk; the others only flag it",
    )

    @property
    def terms(self) -> Terms:
        """Return what is to hold."""
        policy = Policy(
            formats=[one for one in Format if one in self.formats],
            networks=self.networks,
            quota=Quota(**self.quota.model_dump()),
            signed=self.signed,
        )
        grants = Grants(self.regimes, self.agencies)
        stopping = [one for one in Detector if one in self.suspends_automatically]
        return Terms(policy, grants, self.while_suspended, stopping)


class QuotaView(View):
    """How much may be pushed; null means no limit."""

    deliveries_per_minute: int | None
    burst: int | None
    bytes_per_day: int | None


class PolicyView(View):
    """How a connection may be used; null means that nothing is forbidden."""

    formats: list[Format]
    regimes: list[str] | None
    agencies: list[str] | None
    networks: list[str] | None
    quota: QuotaView
    signed: Signing
    while_suspended: WhileSuspended
    suspends_automatically: list[Detector]


@router.get("/connections/{code}/policy")
async def show_policy(
    code: CodeInPath, session: Transaction, _: Reader, response: Response
) -> PolicyView:
    """Return how a connection may be used, with its `ETag`. 404 `connection-unknown`."""
    found = await queries.connection_of_code(session, code)
    if found is None:
        raise ConnectionUnknown(connection=code)
    return _view(found, response)


@router.put("/connections/{code}/policy")
async def change_policy(
    code: CodeInPath, body: PolicyBody, session: Transaction, who: Operator, now: Now, tag: Tag
) -> PolicyView:
    """Set how a connection may be used, from now on: the whole policy, with `If-Match`.

    `networks` counts for tokens, pushes and dry runs; `formats` for pushes and dry runs; `quota`
    for pushes that are taken. With `signed` `required`, a push carries a signature (RFC 9421) by
    an Ed25519 key of the connection (`keyid`: its `kid`) over `@method`, `@target-uri` or `@path`,
    and `content-digest` (RFC 9530), `created` within 300 s of now. 404 `connection-unknown`;
    409 `signing-key-missing`; 412 `stale-etag`; 428 `etag-required`.
    """
    made = await commands.change_policy(
        session, code, body.terms, revision=tag.revision, by=person(who), now=now
    )
    return _view(made, tag.response)


def _view(connection: Connection, response: Response) -> PolicyView:
    response.headers["ETag"] = etag_of(connection.policy_revision)
    terms = Terms.of(connection)
    policy, grants = terms.policy, terms.grants
    return PolicyView(
        formats=list(policy.formats),
        regimes=list(grants.regimes) if grants.regimes is not None else None,
        agencies=list(grants.agencies) if grants.agencies is not None else None,
        networks=list(policy.networks) if policy.networks is not None else None,
        quota=QuotaView.model_validate(policy.quota, from_attributes=True),
        signed=policy.signed,
        while_suspended=terms.while_suspended,
        suspends_automatically=list(terms.suspends_automatically),
    )
