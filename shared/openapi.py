"""The OpenAPI 3.1 document of one function, from its routes: what they take, what they answer, who may call.

Source: spec.openapis.org/oas/v3.1.0. Every function answers it at `GET /<name>/openapi.json`, without a key.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from inspect import getdoc
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from shared.web import App, Guard, Route

Document = dict[str, Any]
SCHEMA = "#/components/schemas/{model}"
PROBLEM = "application/problem+json"
MODES: tuple[JsonSchemaMode, JsonSchemaMode] = ("validation", "serialization")
KEY: Document = {"serviceKey": []}
TOKEN: Document = {"userToken": []}
SCHEMES = {
    "serviceKey": {"type": "http", "scheme": "bearer", "description": "One of SERVICE_KEYS."},
    "userToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A user's access token."},
}
# Who may call by guard, and with what the guard turns others away. By name: most functions do without tokens, and what
# is imported here is in every bundle.
GUARDS: Mapping[str, tuple[list[Document], tuple[int, ...]]] = {
    "shared.auth.anyone": ([], ()),
    "shared.auth.service_key": ([KEY], (401, 429)),
    "shared.auth.scheduler": ([KEY], (401, 429)),
    "shared.auth.the_cloud": ([], (403,)),
    "shared.identity.user": ([TOKEN], (401, 429)),
    "shared.identity.admin": ([KEY, TOKEN], (401, 403, 429)),
}
OTHER_GUARD: tuple[list[Document], tuple[int, ...]] = ([], (401, 403, 429))
ALWAYS = (500, 503)
UNREADABLE, NOWHERE, WRONG, TOO_LARGE = 400, 404, 422, 413
HEADERS = {401: "www-authenticate", 429: "retry-after", 503: "retry-after"}
SHAPE: Document = {
    "type": "object",
    "description": "RFC 9457. Further members say more, such as `errors`: each field that is wrong, and why.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}


def document(app: App) -> Document:
    """The whole document, ready to be written as JSON."""
    models = {model for route in app.routes for model in models_of(route)}
    schemas, definitions = models_json_schema([(m, mode) for m in models for mode in MODES], ref_template=SCHEMA)
    made = Operations(app, {model: schemas[model, "validation"] for model in models}, definitions.get("$defs", {}))
    problems = sorted({status for route in app.routes for status in failures(route)})
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Nightshift: {app.name}", "version": "1"},
        "paths": made.paths(),
        "components": {
            "securitySchemes": SCHEMES,
            "responses": {name(status): failure(status) for status in problems},
            "schemas": {**made.definitions, "Problem": SHAPE},
        },
    }


def guarded(guard: Guard) -> tuple[list[Document], tuple[int, ...]]:
    """Whom a guard lets in, and with what it turns others away."""
    return GUARDS.get(f"{guard.__module__}.{getattr(guard, '__name__', '')}", OTHER_GUARD)


class Operations:
    """One operation for each route.

    Args:
        schemas: a reference by model.
        definitions: what they refer to, by name.
    """

    def __init__(self, app: App, schemas: Mapping[type[BaseModel], Document], definitions: dict[str, Document]) -> None:
        self.app, self.schemas, self.definitions = app, schemas, definitions

    def paths(self) -> Document:
        found: dict[str, Document] = {}
        for route in self.app.routes:
            path = f"/{self.app.name}{route.template.rstrip('/')}"
            found.setdefault(path, {})[route.method.lower()] = self.operation(route)
        return found

    def operation(self, route: Route) -> Document:
        summary, _, more = (getdoc(route.handler) or "").partition("\n\n")
        said: Document = {
            "operationId": "_".join([route.method.lower(), *words(f"{self.app.name}{route.template}")]),
            "summary": " ".join(summary.split()),
            "description": more.partition("\n\nRaises:")[0],
            "security": guarded(route.guard)[0],
            "parameters": [*self.in_path(route), *self.in_query(route)],
            "responses": {**problems_of(route), **self.answers(route)},
        }
        if route.body:
            content = {"application/json": {"schema": self.schemas[route.body]}}
            said["requestBody"] = {"content": content, "required": required(route.body)}
        return {key: value for key, value in said.items() if value or key == "security"}

    def in_path(self, route: Route) -> list[Document]:
        return [
            {"name": word, "in": "path", "required": True, "schema": self.param(word)}
            for word in route.pattern.groupindex
        ]

    def param(self, word: str) -> Document:
        kind = self.app.params.get(word)
        return TypeAdapter(kind).json_schema() if kind else {"type": "string"}

    def in_query(self, route: Route) -> list[Document]:
        if route.query is None:
            return []
        model = self.definitions[self.schemas[route.query]["$ref"].rpartition("/")[2]]
        needed = model.get("required", ())
        return [
            {"name": key, "in": "query", "required": key in needed, "schema": given(schema)}
            for key, schema in model.get("properties", {}).items()
        ]

    def answers(self, route: Route) -> Document:
        return {str(status): self.answer(status, route) for status in route.answers}

    def answer(self, status: int, route: Route) -> Document:
        problem = failure(status)["content"] if status in failures(route) else {}
        content = {route.media.partition(";")[0]: {"schema": self.content(route.answers[status], route)}}
        return {"description": HTTPStatus(status).phrase, "content": content | problem}

    def content(self, model: type[BaseModel] | None, route: Route) -> Document:
        if model:
            return self.schemas[model]
        return {"type": "object"} if route.media == "application/json" else {"type": "string"}


def models_of(route: Route) -> Iterable[type[BaseModel]]:
    return (model for model in (route.query, route.body, *route.answers.values()) if model)


def failures(route: Route) -> set[int]:
    """The statuses of the problems that a route may answer."""
    found = {*ALWAYS, *guarded(route.guard)[1], *(error.status for error in route.raises)}
    found |= {NOWHERE} if route.pattern.groupindex else set()
    found |= {WRONG} if route.query or route.body else set()
    return found | ({UNREADABLE} if route.body else set()) | {TOO_LARGE}


def problems_of(route: Route) -> Document:
    return {str(status): {"$ref": f"#/components/responses/{name(status)}"} for status in sorted(failures(route))}


def failure(status: int) -> Document:
    """An error as every function answers it."""
    made: Document = {
        "description": HTTPStatus(status).phrase,
        "content": {PROBLEM: {"schema": {"$ref": SCHEMA.format(model="Problem")}}},
    }
    if status in HEADERS:
        made["headers"] = {HEADERS[status]: {"schema": {"type": "string"}}}
    return made


def name(status: int) -> str:
    return "".join(words(HTTPStatus(status).phrase.title()))


def words(text: str) -> list[str]:
    return "".join(each if each.isalnum() else " " for each in text).split()


def required(model: type[BaseModel]) -> bool:
    return any(field.is_required() for field in model.model_fields.values())


def given(schema: Document) -> Document:
    """The schema of a parameter that is there: one that is left out is no null."""
    kinds = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    if "anyOf" not in schema:
        return schema
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    return {**rest, **kinds[0]} if len(kinds) == 1 else {**rest, "anyOf": kinds}
