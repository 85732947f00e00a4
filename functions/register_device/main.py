"""A player's devices: an app registers its own at every start, sees those that there are, and takes itself off."""

from uuid import UUID

from functions.register_device.registration import Registration, shown
from shared import identity, web
from shared.entrypoint import entrypoint
from shared.errors import NotFoundError
from shared.repositories.devices import DeviceRepository

app = web.App("register-device", params={"device": UUID})


@app.route("POST", "/", guard=identity.user, body=Registration, answers={201: None, 200: None}, raises=(NotFoundError,))
async def register(call: web.Call) -> web.Response:
    """Register this device for notices; safe to repeat.

    201 for a device that was not this player's before, 200 for one that was.
    """
    device = await DeviceRepository(call.resources.db).register(call.user, call.body(Registration).data())
    return web.answer(shown(device), 201 if device.new else 200)


@app.route("GET", "/", guard=identity.user)
async def mine(call: web.Call) -> web.Response:
    """The player's devices, the one that was seen last first."""
    devices = await DeviceRepository(call.resources.db).of(call.user)
    return web.answer({"devices": [shown(device) for device in devices]})


@app.route("DELETE", "/{device}", guard=identity.user, answers={204: None})
async def forget(call: web.Call) -> web.Response:
    """Send nothing more to a device."""
    await DeviceRepository(call.resources.db).forget(call.user, call.uuid("device"))
    return web.Response(204)


main, handler = entrypoint(app)
