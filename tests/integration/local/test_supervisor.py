"""The supervisor with real processes."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.local.processes import Identity, alive, end, identify, same
from infra.local.program import Program, free_port, launch, port_taken
from infra.local.state import State, read, write
from infra.local.supervisor import Part, Process, Supervisor
from shared.errors import UnavailableError

SERVER = """
import signal, socket, sys
wire = socket.create_server(("127.0.0.1", int(sys.argv[1])))
signal.signal(signal.SIGTERM, lambda *_: (open(sys.argv[2], "a").write(sys.argv[3] + " "), sys.exit()))
while True: signal.pause()
"""


def server(name: str, order: Path) -> Program:
    port = free_port()
    return Program(
        name=name,
        command=[sys.executable, "-c", SERVER, str(port), str(order), name],
        ready=lambda _pid: port_taken(port),
        patience=2.0,
    )


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    made = Supervisor(tmp_path / "logs", lambda _: None)
    yield made
    await made.stop()


def pid(supervisor: Supervisor, name: str) -> int:
    process = supervisor.parts[name].process
    assert process
    return process.pid


async def test_a_part_that_dies_is_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.add(Part(server("one", tmp_path / "order")))
    assert await supervisor.start() == []
    first = pid(supervisor, "one")
    supervisor.kill("one")
    await supervisor.parts["one"].ready.wait()
    assert pid(supervisor, "one") != first
    assert '"ended"' in supervisor.log("supervisor").read_text()


async def test_a_launch_that_fails_is_noted_and_tried_again(supervisor: Supervisor, tmp_path: Path) -> None:
    program, failures = server("one", tmp_path / "order"), [OSError("too many processes"), UnavailableError("no pipes")]

    async def reluctant(log: Path) -> Process:
        if started and failures:
            raise failures.pop()
        return launch(program, log)

    started = False
    supervisor.add(Part(program, launcher=reluctant))
    await supervisor.start()
    started = True
    supervisor.kill("one")
    await supervisor.parts["one"].ready.wait()
    lines = [json.loads(line) for line in supervisor.log("supervisor").read_text().splitlines()]
    assert [(line["part"], line["message"]) for line in lines] == [
        ("one", "ended"),
        ("one", "failed"),
        ("one", "failed"),
    ]
    assert [line["error"] for line in lines[1:]] == ["UnavailableError: no pipes", "OSError: too many processes"]


async def test_a_first_launch_that_fails_ends_the_start(supervisor: Supervisor) -> None:
    supervisor.add(Part(Program(name="absent", command=["/no/such/program"], ready=lambda _: False)))
    with pytest.raises(FileNotFoundError):
        await supervisor.start()


async def test_parts_are_kept_running_where_nothing_can_be_written(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.supervisor.TELL_AGAIN", 0.01)
    told, state = asyncio.Event(), State(port=0, supervisor=identify(os.getpid()))

    def changed(children: dict[str, Identity]) -> None:
        state.children = children
        write(tmp_path, state)
        told.set()

    supervisor = Supervisor(tmp_path / "logs", changed)
    supervisor.add(Part(server("one", tmp_path / "order")))
    await supervisor.start()
    told.clear()
    (tmp_path / "stack.json.part").mkdir()
    (tmp_path / "logs" / "supervisor.log").mkdir()
    supervisor.kill("one")
    await supervisor.parts["one"].ready.wait()
    assert not told.is_set()
    (tmp_path / "stack.json.part").rmdir()
    await told.wait()
    written = read(tmp_path)
    assert written
    assert written.children["one"].pid == pid(supervisor, "one")
    await supervisor.stop()
    said = [json.loads(line)["message"] for line in capfd.readouterr().err.splitlines()]
    assert said[0] == "ended"
    assert "untold" in said


async def test_callers_are_stopped_before_what_they_call(supervisor: Supervisor, tmp_path: Path) -> None:
    order = tmp_path / "order"
    supervisor.add(Part(server("database", order)))
    supervisor.add(Part(server("function", order), uses=("database",)))
    await supervisor.start()
    await supervisor.stop()
    assert order.read_text() == "function database "


async def test_a_part_that_is_held_stays_down_until_it_is_released(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.add(Part(server("one", tmp_path / "order")))
    await supervisor.start()
    first = pid(supervisor, "one")
    await supervisor.hold("one")
    assert not alive(first)
    assert supervisor.identities() == {}
    await supervisor.release("one")
    assert pid(supervisor, "one") != first


async def test_a_part_that_ignores_its_signal_is_killed(supervisor: Supervisor, tmp_path: Path) -> None:
    deaf = "import signal, pathlib, sys; signal.signal(15, signal.SIG_IGN); "
    deaf += "pathlib.Path(sys.argv[1]).touch(); signal.pause()"
    up = tmp_path / "up"
    program = Program(
        name="deaf", command=[sys.executable, "-c", deaf, str(up)], ready=lambda _: up.exists(), patience=0.2
    )
    supervisor.add(Part(program))
    await supervisor.start()
    await supervisor.stop()
    assert not alive(pid(supervisor, "deaf"))


async def test_a_part_that_does_not_start_is_named(supervisor: Supervisor) -> None:
    supervisor.add(Part(Program(name="broken", command=["false"], ready=lambda _: False)))
    assert await supervisor.start() == ["broken"]


async def test_without_a_vital_part_nothing_starts(supervisor: Supervisor) -> None:
    command = ["sh", "-c", "echo no disk left; exit 1"]
    supervisor.add(Part(Program(name="database", command=command, ready=lambda _: False), vital=True))
    with pytest.raises(UnavailableError, match="no disk left"):
        await supervisor.start()


async def test_what_has_to_happen_before_a_part_counts_as_ready_happens_once(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    done: list[str] = []

    async def settle() -> None:
        done.append("settled")

    supervisor.add(Part(server("one", tmp_path / "order"), settle=settle))
    await supervisor.start()
    await supervisor.restart("one")
    assert done == ["settled"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
async def test_a_killed_supervisor_takes_its_children_along(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from pathlib import Path
from infra.local.program import Program
from infra.local.supervisor import Part, Supervisor
async def main():
    supervisor = Supervisor(Path({str(tmp_path)!r}), lambda _: None)
    supervisor.add(Part(Program(name="child", command=["sleep", "600"], ready=lambda _: True)))
    await supervisor.start()
    print(supervisor.parts["child"].process.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:  # noqa: ASYNC220, S603
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.send_signal(signal.SIGKILL)
    for _ in range(200):
        if not alive(child):
            break
        await asyncio.sleep(0.01)
    assert not alive(child)


def test_a_process_is_not_taken_for_another_of_the_same_id() -> None:
    me = identify(os.getpid())
    assert same(me)
    assert not same(Identity(me.pid, me.born - 1))


def test_what_a_killed_stack_left_behind_is_ended() -> None:
    with subprocess.Popen(["sleep", "600"]) as left:  # noqa: S607
        stranger = Identity(os.getpid(), 1.0)
        assert end([identify(left.pid), stranger]) == [left.pid]
        assert not alive(left.pid)
