"""The devices that a player's notices are pushed to."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared import sql
from shared.repositories.base import Repository

SQL = sql.beside(__file__, "devices.sql")
Platform = Literal["ios", "android", "web"]
AddressKind = Literal["expo", "registration_token", "installation_id"]
Status = Literal["active", "inactive", "invalid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceData:
    """What an app says of the device that it runs on.

    Attributes:
        address_kind: what the token is: Expo's push token, or FCM's registration token or installation id.
        push_token: a secret: it is never shown, written into a log or named in an error.
    """

    platform: Platform
    address_kind: AddressKind
    push_token: str = field(repr=False)
    app_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Device(DeviceData):
    """A device of a user's.

    Attributes:
        status: inactive after a long silence, invalid once its provider says that nobody is there.
        last_seen_at: when its app registered it last.
        created_at: when its present user registered it first.
        new: it was not this user's before.
    """

    id: UUID
    user_id: UUID
    status: Status
    last_seen_at: datetime
    last_successful_send_at: datetime | None
    created_at: datetime
    new: bool = False


class DeviceRepository(Repository[Device]):
    """One row a push token, whoever has the device now."""

    noun, statements, record = "device", SQL, Device

    async def register(self, user_id: UUID, data: DeviceData) -> Device:
        """The device of this token, active and this user's from now on. Safe to repeat.

        Raises:
            NotFoundError: there is no such user.
            UnprocessableError: a value is outside the rules.
        """
        return await self.create(
            user_id=user_id,
            platform=data.platform,
            address_kind=data.address_kind,
            push_token=data.push_token,
            app_version=data.app_version,
        )

    async def of(self, user_id: UUID) -> list[Device]:
        """A user's devices, the one that was seen last first."""
        return await self._many(SQL.of, user_id=user_id)

    async def forget(self, user_id: UUID, device_id: UUID) -> None:
        """Send nothing more to this device of this user's.

        Raises:
            NotFoundError: this user has no such device.
        """
        self._found(await self._row(SQL.forget, key=device_id, user_id=user_id))
