"""A cluster's API server on loopback: it keeps what it is given, if that is valid.

It speaks as much of the protocol as `kubectl apply`, `create`, `get` and `delete` need of a real
server. Nothing is ever started.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

Object = dict[str, Any]
KINDS = {
    "v1": {"namespaces": "Namespace", "configmaps": "ConfigMap", "secrets": "Secret"}
    | {"serviceaccounts": "ServiceAccount", "persistentvolumeclaims": "PersistentVolumeClaim"},
    "batch/v1": {"jobs": "Job", "cronjobs": "CronJob"},
    "networking.k8s.io/v1": {"networkpolicies": "NetworkPolicy"},
    "ray.io/v1": {"rayjobs": "RayJob"},
}
VERBS = ["create", "delete", "get", "list", "patch", "update"]
PLACE = re.compile(
    r"/(?:api|apis/[^/]+)/v1(?:/namespaces/[^/]+)?/(?P<kinds>[a-z]+)(?:/(?P<name>.+))?"
)
CONFIG = """
apiVersion: v1
kind: Config
clusters: [{{name: fake, cluster: {{server: "{url}"}}}}]
contexts: [{{name: fake, context: {{cluster: fake, user: fake, namespace: default}}}}]
users: [{{name: fake, user: {{}}}}]
current-context: fake
"""


@dataclass
class FakeCluster:
    """What the server was given, by kind and name."""

    url: str
    objects: dict[tuple[str, str], Object] = field(default_factory=dict)

    def write_config(self, file: Path) -> Path:
        """Write a file for KUBECONFIG."""
        file.write_text(CONFIG.format(url=self.url), encoding="utf-8")
        return file

    def answer(self, method: str, path: str, body: Object) -> tuple[int, Object]:
        """Give status and body of a response."""
        path = path.partition("?")[0]
        if (found := _discovered(path)) is not None:
            return 200, found
        place = PLACE.fullmatch(path)
        if place is None:
            return 404, _status(404, "NotFound", path)
        kind = next(of[place["kinds"]] for of in KINDS.values() if place["kinds"] in of)
        if method == "GET" and place["name"] is None:
            items = [one for (of, _), one in self.objects.items() if of == kind]
            return 200, {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items}
        key = (kind, place["name"] or body["metadata"]["name"])
        if method == "POST":
            self.objects[key] = body
            return 201, body
        if key not in self.objects:
            return 404, _status(404, "NotFound", f'{place["kinds"]} "{key[1]}" not found')
        return 200, self.objects.pop(key) if method == "DELETE" else self.objects[key]


@contextmanager
def fake_cluster(check: Callable[[Object], None]) -> Iterator[FakeCluster]:
    """Serve until the end of the `with`.

    Args:
        check: Raises where an object is not valid; kubectl is told why.
    """

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length) or b"{}")
            try:
                if self.command == "POST":
                    check(body)
                status, answer = cluster.answer(self.command, self.path, body)
            except Exception as error:
                status, answer = 422, _status(422, "Invalid", str(error))
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815 -- http.server's names

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        cluster = FakeCluster(f"http://127.0.0.1:{server.server_port}")
        Thread(target=server.serve_forever, daemon=True).start()
        yield cluster
        server.shutdown()


def _discovered(path: str) -> Object | None:
    """Answer what kubectl asks before it sends anything."""
    groups = [one.partition("/")[0] for one in KINDS if "/" in one]
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": list(map(_group, groups))}
    if path == "/openapi/v3":
        return {
            "paths": {
                _root(one): {"serverRelativeURL": f"/openapi/v3/{_root(one)}"} for one in KINDS
            }
        }
    for version, kinds in KINDS.items():
        if path == f"/{_root(version)}":
            return {
                "kind": "APIResourceList",
                "groupVersion": version,
                "resources": _resources(kinds),
            }
        if path == f"/openapi/v3/{_root(version)}":
            return _openapi(version, kinds)
    return None


def _root(version: str) -> str:
    return f"api/{version}" if version == "v1" else f"apis/{version}"


def _group(name: str) -> Object:
    version = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"name": name, "versions": [version], "preferredVersion": version}


def _resources(kinds: dict[str, str]) -> list[Object]:
    return [
        {"name": many, "kind": kind, "namespaced": kind != "Namespace", "verbs": VERBS}
        for many, kind in kinds.items()
    ]


def _openapi(version: str, kinds: dict[str, str]) -> Object:
    """Say that the server checks fields itself, so that kubectl leaves that to it."""
    group, _, v1 = version.rpartition("/")
    parameter = {"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}
    return {
        "openapi": "3.0.0",
        "info": {"title": "fake", "version": "1"},
        "paths": {
            f"/{_root(version)}/{many}/{{name}}": {
                "patch": {
                    "parameters": [parameter],
                    "x-kubernetes-group-version-kind": {
                        "group": group,
                        "version": v1,
                        "kind": kind,
                    },
                }
            }
            for many, kind in kinds.items()
        },
    }


def _status(code: int, reason: str, message: str) -> Object:
    status = {"apiVersion": "v1", "kind": "Status", "status": "Failure", "metadata": {}}
    return {**status, "code": code, "reason": reason, "message": message}
