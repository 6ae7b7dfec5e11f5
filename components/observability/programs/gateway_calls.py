"""Calls of the gateway: models over the OpenAI API, everything else as JSON over TLS."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPMessage
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from components.observability.programs.measures import Json

SECONDS = 180
UNREACHABLE = (urllib.error.URLError, TimeoutError, ValueError, ConnectionError)
Call = Callable[[str, str, Json, Mapping[str, str]], tuple[Json, Mapping[str, str]]]
"""Address, key, body and further headers in; answer and its headers out. Raises one of UNREACHABLE."""


@dataclass(frozen=True)
class Gateway:
    """The door to models and tools, with this evaluation's own key."""

    models_url: str
    tools_url: str
    key: str
    call: Call

    def answer(self, model: str, *messages: tuple[str, str]) -> str | None:
        """What a model says; None when no answer came."""
        body = {
            "model": model,
            "temperature": 0,
            "messages": [{"role": role, "content": text} for role, text in messages],
        }
        try:
            told, _ = self.call(f"{self.models_url}/chat/completions", self.key, body, {})
        except UNREACHABLE:
            return None
        text = at(told, "choices", 0, "message", "content")
        return text if isinstance(text, str) and text.strip() else None

    def vector(self, model: str, text: str) -> object:
        """The text's embedding. Raises one of UNREACHABLE."""
        told, _ = self.call(f"{self.models_url}/embeddings", self.key, {"model": model, "input": text}, {})
        return at(told, "data", 0, "embedding")


class SameHost(urllib.request.HTTPRedirectHandler):
    """Posts again where the same host sends a request on, as it does to add a slash; the key goes nowhere else."""

    def redirect_request(  # the signature is urllib's
        self,
        req: urllib.request.Request,
        fp: IO[bytes],  # noqa: ARG002
        code: int,
        msg: str,  # noqa: ARG002
        headers: HTTPMessage,  # noqa: ARG002
        newurl: str,
    ) -> urllib.request.Request | None:
        """The request for the new place; none, and so an error, for any other."""
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if code not in (HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT) or (old.scheme, old.netloc) != (
            new.scheme,
            new.netloc,
        ):
            return None
        return urllib.request.Request(newurl, data=req.data, headers=dict(req.header_items()))  # noqa: S310  the same host


def over_https(authority: Path) -> Call:
    """Posts JSON to whom the cluster's authority vouches for; an answer may come as one event of a stream."""
    context = ssl.create_default_context(cafile=str(authority))
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # authorities of older clusters have no key identifier
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), SameHost())

    def call(url: str, key: str, body: Json, headers: Mapping[str, str]) -> tuple[Json, Mapping[str, str]]:
        sent = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {}), **headers}
        request = urllib.request.Request(url, data=json.dumps(body).encode(), headers=sent)  # noqa: S310  addresses of ports
        with opener.open(request, timeout=SECONDS) as answer:
            return answered(answer.read().decode()), dict(answer.headers.items())

    return call


def answered(text: str) -> Json:
    """The JSON object of an answer, also where it comes as an event. Raises one of UNREACHABLE for anything else."""
    events = [line.removeprefix("data:") for line in text.splitlines() if line.startswith("data:")]
    found = json.loads(events[-1] if events else text or "{}")
    if not isinstance(found, Mapping):
        raise ConnectionError("the answer is no JSON object")
    return found


def at(value: object, *path: str | int) -> object:
    """What stands at a path within JSON; None where nothing does."""
    for step in path:
        if isinstance(value, Mapping) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
