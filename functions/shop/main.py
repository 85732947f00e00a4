"""The shop: what there is, what a player has, and buying, for oneself or a partner. All of it wants their token."""

from functions.shop import purchase, shelves
from functions.shop.orders import (
    Gift,
    InsufficientEssenceError,
    ItemNotFoundError,
    KeyConflictError,
    NotPartnerError,
    Order,
    Seen,
    SelfGiftError,
)
from shared import identity
from shared.entrypoint import entrypoint
from shared.web import App

BOUGHT = {201: None}
BUYING = (ItemNotFoundError, InsufficientEssenceError, KeyConflictError)
GIVING = (SelfGiftError, NotPartnerError, *BUYING)

app = App("shop")
app.route("GET", "/items", guard=identity.user, query=shelves.Shelf)(shelves.items)
app.route("GET", "/inventory", guard=identity.user, query=shelves.Inventory)(shelves.inventory)
app.route("GET", "/balance", guard=identity.user, query=shelves.Ledger)(shelves.balance)
app.route("POST", "/buy", guard=identity.user, body=Order, answers=BOUGHT, raises=BUYING)(purchase.buy)
app.route("POST", "/gift", guard=identity.user, body=Gift, answers=BOUGHT, raises=GIVING)(purchase.gift)
app.route("POST", "/gifts/seen", guard=identity.user, body=Seen)(shelves.seen)

main, handler = entrypoint(app)
