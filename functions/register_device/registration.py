"""What an app may say of its device, and what it is told."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from shared.log import masked
from shared.repositories.devices import AddressKind, Device, DeviceData, Platform

TOKEN = r"^[!-~]{1,2048}$"  # noqa: S105 - neither Expo nor FCM says how long one may get
EXPO = re.compile(r"Expo(nent)?PushToken\[[^\[\]]+\]")
INSTALLATION = re.compile(r"[c-f][A-Za-z0-9_-]{21}")  # 17 bytes in base64url that begin with 0111 (Firebase's SDKs)


class Registration(BaseModel):
    """The body of `POST /register-device`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    platform: Platform
    address_kind: AddressKind
    push_token: Annotated[str, StringConstraints(pattern=TOKEN)]
    app_version: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")] | None = None

    @model_validator(mode="after")
    def of_its_kind(self) -> "Registration":
        """A token of another kind than it is said to be would go to a provider that has never heard of it."""
        expo, installation = EXPO.fullmatch(self.push_token), INSTALLATION.fullmatch(self.push_token)
        if (self.address_kind == "expo") != bool(expo) or (self.address_kind == "installation_id" and not installation):
            raise ValueError(f"push_token: this is no {self.address_kind}")
        return self

    def data(self) -> DeviceData:
        return DeviceData(**dict(self))


def shown(device: Device) -> dict[str, Any]:
    """A device without its secret: the token's fingerprint tells it from others."""
    names = ("id", "platform", "address_kind", "status", "app_version", "last_seen_at", "last_successful_send_at")
    told = {name: getattr(device, name) for name in names}
    return {**told, "push_token": masked(device.push_token), "created_at": device.created_at}
