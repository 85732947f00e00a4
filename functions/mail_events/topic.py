"""A message of our topic: a notification, or a word about the subscription."""

from shared.log import log
from shared.providers import ses_notices, sns
from shared.providers.notice import Notice
from shared.repositories import notices
from shared.resources import Resources


async def receive(resources: Resources, message: sns.Message) -> str:
    """What became of a message that is verified and of a topic of ours."""
    match message.type:
        case "Notification":
            notice = ses_notices.notice(message)
            return await notices.take(resources.db, notice) if notice else "ignored"
        case "SubscriptionConfirmation":
            return await confirm(resources, message)
        case "UnsubscribeConfirmation":
            log.warning("somebody ended the subscription: SES's notices stay away", topic=message.topic_arn)
            return "ignored"


async def confirm(resources: Resources, message: sns.Message) -> str:
    """Confirm a subscription, once for each time that somebody asks for it."""
    told = Notice(provider="ses", id=message.message_id, kind=message.type, at=message.at, raw=message.message)
    if await notices.known(resources.db, told):
        return "duplicate"
    await sns.confirm(message, resources.http)
    log.info("subscription confirmed", topic=message.topic_arn)
    await notices.take(resources.db, told)
    return "confirmed"
