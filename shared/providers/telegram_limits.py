"""How many messages Telegram takes from one bot (Telegram's bot FAQ)."""

from shared.limits import Permit

PER_SECOND = 30  # messages of one bot, over all chats
PER_CHAT = 1  # message a second in one chat
PER_GROUP = 20  # messages a minute in one group (negative chat ids)
SLACK = 0.05  # seconds added to each window: arrival times jitter on the way, and the limits hold at the other end


def permits(bot: str, chat_id: int) -> list[Permit]:
    """The limits over one message to this chat, the whole bot's first."""
    levels = [
        Permit(f"telegram:{bot}", PER_SECOND, 1.0 + SLACK),
        Permit(f"telegram:{bot}:chat:{chat_id}", PER_CHAT, 1.0 + SLACK),
    ]
    if chat_id < 0:
        levels.append(Permit(f"telegram:{bot}:group:{chat_id}", PER_GROUP, 60.0 + SLACK))
    return levels
