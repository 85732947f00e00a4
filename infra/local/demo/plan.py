"""How much of what the demo sends, and the settings that make it fit into two minutes.

The settings are the ones that every user has; only their values are shorter than the defaults.
"""

SETTINGS = {
    "LINGER_SECONDS": "6",  # an invocation is over sooner, so that a killed one's leases are too
    "TIMEOUT_SECONDS": "20",
    "TELEGRAM_TIMEOUT": "2s",
    "REPLY_RETRY_DELAYS": "1s,2s,4s",
    "EMAIL_TIMEOUT": "3s",
    "EMAIL_RETRY_DELAYS": "300ms,600ms,1s,1s",
    "EMAIL_PER_MINUTE": "100",
    "EMAIL_PER_RECIPIENT_PER_MINUTE": "10",
    "EMAIL_WINDOW": "10s",  # the limits bind as always, in a shorter minute
    "WEBHOOK_RETRY_DELAYS": "1s,1s,8s,8s",
    "CLAUDE_TIMEOUT": "2s",  # no call begins that the invocation could not wait for
}

CALM_REPLIES = 240  # due one by one, to measure how late they are
CALM_RATE = 20.0  # a second
STORM_REPLIES = 1270  # all due at once, with everything going wrong
LONG_REPLIES = 20  # of them, of more than 4,096 characters
CHATS = 300
BLOCKED, DEACTIVATED, NOT_FOUND, MOVED = 6, 3, 3, 8  # of them

OUTAGE = 15.0  # seconds in which Telegram answers nothing but 503
DROPPED, HUNG = 5, 3  # requests that Telegram takes without answering
THROTTLED = 2.0  # seconds in which it tells everybody to wait

EMAILS = 300
HOT_EMAILS = 25  # of them, to one address, whose own limit binds
BOUNCING, TEMPORARY, DROPPING, SUPPRESSED = 10, 15, 3, 5

FORGED = 20  # webhook posts with somebody else's signature, on top of the events
LATE_USERS = 5  # orders of users who appear only after two failed attempts
WITHHELD = 10  # events that Stripe lists and never posts

SLEEPERS = 500  # players of the night that follows
ZONES = (  # theirs: whenever the night is, it is before six in the morning in some of them and later in others
    "Pacific/Honolulu",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "UTC",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Pacific/Auckland",
)
PUT_OFF = 1  # seconds for which Claude asks everybody to wait, once

END = 240.0  # seconds after which the demo gives up waiting and reports what is missing; a quiet machine needs 100
NIGHT_END = 60.0  # the same of the night
