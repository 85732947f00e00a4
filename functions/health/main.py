"""Liveness, readiness and metrics."""

from functions.health.checks import readiness
from functions.health.metrics import metrics
from functions.health.timetable import timetable
from shared import auth
from shared.entrypoint import entrypoint
from shared.web import Answers, App, Call, Response, answer

TEXT = "text/plain; version=0.0.4"
READINESS: Answers = {200: None, 503: None}

app = App("health")


@app.route("GET", "/livez", guard=auth.anyone)
async def livez(_call: Call) -> Response:
    """The process answers."""
    return answer({"status": "alive"})


@app.route("GET", "/readyz", guard=auth.anyone, answers=READINESS)
async def readyz(call: Call) -> Response:
    """The process can work: 200, or 503 with what is missing."""
    checks = await readiness(call.resources)
    ready = all(check["ok"] for check in checks.values() if check["required"])
    return answer({"status": "ready" if ready else "not ready", "checks": checks}, 200 if ready else 503)


app.route("GET", "/", guard=auth.anyone, answers=READINESS)(readyz)


@app.route("GET", "/schedules", guard=auth.anyone, answers=READINESS)
async def schedules(call: Call) -> Response:
    """Whether every task begins when it should: 200, or 503 with those that are overdue. For a monitor from outside."""
    tasks = await timetable(call.resources)
    late = [task["task"] for task in tasks if task["overdue"]]
    return answer({"status": "overdue" if late else "on time", "overdue": late, "tasks": tasks}, 503 if late else 200)


@app.route("GET", "/metrics", guard=auth.service_key, media=TEXT)
async def prometheus(call: Call) -> Response:
    """Queue depths, ages and runs in Prometheus' text format."""
    return Response(200, (await metrics(call.resources)).encode(), {"content-type": TEXT})


main, handler = entrypoint(app)
