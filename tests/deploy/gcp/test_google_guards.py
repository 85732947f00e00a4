"""Cloud Run lets every caller through to the function, so every function has to look who calls."""

import importlib

from shared import auth, table
from shared.web import App, Route

OPEN = {
    ("stripe-webhook", "POST", "/"),  # checks Stripe's signature
    ("mail-events", "POST", "/ses"),  # Amazon's
    ("mail-events", "POST", "/resend"),  # Resend's
    ("console", "GET", "/sign-in"),
    ("console", "POST", "/sign-in"),  # checks the key that is sent
    ("console", "GET", "/assets/(?P<name>[^/]+)"),  # static files
    ("portal", "GET", "/"),  # the page without anybody's data
    ("portal", "GET", "/assets/(?P<name>[^/]+)"),
    ("health", "GET", "/"),
    ("health", "GET", "/livez"),
    ("health", "GET", "/readyz"),
    ("health", "GET", "/schedules"),
}


def routes(function: str) -> list[Route]:
    module = importlib.import_module(f"functions.{table.folder_of(function)}.main")
    [app] = {id(value): value for value in vars(module).values() if isinstance(value, App)}.values()
    return app.routes


def test_a_path_that_asks_nobody_is_one_of_these() -> None:
    found = {
        (name, route.method, route.pattern.pattern)
        for name in table.load()
        for route in routes(name)
        if route.guard is auth.anyone
    }
    assert found == OPEN


def test_a_task_takes_the_timers_token() -> None:
    assert all([route.guard for route in routes(row.name)] == [auth.scheduler] for row in table.tasks())
