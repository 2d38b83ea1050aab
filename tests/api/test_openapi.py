"""The OpenAPI and AsyncAPI documents: whole, true to the routes, with an example for every operation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from events.registry import all_types
from services.api.app import application
from services.api.operations.asyncapi import document as asyncapi_document


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The OpenAPI document; making it needs no running service."""
    return application().openapi()


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every operation with a name to show."""
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def check(document: dict[str, Any], schema: dict[str, Any], example: Any) -> None:
    """The example fits the schema, whose references point into the document."""
    whole = {**schema, "components": document["components"]}
    jsonschema.Draft202012Validator(
        whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(example)


def test_it_is_version_3_1_with_unique_operation_ids(document: dict[str, Any]) -> None:
    """Generators of clients make one function of each."""
    assert document["openapi"].startswith("3.1")
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(ids) == len(set(ids))


def test_operation_ids_stay_what_they_were(document: dict[str, Any]) -> None:
    """Clients are generated from them: code may move, an id that was published may not change."""
    published = Path(__file__).with_name("operation_ids.txt").read_text().split()
    assert set(published) <= {operation["operationId"] for _, operation in operations(document)}


def test_every_answer_has_an_example_that_fits(document: dict[str, Any]) -> None:
    """Of each success with content, checked against its own schema."""
    missing = []
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            for content in response.get("content", {}).values() if status.startswith("2") else ():
                examples = [content["example"]] if "example" in content else []
                examples += [example["value"] for example in content.get("examples", {}).values()]
                if not examples:
                    missing.append(f"{name} {status}")
                for example in examples:
                    check(document, content.get("schema", {}), example)
    assert missing == []


def test_every_body_has_an_example_that_fits(document: dict[str, Any]) -> None:
    """Of each media type, in the operation or in the schema."""
    missing = []
    for name, operation in operations(document):
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            schema = content.get("schema", {})
            referenced = [schema, *schema.get("anyOf", [])]
            models = [
                document["components"]["schemas"].get(part.get("$ref", "").rpartition("/")[2], {})
                for part in referenced
            ]
            examples = [example["value"] for example in content.get("examples", {}).values()]
            examples += [content["example"]] if "example" in content else []
            examples += [example for model in [schema, *models] for example in model.get("examples", [])]
            if not examples:
                missing.append(f"{name} {media_type}")
            if media_type == "application/json":
                for example in examples:
                    check(document, schema, example)
    assert missing == []


def test_every_operation_but_the_open_ones_needs_a_token(document: dict[str, Any]) -> None:
    """Health, readiness, metrics and documents are open; nothing else is."""
    open_paths = {name for name, operation in operations(document) if not operation.get("security")}
    assert open_paths == {"GET /healthz", "GET /readyz", "GET /metrics", "GET /asyncapi"}


def test_errors_are_problem_documents(document: dict[str, Any]) -> None:
    """No operation promises FastAPI's own error format."""
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            if status.startswith(("4", "5")) and not name.endswith("/readyz"):
                assert list(response["content"]) == ["application/problem+json"], f"{name} {status}"


def test_asyncapi_describes_every_event_type() -> None:
    """Each is a message of the ledger channel with a valid JSON Schema."""
    document = asyncapi_document()
    messages = document["components"]["messages"]
    names = {entry.name for entry in all_types()}
    assert names <= messages.keys()
    assert names == document["channels"]["ledger"]["messages"].keys()
    for message in messages.values():
        jsonschema.Draft202012Validator.check_schema(message["payload"])


def test_asyncapi_says_how_a_feed_publishes() -> None:
    """Its example fits the schema that it gives."""
    document = asyncapi_document()
    assert document["channels"]["delivery"]["address"] == "intake.{workspace}.{feed}"
    delivery = document["components"]["messages"]["delivery"]
    for example in delivery["examples"]:
        jsonschema.validate(example["payload"], delivery["payload"])


def test_promised_paths_are_there(document: dict[str, Any], app_paths: set[str]) -> None:
    """What the product promises for goals, KPIs, readings, audit and operations."""
    promised = {
        "/v1/org-units",
        "/v1/cycles",
        "/v1/cycles/{}/close",
        "/v1/cycles/{}/reopen",
        "/v1/tokens",
        "/v1/readings",
        "/v1/readings/{}/corrections",
        "/v1/readings/{}/retractions",
        "/v1/feeds",
        "/v1/kpis",
        "/v1/kpis/{}/targets",
        "/v1/kpis/{}/trend",
        "/v1/objectives",
        "/v1/objectives/{}",
        "/v1/key-results/{}",
        "/v1/key-results/{}/targets",
        "/v1/key-results/{}/check-ins",
        "/v1/key-results/{}/score-history",
        "/v1/audit",
        "/healthz",
        "/readyz",
        "/metrics",
        "/asyncapi",
    }
    assert promised <= app_paths


@pytest.fixture
def app_paths(document: dict[str, Any]) -> set[str]:
    """The paths with their parameters left blank."""
    return {
        "/".join("{}" if part.startswith("{") else part for part in path.split("/"))
        for path in document["paths"]
    }
