"""Asking over HTTP: tags, packing, pages that name the next one, and where it must not lead."""

import gzip
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import zstandard
from fastapi import Response

from connector_gateway.connectors.http import steps
from connector_gateway.domain.sources import PullKind, Source
from connector_gateway.errors.pulls import SourceSignInRefused
from tests.support.gateway import Gateway
from tests.support.pulled import Pages, Pulled, digest, serving, some


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[Pages]:
    """Give a ministry's page by page interface."""
    async with serving(PullKind.HTTP, tmp_path) as system:
        assert isinstance(system, Pages)
        yield system


@pytest.fixture
async def pulled(gateway: Gateway, pages: Pages) -> Pulled:
    """Give a connection that asks it."""
    pulled = Pulled(gateway, pages)
    pulled.permit()
    await gateway.open(pulled.code)
    assert (await pulled.configure()).status_code == 200
    return pulled


async def test_a_page_that_is_as_it_was_is_not_sent_again(pulled: Pulled, pages: Pages) -> None:
    for name, body in some(3).items():
        pages.offer(name, body)
    await pulled.turn()
    await pulled.turn()
    assert (pages.asked, pages.bodies_sent, len(pulled.taken)) == (6, 3, 3)


@pytest.mark.parametrize(
    ("encoding", "packed"), [("gzip", gzip.compress), ("zstd", zstandard.compress)]
)
async def test_a_packed_page_is_taken_unpacked(
    pulled: Pulled, pages: Pages, encoding: str, packed: Callable[[bytes], bytes]
) -> None:
    body = some(1)["bao-cao-1"]
    pages.headers = {"content-encoding": encoding}
    pages.offer("trang", packed(body))
    pages.offer("hong", b"khong phai goi nen")
    await pulled.turn()
    assert pulled.taken == [digest(body)]
    [problem] = (await pulled.view())["problems"]
    assert problem["said"]["type"] == "/problems/encoding-broken"


async def test_the_name_of_the_next_page_is_cut_out_and_figures_stay_as_written(
    pulled: Pulled, pages: Pages
) -> None:
    pages.names_next_inside = True
    bodies = [b'{"figures":[1.10,12345678901234567890]}', b'{"figures":[2.50]}']
    for number, body in enumerate(bodies):
        pages.offer(f"trang-{number}", body)
    await pulled.change(**pages.configuration(next_member="next"))
    await pulled.turn()
    assert pulled.taken == [digest(body) for body in bodies]


async def test_csv_is_taken_as_csv(pulled: Pulled, pages: Pages) -> None:
    pages.offer("bang", b"a;b\n1;2\n", content_type="text/csv; charset=utf-8")
    await pulled.turn()
    assert pulled.gateway.rows("SELECT content_type FROM receipts") == [("text/csv",)]


async def test_a_redirect_is_refused_and_names_where_it_led(pulled: Pulled, pages: Pages) -> None:
    pages.answer = Response(status_code=302, headers={"location": "http://10.0.0.1/x"})
    await pulled.turn()
    error = (await pulled.view())["last_error"]
    assert error["type"] == "/problems/pull-source-redirects"
    assert "http://10.0.0.1/x" in error["detail"]
    assert pages.asked == 1


@pytest.mark.parametrize("following", ["1", "http://127.0.0.1:1/trang/2", "http://[x"])
async def test_a_next_page_that_leads_back_or_elsewhere_ends_the_turn(
    pulled: Pulled, pages: Pages, following: str
) -> None:
    pages.offer("mot", some(1)["bao-cao-1"])
    pages.last_next = following
    await pulled.turn()
    assert (await pulled.view())["last_error"]["type"] == "/problems/pull-paging-broken"
    assert pages.asked == 1


async def test_a_turn_reads_so_many_pages_and_the_next_goes_on(
    pulled: Pulled, pages: Pages
) -> None:
    for name, body in some(5).items():
        pages.offer(name, body)
    await pulled.change(**pages.configuration(most_pages=2))
    for count, asked in ((2, 2), (4, 4), (5, 5), (5, 7)):
        await pulled.turn()
        assert (len(pulled.taken), pages.asked) == (count, asked)


async def test_a_turn_begins_anew_where_the_page_to_go_on_with_is_gone(
    pulled: Pulled, pages: Pages
) -> None:
    for name, body in some(3).items():
        pages.offer(name, body)
    await pulled.change(**pages.configuration(most_pages=2))
    await pulled.turn()
    del pages.pages["bao-cao-3"]
    pages.offer("bao-cao-1", some(4)["bao-cao-4"])
    await pulled.turn()
    assert len(pulled.taken) == 3
    assert (await pulled.view())["failures"] == 0


async def test_nothing_yet_is_no_failure(pulled: Pulled, pages: Pages) -> None:
    await pulled.turn()
    view = await pulled.view()
    assert (view["failures"], pulled.taken) == (0, [])
    assert view["last_success_at"]


@pytest.mark.parametrize(
    ("credential", "header", "value"),
    [
        (
            {"scheme": "basic", "user": "an", "secret": "mật khẩu"},
            "authorization",
            "Basic YW46beG6rXQga2jhuql1",
        ),
        ({"scheme": "api-key", "header": "X-Api-Key", "secret": "k-1"}, "x-api-key", "k-1"),
    ],
)
async def test_a_credential_goes_into_its_header(
    pages: Pages, credential: dict[str, str], header: str, value: str
) -> None:
    pages.offer("trang", some(1)["bao-cao-1"])
    url = pages.configuration()["http"]["url"]
    permitted = frozenset({f"127.0.0.1:{pages.port}"})
    with pytest.raises(SourceSignInRefused):
        await anext(steps(Source({"url": url}, permitted, credential)))
    assert pages.heard[header] == value
