"""What the conformance modules expect again and again: an OAuth error, an error page, a flow that works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.oauth.relying_party import REDIRECT_URI, VERIFIER

if TYPE_CHECKING:
    import httpx

    from tests.oauth.relying_party import RelyingParty


def assert_refused(answer: httpx.Response, *errors: str, status: int = 400) -> None:
    """An OAuth error in JSON with a description that helps, never to be cached."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["error"] in errors, answer.text
    assert body["error_description"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"


def assert_page(answer: httpx.Response) -> None:
    """An error shown to the person, who is sent nowhere."""
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def works(party: RelyingParty, **changes: Any) -> dict[str, Any]:
    """A whole flow: request, consent, code, token, resource; the token answer."""
    found = await party.tokens(**changes)
    assert (await party.call(found["access_token"])).status_code == 200
    return found


def code_form(code: str) -> dict[str, Any]:
    return {
        "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }  # fmt: skip


async def works_with_iat(party: RelyingParty, seconds: int) -> None:
    """A whole flow whose every proof was made `seconds` from now."""
    made_at: dict[str, Any] = {"iat": party.now() + seconds}
    pushed = await party.send("/oauth/par", party.request(), **made_at)
    assert pushed.status_code == 201
    code = (await party.approve(pushed.json()["request_uri"]))["code"]
    redeemed = await party.send("/oauth/token", code_form(code), **made_at)
    assert redeemed.status_code == 200
    assert (await party.call(redeemed.json()["access_token"], **made_at)).status_code == 200


async def refused_everywhere(party: RelyingParty, assertion: Any, *errors: str) -> None:
    """A bad assertion gets nothing pushed, nothing redeemed, and uses nothing up."""
    errors = errors or ("invalid_client",)
    assert_refused(await party.push(client_assertion=assertion()), *errors, status=401)
    code = await party.code()
    assert_refused(await party.redeem(code, client_assertion=assertion()), *errors, status=401)
    assert (await party.redeem(code)).status_code == 200
