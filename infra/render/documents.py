"""A document of Google's as a YAML file."""

from typing import Any

import yaml

HEAD = "# Rendered from serverless.yml by `make render`. infra/gcp/names.py says what ${…} stands for.\n"
WIDTH = 1000  # columns: an address is never folded


def document(content: dict[str, Any]) -> str:
    return HEAD + yaml.safe_dump(content, sort_keys=False, width=WIDTH)
