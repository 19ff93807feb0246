"""`POST /oauth/token` as HTTP: what is no proper form is refused in OAuth's own words, and nothing crashes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
import pytest
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from litestar import get
from litestar.di import NamedDependency

from gateway.api import app, oauth
from gateway.domain.errors import Overloaded
from gateway.domain.rights import Caller, Right
from tests.oauth.scene import Scene, open_scene
from tests.oauth.signing import ABSENT, ISSUER, es256, form

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.anyio
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def scene(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Scene]:
    async with open_scene(f"sqlite:///{tmp_path / 'restock.db'}") as scene:
        yield scene


async def good(scene: Scene, **changes: Any) -> dict[str, Any]:
    """A form that would get a token, were it not for `changes`."""
    return form(scene.assertion(await scene.client(es256()), es256()), **changes)


def assert_error(answer: httpx.Response, status: int, error: str) -> str:
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    return str(answer.json()["error_description"])


@pytest.mark.parametrize(("changes", "status", "error"), [
    ({"grant_type": ABSENT}, 400, "invalid_request"),
    ({"grant_type": ""}, 400, "invalid_request"),
    ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ({"grant_type": "authorization_code"}, 400, "invalid_request"),
    ({"grant_type": "refresh_token"}, 400, "invalid_request"),
    ({"grant_type": "implicit"}, 400, "unsupported_grant_type"),
    ({"grant_type": "CLIENT_CREDENTIALS"}, 400, "unsupported_grant_type"),
    ({"grant_type": 'x"\\é\n' * 100}, 400, "unsupported_grant_type"),
    ({"client_assertion_type": ABSENT}, 401, "invalid_client"),
    ({"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}, 401, "invalid_client"),
    ({"client_assertion_type": "JWT"}, 401, "invalid_client"),
    ({"client_assertion": ABSENT}, 401, "invalid_client"),
    ({"client_assertion": ""}, 401, "invalid_client"),
    ({"client_assertion": "x" * 9_000}, 401, "invalid_client"),
    ({"client_secret": "hunter2"}, 401, "invalid_client"),
    ({"client_id": "cli_01jc0000000000000000000001"}, 401, "invalid_client"),
])  # fmt: skip
async def test_a_wrong_parameter_is_refused_by_its_own_error(
    scene: Scene, changes: dict[str, Any], status: int, error: str
) -> None:
    parameters = await good(scene, **changes)
    assert assert_error(await scene.send(parameters), status, error)


@pytest.mark.parametrize("name", ["grant_type", "client_assertion", "client_assertion_type", "scope", "anything"])
@pytest.mark.parametrize("again", ["", "same"])
async def test_a_parameter_that_comes_twice_is_refused(scene: Scene, name: str, again: str) -> None:
    parameters = {"scope": "events:read", "anything": "1", **await good(scene)}
    body = urlencode([*parameters.items(), (name, parameters[name] if again == "same" else again)])
    answer = await scene.post(content=body, headers=_FORM | scene.proven())
    assert name in assert_error(answer, 400, "invalid_request")
    assert (await scene.send(parameters)).status_code == 200, "a refused request spends nothing"


async def test_unknown_parameters_are_ignored(scene: Scene) -> None:
    assert (await scene.send(await good(scene, resource="x", code=""))).status_code == 200


@pytest.mark.parametrize("body", [
    b"", b"&", b"=", b"grant_type", b"grant_type=%ff", b"a=\xff", b"grant_type=\x00", b"{}", b"%",
    b"&".join([b"a=1"] * 50), b"a" * 16_000, bytes(range(256)),
])  # fmt: skip
async def test_a_body_that_is_no_form_is_refused(scene: Scene, body: bytes) -> None:
    answer = await scene.post(content=body, headers=_FORM | scene.proven())
    assert answer.json()["error"] in {"invalid_request", "unsupported_grant_type"}
    assert answer.status_code == 400


async def test_a_body_that_is_too_large_is_refused(scene: Scene) -> None:
    answer = await scene.post(content=b"a" * 17_000, headers=_FORM | scene.proven())
    assert_error(answer, 413, "invalid_request")


@pytest.mark.parametrize("headers", [
    {"Content-Type": "application/json"}, {"Content-Type": "multipart/form-data; boundary=x"}, {},
    {**_FORM, "Content-Encoding": "gzip"},
])  # fmt: skip
async def test_another_media_type_is_refused(scene: Scene, headers: dict[str, str]) -> None:
    content = urlencode(await good(scene)).encode()
    answer = await scene.post(content=content, headers=headers | scene.proven())
    assert "x-www-form-urlencoded" in assert_error(answer, 400, "invalid_request")


async def test_a_form_with_a_charset_is_read(scene: Scene) -> None:
    headers = {"Content-Type": "Application/X-WWW-Form-Urlencoded; charset=UTF-8"}
    answer = await scene.post(content=urlencode(await good(scene)), headers=headers | scene.proven())
    assert answer.status_code == 200


async def test_parameters_in_the_address_are_refused(scene: Scene) -> None:
    answer = await scene.post(query="?scope=events:read", data=await good(scene), headers=scene.proven())
    assert_error(answer, 400, "invalid_request")


async def test_an_authorization_header_is_refused_with_a_challenge(scene: Scene) -> None:
    answer = await scene.post(data=await good(scene), auth=("cli_x", "secret"), headers=scene.proven())
    assert_error(answer, 401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_only_post_reaches_it(scene: Scene, method: str) -> None:
    assert (await scene.http.request(method, "/oauth/token")).status_code == 405


async def test_a_full_queue_is_an_oauth_error_too(scene: Scene) -> None:
    async def full(unit: Any) -> None:
        raise Overloaded("too many writes are waiting", retry_after=1)

    parameters = await good(scene)
    scene.world.store.write = full
    answer = await scene.send(parameters)
    assert_error(answer, 429, "temporarily_unavailable")
    assert answer.headers["retry-after"] == "1"


async def test_a_crash_is_an_oauth_error_without_internals(scene: Scene) -> None:
    async def crash(unit: Any) -> None:
        raise RuntimeError("secret: 4711")

    parameters = await good(scene)
    scene.world.store.write = crash
    answer = await scene.send(parameters)
    said = assert_error(answer, 500, "server_error")
    assert "4711" not in said
    assert answer.headers["request-id"] in said


@get("/who", opt={"right": Right.events_read})
async def who(caller: NamedDependency[Caller]) -> dict[str, str]:
    """Who is calling."""
    return {"client_id": caller.client_id}


async def test_a_token_opens_the_routes_its_rights_name_and_no_others(scene: Scene) -> None:
    client = await scene.client(es256())
    transport = httpx.ASGITransport(app.create_app(scene.world, [*oauth.ROUTES, who]))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as http:
        scene.http = http
        for scope, status in (("events:read", 200), ("merchants:read", 403)):
            token = (await scene.ask(client, es256(), scope=scope)).json()["access_token"]
            answer = await http.get("/who", headers=scene.proven("GET", "/who", token))
            assert answer.status_code == status
            downgraded = {**scene.proven("GET", "/who", token), "authorization": f"Bearer {token}"}
            assert (await http.get("/who", headers=downgraded)).status_code == 401
        assert (await http.get("/who", headers=scene.proven("GET", "/who", "x"))).status_code == 401


async def test_the_metadata_is_valid_and_names_the_endpoint(scene: Scene) -> None:
    answer = await scene.http.get("/.well-known/oauth-authorization-server")
    later = {"authorization_endpoint": f"{ISSUER}/later", "response_types_supported": ["later"]}
    found = AuthorizationServerMetadata({**answer.json(), **later})
    found.validate()
    assert found["issuer"] == ISSUER
    assert found["token_endpoint"] == f"{ISSUER}/oauth/token"
    assert "RS256" not in found["token_endpoint_auth_signing_alg_values_supported"]


def form_headers(scene: Scene) -> dict[str, str]:
    """What authlib's client sends by itself, and the proof that it knows nothing of."""
    return {"Accept": "application/json", **_FORM, **scene.proven()}


@pytest.mark.filterwarnings("ignore:The httpx module is deprecated")
async def test_authlibs_own_client_gets_a_token(scene: Scene) -> None:
    from authlib.integrations.httpx_client import AsyncOAuth2Client  # noqa: PLC0415 - warns when it is imported

    client = await scene.client(es256())
    soon = int(scene.clock.now().timestamp()) + 60  # its own choice is an hour, which FAPI 2.0 does not allow
    transport = httpx.ASGITransport(app.create_app(scene.world, oauth.ROUTES))  # type: ignore[arg-type]
    signed = PrivateKeyJWT(ISSUER, claims={"iat": soon - 60, "exp": soon}, headers={"kid": "main"}, alg="ES256")
    async with AsyncOAuth2Client(
        client.id, es256().key, token_endpoint_auth_method=signed, transport=transport
    ) as session:
        found = await session.fetch_token(
            f"{ISSUER}/oauth/token", grant_type="client_credentials", headers=form_headers(scene)
        )
    assert (await scene.world.tokens.identify(found["access_token"])).client_id == client.id
