import json
from typing import Any

from aiohttp import web

from kdasync.kube.transport import Request


async def echo(request: web.Request) -> web.Response:
    return web.json_response(
        {
            "method": request.method,
            "path": request.raw_path,
            "commands": request.query.getall("command", []),
            "authorization": request.headers.get("Authorization"),
            "type": request.headers.get("Content-Type"),
            "body": (await request.read()).decode(),
        },
        headers={"X-Mixed-Case": "1"},
    )


async def test_everything_of_a_request_arrives(connect_to: Any) -> None:
    transport = await connect_to(echo, token="secret")  # noqa: S106 - made up
    query = (("command", "sh"), ("command", "-c"), ("command", "a b&c"))
    request = Request("POST", "/api/v1/a:b", query, {"Content-Type": "application/json"}, b'{"x":1}')
    response = await transport.request(request, timeout=5)
    assert response.status == 200
    assert response.headers["x-mixed-case"] == "1"
    seen = json.loads(response.body)
    assert seen == {
        "method": "POST",
        "path": "/api/v1/a:b?command=sh&command=-c&command=a+b%26c",
        "commands": ["sh", "-c", "a b&c"],
        "authorization": "Bearer secret",
        "type": "application/json",
        "body": '{"x":1}',
    }


async def test_a_refusal_is_returned_not_raised(connect_to: Any) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"reason": "Forbidden"}, status=403)

    response = await (await connect_to(refuse)).request(Request("GET", "/x"), timeout=5)
    assert (response.status, response.body) == (403, b'{"reason": "Forbidden"}')


async def test_a_redirect_is_not_followed_so_the_token_stays_here(connect_to: Any) -> None:
    hits = []

    async def redirect(request: web.Request) -> web.Response:
        hits.append(request.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    response = await (await connect_to(redirect, token="secret")).request(Request("GET", "/x"), timeout=5)  # noqa: S106 - made up
    assert response.status == 302
    assert hits == ["/x"]


async def test_an_authorization_may_change_between_requests(connect_to: Any) -> None:
    tokens = iter(["Bearer one", "Bearer two"])

    async def authorization() -> str:
        return next(tokens)

    transport = await connect_to(echo, authorization=authorization)
    bodies = [(await transport.request(Request("GET", "/x"), timeout=5)).body for _ in range(2)]
    assert b"Bearer one" in bodies[0]
    assert b"Bearer two" in bodies[1]
