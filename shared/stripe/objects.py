"""The fields of Stripe's objects that have an effect here (docs.stripe.com/api). Everything else is left unread.

An expanded object stands where its id stood; a NUL, which PostgreSQL cannot hold, is dropped from every text.
"""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field

from shared.providers.stripe import Name
from shared.settings import Model


def identity(value: Any) -> Any:
    """The id of an expanded object; an id stays as it is."""
    return value.get("id") if isinstance(value, dict) else value


def uuid(value: Any) -> UUID | None:
    """A UUID; anything else names nothing of ours."""
    try:
        return UUID(str(value))
    except ValueError:
        return None


Ref = Annotated[Name | None, BeforeValidator(identity)]
Id = Annotated[UUID | None, BeforeValidator(uuid)]
Text = Annotated[str, AfterValidator(lambda text: text.replace("\0", ""))]
Amount = Annotated[int, Field(ge=0, lt=2**53)]  # in the currency's smallest unit
Essence = Annotated[int, Field(ge=0, lt=2**31)]


class Shown(Model):
    """An object as an event shows it. Its validator is built by the first of its kind, not by a cold start."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Metadata(Shown):
    """What the product wrote on an object when it made it."""

    user_id: Id = None
    order_id: Id = None


class Bought(Metadata):
    essence: Essence = 0


def given(value: Any) -> Any:
    return value or {}


class Customer(Shown):
    email: Text | None = None


class Session(Shown):
    """A checkout session."""

    id: Name
    mode: str | None = None
    payment_status: str
    payment_intent: Ref = None
    client_reference_id: Id = None
    metadata: Annotated[Bought, BeforeValidator(given)] = Bought()
    amount_total: Amount | None = None
    currency: Name | None = None
    customer: Ref = None
    customer_details: Customer | None = None
    customer_email: Text | None = None
    subscription: Ref = None

    @property
    def user_id(self) -> UUID | None:
        return self.client_reference_id or self.metadata.user_id

    @property
    def email(self) -> str | None:
        return (self.customer_details and self.customer_details.email) or self.customer_email or None


class Intent(Shown):
    """A payment intent."""

    id: Name
    amount: Amount | None = None
    currency: Name | None = None
    metadata: Annotated[Metadata, BeforeValidator(given)] = Metadata()


class Charge(Shown):
    """A charge; `amount_refunded` is the sum of all its refunds so far."""

    id: Name
    payment_intent: Ref = None
    amount: Amount | None = None
    amount_refunded: Amount = 0
    currency: Name | None = None
    metadata: Annotated[Metadata, BeforeValidator(given)] = Metadata()


class Dispute(Shown):
    id: Name
    charge: Ref = None
    payment_intent: Ref = None


class Item(Shown):
    price: Ref = None
    current_period_end: AwareDatetime | None = None


class Items(Shown):
    data: tuple[Item, ...] = ()


class Subscription(Shown):
    """A subscription. Its period stands on the items since API version 2025-03-31, before that on top."""

    id: Name
    customer: Ref = None
    status: Name
    metadata: Annotated[Metadata, BeforeValidator(given)] = Metadata()
    items: Items = Items()
    current_period_end: AwareDatetime | None = None
    cancel_at_period_end: bool = False
    canceled_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None

    @property
    def first(self) -> Item:
        return self.items.data[0] if self.items.data else Item()


class OfSubscription(Shown):
    subscription: Ref = None


class Parent(Shown):
    subscription_details: OfSubscription | None = None


class Invoice(Shown):
    """An invoice. Its subscription stands under `parent` since API version 2025-03-31, before that on top."""

    id: Name
    created: AwareDatetime
    customer: Ref = None
    subscription: Ref = None
    parent: Parent | None = None
    amount_due: Amount | None = None
    currency: Name | None = None
    customer_email: Text | None = None
    customer_name: Text | None = None
    hosted_invoice_url: Text | None = None

    @property
    def of(self) -> str | None:
        details = self.parent.subscription_details if self.parent else None
        return (details and details.subscription) or self.subscription
