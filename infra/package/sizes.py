"""What a bundle weighs, and what Lambda takes (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
ZIPPED = 50 * MIB  # bytes of a zip that is uploaded directly
UNPACKED = 250 * MIB  # bytes that its files take


@dataclass(frozen=True)
class Bundle:
    """A bundle as it lies there.

    Attributes:
        platform: such as `arm64`; `gcp` for Google's source folder.
        zipped, unpacked, dependencies: bytes; the last are those of `unpacked` that are not ours.
    """

    function: str
    platform: str
    path: Path
    files: int
    zipped: int
    unpacked: int
    dependencies: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    @property
    def faults(self) -> list[str]:
        """The limits that it breaks."""
        weighed = (("zipped", self.zipped, ZIPPED), ("unpacked", self.unpacked, UNPACKED))
        return [
            f"{self.function} for {self.platform} has {mib(size)} {what}; Lambda takes {mib(limit)}."
            for what, size, limit in weighed
            if size > limit
        ]


def mib(size: int) -> str:
    return f"{size / MIB:.2f} MiB"
