"""What Claude is asked for one recap. The voice is the same for every user, and so is cached."""

from decimal import Decimal
from pathlib import Path

from functions.generate_summaries.recap import Recap
from shared.providers.claude import Claude, Prompt
from shared.settings import Settings

QUIET_TOKENS = 150  # of the recap of a day without conversations: two sentences
TOKEN = 3  # bytes, fewer than a token of most texts has: an estimate for the budget, not a bound
SPEAKERS = {"user": "They", "assistant": "Me", "nikita": "Me"}
VOICE = Path(__file__).with_name("voice.txt").read_text(encoding="utf-8")


def prompt(recap: Recap, settings: Settings) -> Prompt:
    """The voice, and the facts of the day; few tokens for a day on which nobody talked."""
    most = settings.claude_max_tokens if recap.messages else min(QUIET_TOKENS, settings.claude_max_tokens)
    return Prompt(settings.recap_voice or VOICE, None, day(recap), most)


def day(recap: Recap) -> str:
    """The facts in words."""
    lines = [
        f"Date: {recap.summary_date:%A, %d %B %Y}.",
        f"Name: {recap.name}." if recap.name else "",
        f"Chapter {recap.chapter}." + (" A decisive talk is under way." if recap.status == "boss_fight" else ""),
        f"Score: {recap.score_start} in the morning, {recap.score_end} at night.",
        f"Lost for staying away: {recap.decay_applied}." if recap.decay_applied else "",
        f"Events: {', '.join(event['type'] for event in recap.events)}." if recap.events else "",
        f"Conversations: {recap.conversations_count}.",
        *said(recap),
    ]
    return "\n".join(filter(None, lines))


def said(recap: Recap) -> list[str]:
    if not recap.messages:
        return ["They said nothing all day."]
    spoken = [f"{SPEAKERS.get(each['role'] or '', 'They')}: {each['content']}" for each in recap.messages]
    return ["<messages>", *spoken, "</messages>"]


def estimate(claude: Claude, asked: Prompt, *, batch: bool = False) -> Decimal:
    """US dollars to hold back: as if nothing were cached yet and the answer as long as it may be."""
    return claude.price.at_most(asked.size // TOKEN, asked.max_tokens, batch=batch)
