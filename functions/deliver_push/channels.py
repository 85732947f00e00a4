"""The ways to devices, by what their tokens are."""

from shared.providers.push import Pusher
from shared.providers.push_expo import Expo
from shared.providers.push_fcm import Fcm
from shared.repositories.devices import AddressKind
from shared.task import Run


class Channels:
    def __init__(self, run: Run) -> None:
        self.expo, self.fcm = Expo(run.settings, run.http), Fcm(run.settings, run.http)

    def of(self, kind: AddressKind) -> Pusher:
        return self.expo if kind == "expo" else self.fcm
