"""Where bundles run: the clouds' machines, and the Python that the table names."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import yaml

from shared.errors import ConfigurationError
from shared.table import TABLE

GLIBC = "2_28"  # the newest that wheels ask for: psycopg's for ARM; Lambda's python3.12 (Amazon Linux 2023) has 2.34


@dataclass(frozen=True)
class Platform:
    """One kind of machine.

    Attributes:
        name: the cloud's own name of it, and that of its folder.
        machine: what `uname -m` says there.
    """

    name: str
    machine: str

    @property
    def wheels(self) -> str:
        """The wheels that run there, by uv's name."""
        return f"{self.machine}-manylinux_{GLIBC}"

    def markers(self) -> Mapping[str, str]:
        """What a requirement may ask of its environment (PyPA's dependency specifiers)."""
        return {
            "implementation_name": "cpython",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": f"{python_version()}.0",
            "python_version": python_version(),
            "sys_platform": "linux",
        }


X86_64 = Platform("x86_64", "x86_64")
ARM64 = Platform("arm64", "aarch64")
LAMBDA = {platform.name: platform for platform in (X86_64, ARM64)}
GOOGLE = X86_64  # Cloud Run runs nothing else


@cache
def python_version() -> str:
    """The Python of the table's runtime, such as `3.12`.

    Raises:
        ConfigurationError: the table names no Python.
    """
    runtime = str(yaml.safe_load(TABLE.read_text())["provider"].get("runtime"))
    if not runtime.startswith("python3."):
        raise ConfigurationError(f"provider.runtime in serverless.yml is {runtime}. Name a Python, such as python3.12.")
    return runtime.removeprefix("python")
