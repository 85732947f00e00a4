"""When a schedule fires next: `rate(5 minutes)` and `cron(0 2 * * ? *)` as AWS writes them. Times are UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError
