"""dj-stripe: its webhook view, which verifies and stores; what follows is left to a task queue, as its settings advise.

Without that callback each event would fetch its object from Stripe's API again within the request. The callback does
nothing, which can only help it: a real one would put the event into a queue.
"""

import os

from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

ENDPOINT = "00000000-0000-0000-0000-000000000001"


def left_to_a_queue(trigger: object, api_key: str) -> None:
    """What DJSTRIPE_WEBHOOK_EVENT_CALLBACK names."""


host, _, name = os.environ["DATABASE_URL"].removeprefix("postgresql://postgres@").partition("/")
settings.configure(
    SECRET_KEY="of the benchmark",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "djstripe"],
    MIDDLEWARE=[],
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": "postgres",
            "HOST": host.partition(":")[0],
            "PORT": host.partition(":")[2],
            "CONN_MAX_AGE": None,
        }
    },
    STRIPE_TEST_SECRET_KEY="sk_test_of_the_benchmark",
    STRIPE_LIVE_MODE=False,
    DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
    DJSTRIPE_WEBHOOK_EVENT_CALLBACK=left_to_a_queue,
)
application = get_wsgi_application()
urlpatterns = [path("stripe/", include("djstripe.urls", namespace="djstripe"))]


def prepare() -> None:
    """Its tables, and an endpoint with the secret that events are signed with. Nothing here has to last."""
    os.environ["PGOPTIONS"] = "-c synchronous_commit=off"
    call_command("migrate", verbosity=0)
    from djstripe.models import WebhookEndpoint  # noqa: PLC0415 - models want their settings first

    WebhookEndpoint.objects.create(
        id="we_of_the_benchmark",
        djstripe_uuid=ENDPOINT,
        livemode=False,
        enabled_events=["*"],
        status="enabled",
        url="http://127.0.0.1/",
        secret=os.environ["STRIPE_WEBHOOK_SECRETS"],
    )


if __name__ == "__main__":
    prepare()
